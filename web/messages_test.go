package web_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func sentences(t *testing.T, language string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("messages", language+".json"))
	fatal(t, err)
	var out map[string]string
	fatal(t, json.Unmarshal(data, &out))
	return out
}

// codes are the sentences that the sources of app and web ask for, by group.
type codes struct {
	failures, fields, health, problems map[string]bool
	literals                           map[string]bool // every string in the sources
}

func TestMessages_BothLanguagesHaveEverySentenceThatIsUsedAndNoOther(t *testing.T) {
	t.Parallel()
	en, es := sentences(t, "en"), sentences(t, "es")
	if a, b := slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(es)); !slices.Equal(a, b) {
		t.Errorf("the two files differ in their ids:\n%v\n%v", a, b)
	}
	used := readCodes(t)
	for code := range used.problems {
		for _, part := range []string{".title", ".detail"} {
			if en["problem."+code+part] == "" {
				t.Errorf("no sentence problem.%s%s", code, part)
			}
		}
	}
	for group, members := range map[string]map[string]bool{"field.": used.fields, "health.": used.health} {
		for code := range members {
			if en[group+code] == "" {
				t.Errorf("no sentence %s%s", group, code)
			}
		}
	}
	for code := range used.failures {
		if en["failure."+code] == "" && en["health."+code] == "" && en["problem."+code+".detail"] == "" {
			t.Errorf("no sentence failure.%s", code)
		}
	}
	ofScores := scoreSentences() // their ids are put together; a test of their own says which there are
	for id := range en {
		if ofScores[id] {
			continue
		}
		_, code, _ := strings.Cut(id, ".")
		code = strings.TrimSuffix(strings.TrimSuffix(code, ".title"), ".detail")
		if !used.literals[code] && !used.literals[id] {
			t.Errorf("nothing uses the sentence %s", id)
		}
	}
	if len(used.problems) < 20 || len(used.fields) < 15 || len(used.health) < 10 || len(used.failures) < 8 {
		t.Errorf("the sources were not understood: %d problems, %d fields, %d health, %d failures",
			len(used.problems), len(used.fields), len(used.health), len(used.failures))
	}
}

func TestMessages_NeedTheSameParametersInBothLanguages(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`\{\{(?:with )?\.[A-Z]\w*\}\}`)
	en, es := sentences(t, "en"), sentences(t, "es")
	for id, text := range es {
		for _, p := range placeholder.FindAllString(text, -1) {
			if !strings.Contains(en[id], p) {
				t.Errorf("%s: %s is in Spanish only", id, p)
			}
		}
		if text == en[id] && !strings.HasPrefix(id, "page.") {
			t.Errorf("%s is the same in both languages", id)
		}
	}
}

// TestMessages_KeepTheSentencesOfTheOriginal holds the Spanish sentences that clients of the replaced
// backend know.
func TestMessages_KeepTheSentencesOfTheOriginal(t *testing.T) {
	t.Parallel()
	es := sentences(t, "es")
	for id, want := range map[string]string{
		"done.connected":                         "¡Conexión con Shopify establecida correctamente!",
		"done.disconnected":                      "Integración con {{.Store}} desconectada exitosamente",
		"done.sync_queued":                       "Sincronización encolada. Las órdenes nuevas serán importadas en breve.",
		"done.tested":                            "Conexión exitosa",
		"done.webhooks_registered":               "Webhook registrado",
		"done.webhooks_unchanged":                "Webhook ya registrado",
		"field.must_begin_with_shp":              "El token de acceso debe comenzar con 'shp'",
		"field.must_end_with_myshopify":          "El nombre de la tienda debe terminar en .myshopify.com",
		"problem.invalid_token.detail":           "Token de acceso inválido o sin permisos.",
		"problem.public_url_required.detail":     "Se requiere public_base_url o PUBLIC_WEBHOOK_BASE_URL",
		"problem.store_already_connected.detail": "Ya tienes una integración con esta tienda",
		"problem.store_not_found.detail":         "Tienda no encontrada. Verifica el nombre de la tienda.",
		"problem.webhook_not_created.detail":     "Error al crear webhook",
		"problem.webhooks_not_listed.detail":     "No se pudieron listar webhooks{{with .Status}}: {{.}}{{end}}",
	} {
		if es[id] != want {
			t.Errorf("%s: got %q, want %q", id, es[id], want)
		}
	}
}

