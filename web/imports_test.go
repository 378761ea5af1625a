package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

func TestSync_SecondCallGivesTheSameRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	es := header("Accept-Language", "es")
	first := b.post(path+"sync-orders/", "", es).want(http.StatusAccepted)
	if first.at("message") != "Sincronización encolada. Las órdenes nuevas serán importadas en breve." {
		t.Errorf("got %s", first.body)
	}
	second := b.post(path+"sync-orders/", `{"since":"2026-11-01"}`, es).want(http.StatusAccepted)
	if a, c := first.at("import", "id"), second.at("import", "id"); a != c {
		t.Errorf("two runs at once: %v and %v", a, c)
	}
	for _, odd := range []string{`{"since":"ayer"}`, `{"since":5}`, `{"since":"2026-11-06T00:00:00Z"}`} {
		if got := b.post(path+"sync-orders/", odd).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", "since", 0) == nil {
			t.Errorf("%s: got %s", odd, got.body)
		}
	}
	b.post(path+"sync-orders/", `{"since"`).problem(http.StatusBadRequest, "invalid_json")
	b.post(path+"sync-orders/", `{"since":null}`).want(http.StatusAccepted)
}

func TestImports_ShowProgressAndResult(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.Generate(30, 20*24*time.Hour)
	path, _ := b.connected()
	run := b.get(path+"imports/").want(http.StatusOK).at("results", 0, "id").(string)
	b.carryOut(run)
	got := b.get(path + "imports/" + run + "/").want(http.StatusOK)
	for member, want := range map[string]any{
		"state": "completed", "kind": "initial", "total": 30.0, "fetched": 30.0, "created": 30.0, "updated": 0.0, "failed": 0.0, "error": nil, "error_code": nil,
	} {
		if v := got.at(member); v != want {
			t.Errorf("%s: got %v, want %v", member, v, want)
		}
	}
	for _, odd := range []string{"{" + run + "}", "urn:uuid:" + run, strings.ReplaceAll(run, "-", "")} {
		b.get(path+"imports/"+odd+"/").problem(http.StatusNotFound, "not_found")
	}
	if got.at("started_at") == nil || got.at("finished_at") == nil {
		t.Errorf("got %s", got.body)
	}
	if v := b.get(path + "orders/?page_size=100").want(http.StatusOK).at("count"); v != 30.0 {
		t.Errorf("%v orders are there", v)
	}
	if v := b.get(path).at("last_sync"); v != "2026-11-05T12:00:00Z" {
		t.Errorf("last_sync is %v", v)
	}
}

func TestImports_FailureIsASentence(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.Generate(3, time.Hour)
	path, _ := b.connected()
	b.shop.RevokeToken()
	run := b.get(path+"imports/").want(http.StatusOK).at("results", 0, "id").(string)
	b.carryOut(run)
	got := b.get(path+"imports/"+run+"/", header("Accept-Language", "es")).want(http.StatusOK)
	if got.at("state") != "failed" || got.at("error_code") != "reauthorize" || !strings.HasPrefix(got.at("error").(string), "Shopify rechaza") {
		t.Errorf("got %s", got.body)
	}
	if got := b.get(path + "imports/" + run + "/").want(http.StatusOK); !strings.HasPrefix(got.at("error").(string), "Shopify refuses") {
		t.Errorf("got %s", got.body)
	}
	b.get(path+"imports/"+uuid.NewString()+"/").problem(http.StatusNotFound, "not_found")
}

func TestImports_AnUnknownFailureIsToldByItsCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	runs, err := b.store.Imports(t.Context(), id, 1, 0)
	fatal(t, err)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		runs[0].State, runs[0].ErrorCode, runs[0].FinishedAt = store.ImportFailed, "made_by_a_newer_version", noon
		return tx.UpdateImport(ctx, runs[0])
	}))
	got := b.get(path + "imports/" + runs[0].ID.String() + "/").want(http.StatusOK)
	if text, _ := got.at("error").(string); !strings.Contains(text, "made_by_a_newer_version") {
		t.Errorf("got %s", got.body)
	}
}

func TestImports_ComeInPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	for i := range 4 {
		fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertImport(ctx, store.Import{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Kind: store.KindPeriodic, State: store.ImportCompleted,
				Field: store.FieldUpdatedAt, QueuedAt: noon.Add(time.Duration(i) * time.Minute), FinishedAt: noon.Add(time.Hour),
			})
		}))
	}
	page := b.get(path + "imports/?page_size=2&page=3").want(http.StatusOK)
	if page.at("count") != 5.0 || page.at("next") != nil || page.at("results", 0, "kind") != "initial" || page.at("results", 1) != nil {
		t.Errorf("got %s", page.body)
	}
	previous, _ := page.at("previous").(string)
	b.get(previous).want(http.StatusOK)
	b.get(path+"imports/?page=9").problem(http.StatusNotFound, "invalid_page")
	for _, odd := range []string{"page=x", "page_size=0"} {
		b.get(path+"imports/?"+odd).problem(http.StatusBadRequest, "invalid_parameter")
	}
}

// carryOut works a run off, as its job would.
func (b *bench) carryOut(run string) {
	b.t.Helper()
	for range 20 {
		p, err := b.app.Import(b.t.Context(), uuid.MustParse(run))
		fatal(b.t, err)
		if p.Done {
			return
		}
		b.clock.pass(p.After)
	}
	b.t.Fatal(fmt.Errorf("run %s does not end", run))
}
