package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == bareCommand { // the bench starts itself for the bare handler
		main()
	}
	os.Exit(m.Run())
}

// Everything is measured on the program as it is built, on as little as possible.
func TestBench_MeasuresEverything(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	file := filepath.Join(t.TempDir(), "figures.json")
	opt := options{orders: []int{1000}, seconds: 0.1, json: file}
	var out, log bytes.Buffer
	if err := measure(t.Context(), opt, &out, &log); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		found := false
		for _, r := range got.Results {
			if r.Name != f.name {
				continue
			}
			found = true
			if strings.HasSuffix(f.name, "-memory") || f.name == "import-accept" { // may be nothing in such a short time
				continue
			}
			if r.Value <= 0 && r.Note != notThere {
				t.Errorf("%s of %s: got nothing: %s", r.Name, r.Column, r.Note)
			}
		}
		// What is not there has no memory either.
		if !found && !strings.HasSuffix(f.name, "-memory") {
			t.Errorf("%s was not measured", f.name)
		}
	}
	if !strings.Contains(out.String(), "| accept-64 |") || !strings.Contains(out.String(), "1,000 orders") {
		t.Errorf("the table is\n%s", &out)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if strings.HasPrefix(entry.Name(), "probability-bench") {
			t.Errorf("%s is left behind", entry.Name())
		}
	}
}

func TestBench_KeepsTheDataOnRequest(t *testing.T) {
	folder := t.TempDir()
	var out, log bytes.Buffer
	if err := measure(t.Context(), options{orders: []int{1000}, seconds: 0.1, keep: folder, only: []string{"disk"}}, &out, &log); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	found, err := filepath.Glob(filepath.Join(folder, "orders-1000-*", "data", "probability.db"))
	if err != nil || len(found) != 1 {
		t.Errorf("got %v, %v, want one database", found, err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("got %v, want nothing else", left)
	}
}