// TestMessages_CallAThingByOneWord holds Spanish to one word where it has two for the same, to its own quotation marks, and to speaking to
// the reader as "tú".
func TestMessages_CallAThingByOneWord(t *testing.T) {
	t.Parallel()
	others := map[string]*regexp.Regexp{
		"transportista": regexp.MustCompile(`(?i)transportadora`),
		"puntaje":       regexp.MustCompile(`(?i)puntuación|puntuaciones`),
		"franja":        regexp.MustCompile(`(?i)\bbandas?\b`),
		"app":           regexp.MustCompile(`(?i)aplicaci(ón|ones)`),
		"«»":            regexp.MustCompile(`[“”]`),
		"tú":            regexp.MustCompile(`(?i)\busted(es)?\b|\b(escriba|revise|inténtelo|elija|copie|espere)\b`),
	}
	for id, text := range sentences(t, "es") {
		for word, other := range others {
			if other.MatchString(text) {
				t.Errorf("%s: another word than %s: %s", id, word, text)
			}
		}
	}
}

// TestMessages_CallAnOrderByOneWord holds Spanish to "pedido". What clients of the replaced backend know keeps its word, and so do an order of
// things and what carriers call their columns.
func TestMessages_CallAnOrderByOneWord(t *testing.T) {
	t.Parallel()
	other := regexp.MustCompile(`(?i)(^|\P{L})[oó]rden(es)?(\P{L}|$)`)
	known := map[string]string{
		"done.sync_queued": "Las órdenes nuevas", "field.cursor_foreign": "de otro orden", "field.only_with_csv": "marca de orden de bytes",
		"problem.report_columns_unknown.detail": "número de orden",
	}
	pedidos := 0
	for id, text := range sentences(t, "es") {
		if strings.Contains(strings.ToLower(text), "pedido") {
			pedidos++
		}
		if left := strings.ReplaceAll(text, known[id], ""); other.MatchString(left) {
			t.Errorf("%s calls an order by another word than pedido: %s", id, text)
		}
	}
	for id, words := range known {
		if !strings.Contains(sentences(t, "es")[id], words) {
			t.Errorf("%s does not say %q any more", id, words)
		}
	}
	if pedidos < 80 {
		t.Errorf("only %d sentences speak of orders", pedidos)
	}
}

func readCodes(t *testing.T) codes {
	t.Helper()
	c := codes{
		failures: map[string]bool{}, fields: map[string]bool{}, health: map[string]bool{},
		problems: map[string]bool{}, literals: map[string]bool{},
	}
	set := token.NewFileSet()
	for _, dir := range []string{".", "../app", "../app/carriers"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		fatal(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, name, nil, 0)
			fatal(t, err)
			ast.Inspect(file, c.visit)
		}
	}
	for code := range settingCodes {
		c.literals[code] = true
	}
	fatal(t, fs.WalkDir(os.DirFS("templates"), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join("templates", path))
		for _, m := range regexp.MustCompile(`\.(?:Say|Tell) "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			c.literals["page."+m[1]] = true
		}
		return err
	}))
	return c
}

func (c codes) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		if text := literal(n); text != "" {
			c.literals[text] = true
		}
	case *ast.CompositeLit:
		group := c.fields // an elided type is that of a list of field errors
		switch kind := n.Type.(type) {
		case *ast.Ident:
			if kind.Name == "Error" || kind.Name == "problem" {
				group = c.problems
			}
		case *ast.SelectorExpr:
			if kind.Sel.Name == "Error" {
				group = c.problems
			}
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && (name(kv.Key) == "Code" || name(kv.Key) == "code") {
				add(group, kv.Value)
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			sel, ok := left.(*ast.SelectorExpr)
			if !ok || i >= len(n.Rhs) {
				continue
			}
			switch sel.Sel.Name {
			case "Code", "code", "Reason":
				add(c.problems, n.Rhs[i])
			case "ErrorCode":
				add(c.failures, n.Rhs[i])
			}
		}
	case *ast.ValueSpec:
		for i, id := range n.Names {
			if i < len(n.Values) && strings.HasPrefix(id.Name, "Problem") {
				add(c.health, n.Values[i])
			}
			if i < len(n.Values) && strings.HasPrefix(id.Name, "cursor") {
				add(c.fields, n.Values[i])
			}
		}
	case *ast.CallExpr:
		c.call(n)
	}
	return true
}

// call knows the functions of app and web that take a code, and where.
func (c codes) call(n *ast.CallExpr) {
	where := map[string]struct {
		group map[string]bool
		arg   int
	}{
		"add": {c.fields, 1}, "complain": {c.fields, 1}, "invalid": {c.problems, 0},
		"cancelImport": {c.failures, 3}, "fail": {c.failures, 0},
	}
	called := name(n.Fun)
	w, ok := where[called]
	if !ok {
		return
	}
	if called == "fail" && len(n.Args) == 5 { // the run's, not the delivery's
		w.arg = 2
	}
	if w.arg < len(n.Args) {
		add(w.group, n.Args[w.arg])
	}
}

func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}

func add(group map[string]bool, e ast.Expr) {
	if text := literal(e); text != "" {
		group[text] = true
	}
}
