package cmd_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "probability"

// floors is the picture of docs/architecture.md: which of our packages each
// package may import. A package that is not here has no place in the picture yet.
var floors = map[string][]string{
	".":            {"cmd"},
	"cmd":          {"web", "jobs", "app", "app/score", "store", "shopify", "shopify/simulator"},
	"web":          {"web/plot", "app", "app/carriers", "app/score", "store", "shopify"},
	"web/plot":     {}, // pure: charts know nothing of ours
	"jobs":         {"app", "store", "shopify"},
	"app":          {"app/carriers", "app/score", "store", "shopify"},
	"app/carriers": {"app/score"},
	"app/score":    {},
	// Stores whose truth is known, for tests of the score and for scorecheck.
	"app/score/synthetic": {"app/score"},
	"store":               {"shopify"},
	"shopify":             {},
	"shopify/simulator":   {"shopify"},
	// No part of the program: outsiders, who see the API, the command line and what Shopify sends.
	"cmd/bench": {"shopify"},
	"cmd/soak":  {"shopify", "shopify/simulator", "store/storetest/postgres/installed"},
	// Nothing but tests, which use the built program in a browser.
	"cmd/browser": {},
	// Nor is this: it sees what the score learns, and nothing of who uses it.
	"cmd/scorecheck": {"app/score", "app/score/synthetic"},
	// For tests only: nobody above may import them.
	"store/storetest":          {"store", "shopify", "store/storetest/postgres"},
	"store/storetest/postgres": {"store/storetest/postgres/installed"}, // runs a server
	// Knows nothing but the system's PostgreSQL.
	"store/storetest/postgres/installed": {},
	"web/webtest":                        {"web", "app", "store", "shopify"},
}

// homes says where a foreign package may be imported. Its subpackages count too.
var homes = map[string][]string{
	"github.com/labstack/echo":                            {"web", "cmd/bench"},
	"github.com/spf13":                                    {"cmd"},
	"github.com/riverqueue/river":                         {"app", "jobs"},
	"github.com/riverqueue/river/rivermigrate":            {"store"},
	"github.com/riverqueue/river/riverdriver/riversqlite": {"app", "jobs", "store"},
	"github.com/riverqueue/river/riverdriver/riverpgxv5":  {"app", "jobs", "store"},
	"github.com/jackc/pgx":                                {"app", "jobs", "store", "store/storetest"}, // above store only the type of River's transactions
	"riverqueue.com/riverui":                              {"jobs"},
	"database/sql":                                        {"store", "app", "jobs", "cmd/bench", "cmd/soak"},
	"modernc.org/sqlite":                                  {"store", "store/storetest", "cmd/bench", "cmd/soak"},
	"github.com/pressly/goose":                            {"store"},
	"github.com/prometheus/client_golang":                 {"app", "web"},
	"net/http/httptest":                                   {"web/webtest"},
	"testing":                                             {"store/storetest", "store/storetest/postgres", "web/webtest"},
}

func TestImports(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for pkg, imports := range packages(t, "..") {
		seen[pkg] = true
		for _, wrong := range violations(pkg, imports) {
			t.Error(wrong)
		}
	}
	for _, pkg := range []string{".", "cmd", "web", "jobs", "app", "store", "shopify", "shopify/simulator"} {
		if !seen[pkg] {
			t.Errorf("package %s was not found; the test looks in the wrong place", pkg)
		}
	}
}

// The rules themselves are tried on imports that must not be.
func TestImports_RefusesWhatMustNotBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pkg, imported string }{
		{"store", "probability/app"},
		{"web", "probability/jobs"},
		{"jobs", "probability/web"},
		{"app", "probability/cmd"},
		{"app", "probability/shopify/simulator"},
		{"store", "probability/store/storetest"},
		{"shopify", "probability/store"},
		{"shopify/simulator", "testing"},
		{"app", "github.com/labstack/echo/v4"},
		{"web", "github.com/spf13/viper"},
		{"web", "github.com/riverqueue/river"},
		{"store", "github.com/riverqueue/river"},
		{"jobs", "github.com/riverqueue/river/rivermigrate"},
		{"web", "database/sql"},
		{"web", "riverqueue.com/riverui"},
		{"app", "modernc.org/sqlite"},
		{"store", "github.com/prometheus/client_golang/prometheus"},
		{"shopify", "github.com/prometheus/client_golang/prometheus"},
		{"newcomer", "fmt"},
		{"web", "probability/newcomer"},
		{"cmd/bench", "probability/store"},
		{"cmd/soak", "probability/store"},
		{"cmd", "probability/cmd/bench"},
		{"app", "probability/app/score/synthetic"},
		{"app/score", "probability/app/score/synthetic"},
		{"app/score/synthetic", "probability/app"},
		{"cmd/scorecheck", "probability/app"},
		{"cmd", "probability/cmd/scorecheck"},
	} {
		if len(violations(c.pkg, []string{c.imported})) == 0 {
			t.Errorf("%s may import %s, want refused", c.pkg, c.imported)
		}
	}
	for _, c := range []struct{ pkg, imported string }{
		{"cmd", "probability/store"},
		{"store", "github.com/riverqueue/river/rivermigrate"},
		{"jobs", "github.com/riverqueue/river"},
		{"app", "database/sql"},
		{"shopify", "net/http"},
	} {
		if wrong := violations(c.pkg, []string{c.imported}); len(wrong) != 0 {
			t.Errorf("%s must be able to import %s: %v", c.pkg, c.imported, wrong)
		}
	}
}

func violations(pkg string, imports []string) []string {
	allowed, known := floors[pkg]
	if !known {
		return []string{"package " + pkg + " has no floor; give it one in docs/architecture.md and here"}
	}
	var wrong []string
	for _, imported := range imports {
		if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
			if !slices.Contains(allowed, ours) {
				wrong = append(wrong, pkg+" must not import "+imported)
			}
			continue
		}
		if where, limited := homesOf(imported); limited && !slices.Contains(where, pkg) {
			wrong = append(wrong, pkg+" must not import "+imported+"; only "+strings.Join(where, ", ")+" may")
		}
	}
	return wrong
}

// homesOf finds the rule with the longest path, so that a subpackage may have its own.
func homesOf(imported string) ([]string, bool) {
	for path := imported; path != "."; path = filepath.Dir(path) {
		if where, found := homes[path]; found {
			return where, true
		}
	}
	return nil, false
}

// packages reads what each package of the module imports outside its tests.
func packages(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(dir)
		found[pkg] = append(found[pkg], []string{}...)
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[pkg] = append(found[pkg], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
