package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app"
	"probability/app/carriers"
	"probability/app/score"
	"probability/shopify"
	"probability/shopify/simulator"
)

// What is recorded later is what was read, to the last row.
func TestHeldReport_ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	row := rapid.Custom(func(t *rapid.T) carriers.Row {
		r := carriers.Row{
			Line: rapid.IntRange(1, 99_999).Draw(t, "line"), ID: rapid.String().Draw(t, "id"), Number: rapid.String().Draw(t, "number"),
			Outcome: rapid.SampledFrom([]score.Outcome{score.Pending, score.Delivered, score.Failed, score.Cancelled}).Draw(t, "outcome"),
			Carrier: rapid.String().Draw(t, "carrier"), Tracking: rapid.String().Draw(t, "tracking"),
		}
		if rapid.Bool().Draw(t, "dated") {
			r.At = time.UnixMilli(rapid.Int64Range(0, 2_000_000_000_000).Draw(t, "at")).UTC()
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		want := carriers.Report{Rows: rapid.SliceOfN(row, 1, 20).Draw(t, "rows"), Pending: rapid.IntRange(0, 9).Draw(t, "pending"), Read: rapid.IntRange(0, 99).Draw(t, "read")}
		want.Digest[rapid.IntRange(0, 31).Draw(t, "digit")] = rapid.Byte().Draw(t, "digest")
		for range rapid.IntRange(0, 3).Draw(t, "refusals") {
			want.Add(rapid.IntRange(1, 99).Draw(t, "at"), carriers.RefusedNoOrder, rapid.String().Draw(t, "text"))
		}
		name := rapid.String().Draw(t, "name")
		got, gotName, err := app.PackAndUnpack(want, name)
		if err != nil || gotName != name {
			t.Fatalf("got %q, %v, want %q", gotName, err, name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("want -, got +:\n%s", diff)
		}
	})
}

// The largest report there can be is kept, or else somebody would have to choose it twice.
func TestHeldReport_TheLargestFits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	var report carriers.Report
	text := strings.Repeat("0123456789", 4) // with all rows, what a file of ten megabytes has
	for i := range carriers.MaxRows {
		report.Rows = append(report.Rows, carriers.Row{Line: i + 2, Number: text + time.Unix(int64(i), 0).String(), Carrier: text, Tracking: text, Outcome: score.Delivered})
	}
	word, err := w.app.HoldReport(t.Context(), w.user, c.Integration.ID, report, "largest.csv")
	if err != nil || word == "" {
		t.Fatalf("it is not kept: %q, %v", word, err)
	}
	for _, bad := range []string{"", "x", word + "0", strings.Repeat("0", 36)} {
		_, err := w.app.ImportHeld(t.Context(), w.user, c.Integration.ID, bad)
		wantError(t, err, app.Gone, "report_not_held")
	}
	w.clock.Add(15 * time.Minute)
	_, err = w.app.ImportHeld(t.Context(), w.user, c.Integration.ID, word)
	wantError(t, err, app.Gone, "report_not_held")
}

// Nobody knows whose names stand in a report that waits, so none of the store waits beyond an erasure.
func TestHeldReport_GoesWithWhoIsErased(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	w.sim.AddShop(simulator.ShopConfig{Domain: "otra.myshopify.com", Token: shopToken, APISecret: shopSecret, Bucket: -1})
	third := w.addUser(t, "third@example.com")
	c, err := w.app.Connect(t.Context(), third, app.ConnectInput{StoreName: "otra.myshopify.com", Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret}})
	if err != nil {
		t.Fatal(err)
	}
	report := carriers.Report{Rows: []carriers.Row{{Line: 2, Number: "#9001", Tracking: "GUIA-77", Outcome: score.Delivered}}}
	hers, err := w.app.HoldReport(t.Context(), w.user, mine, report, "june.csv")
	if err != nil {
		t.Fatal(err)
	}
	others, err := w.app.HoldReport(t.Context(), third, c.Integration.ID, report, "june.csv")
	if err != nil {
		t.Fatal(err)
	}
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "r", redaction(shopDomain, "9001")))
	w.process(t, mine)
	w.carryOut(t, mine)
	_, err = w.app.ImportHeld(t.Context(), w.user, mine, hers)
	wantError(t, err, app.Gone, "report_not_held")
	if _, err = w.app.ImportHeld(t.Context(), third, c.Integration.ID, others); err != nil {
		t.Errorf("the report of another store: %v", err)
	}
}
