package store_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// readEverything makes a store read orders for their score: by nothing but the customer's telephone number.
func readEverything(s *store.Store) {
	s.ReadWith(1, func(o shopify.Order) store.Reading {
		return store.Reading{Version: 1, Facts: []byte(o.ID), Identity: store.Identity{Phone: o.Phone}}
	})
}

// reported adds an integration with some orders, and gives the numbers of their rows.
func reported(tb tester, s *store.Store, n int) (integration int64, orders []int64) {
	tb.Helper()
	user := newUser()
	update(tb, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, user) })
	integration = connect(tb, s, user.ID, user.Email+".myshopify.com")
	for i := range n {
		for _, o := range put(tb, s, integration, version(itoa(i), noon, nil)) {
			if o != store.Created {
				tb.Fatal(o)
			}
		}
	}
	for _, o := range must(s.Orders(tb.Context(), store.OrderFilter{IntegrationID: integration}))(tb) {
		orders = append(orders, o.ID)
	}
	slices.Sort(orders)
	return integration, orders
}

func newReport(integration, order int64, outcome store.ParcelOutcome, source string) store.Report {
	return store.Report{ID: uuid.Must(uuid.NewV7()), IntegrationID: integration, OrderID: order, Outcome: outcome, Source: source, RecordedAt: noon}
}

func insertReport(tb tester, s *store.Store, r store.Report) (changed bool) {
	tb.Helper()
	update(tb, s, func(ctx context.Context, tx *store.Tx) (err error) {
		w := tx.Reports(r.IntegrationID)
		if changed, err = w.Insert(ctx, r); err != nil {
			return err
		}
		return w.Close(ctx)
	})
	return changed
}

func undoReport(tb tester, s *store.Store, r store.Report) (changed bool) {
	tb.Helper()
	update(tb, s, func(ctx context.Context, tx *store.Tx) (err error) {
		w := tx.Reports(r.IntegrationID)
		if changed, err = w.Undo(ctx, r, noon); err != nil {
			return err
		}
		return w.Close(ctx)
	})
	return changed
}

// counts are the reported outcomes of an integration as the score counts them, and as the reports say it.
func counts(tb tester, s *store.Store, integration int64) (facts, reports map[store.ParcelOutcome]int) {
	tb.Helper()
	facts, reports = map[store.ParcelOutcome]int{}, map[store.ParcelOutcome]int{}
	for _, c := range must(s.OutcomeCounts(tb.Context(), integration))(tb) {
		if c.Reported != store.ParcelPending {
			facts[c.Reported] += c.Orders
		}
	}
	for _, c := range must(s.SourceCounts(tb.Context(), integration))(tb) {
		reports[c.Outcome] += c.Orders
	}
	return facts, reports
}

func TestReports_TheLastOneCountsAndUndoingBringsTheOneBeforeBack(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		readEverything(s)
		integration, orders := reported(t, s, 1)
		first, second := newReport(integration, orders[0], store.ParcelDelivered, store.SourceUser), newReport(integration, orders[0], store.ParcelFailed, store.SourceAPI)
		second.Carrier, second.Note, second.Tracking, second.HappenedAt = "TCC", "refused at the door", "G1", noon.Add(-time.Hour)
		if !insertReport(t, s, first) || !insertReport(t, s, second) {
			t.Error("an outcome did not change")
		}
		now := must(s.CountingReport(t.Context(), integration, orders[0]))(t)
		second.Counts = true
		if now.ID != second.ID || now.Carrier != "TCC" || now.Note != second.Note || now.Tracking != "G1" || !now.HappenedAt.Equal(second.HappenedAt) || now.Source != store.SourceAPI {
			t.Errorf("got %+v", now)
		}
		if !undoReport(t, s, second) || undoReport(t, s, second) {
			t.Error("undoing changes once")
		}
		if now := must(s.CountingReport(t.Context(), integration, orders[0]))(t); now.ID != first.ID {
			t.Errorf("got %+v", now)
		}
		undoReport(t, s, first)
		if _, err := s.CountingReport(t.Context(), integration, orders[0]); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if facts, reports := counts(t, s, integration); len(facts) != 0 || len(reports) != 0 {
			t.Errorf("got %v, %v", facts, reports)
		}
		if all := must(s.Reports(t.Context(), integration, orders[0], 10))(t); len(all) != 2 || all[0].ID != second.ID || all[0].UndoneAt.IsZero() {
			t.Errorf("got %+v", all)
		}
	})
}

func TestReports_ListsThatRepeatThemselvesUndoNoCorrection(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		readEverything(s)
		integration, orders := reported(t, s, 1)
		list := func(outcome store.ParcelOutcome, day int) store.Report {
			r := newReport(integration, orders[0], outcome, store.SourceCSV)
			r.HappenedAt = noon.AddDate(0, 0, -day)
			return r
		}
		want := func(outcome store.ParcelOutcome) {
			t.Helper()
			if now := must(s.CountingReport(t.Context(), integration, orders[0]))(t); now.Outcome != outcome {
				t.Errorf("got %v, want %v", now.Outcome, outcome)
			}
		}
		monday := list(store.ParcelDelivered, 3)
		insertReport(t, s, monday)
		insertReport(t, s, newReport(integration, orders[0], store.ParcelFailed, store.SourceUser))
		tuesday := list(store.ParcelDelivered, 3)
		insertReport(t, s, tuesday) // says it again
		want(store.ParcelFailed)
		undoReport(t, s, monday) // as if Tuesday's were the first
		want(store.ParcelDelivered)
		insertReport(t, s, list(store.ParcelFailed, 1)) // news
		want(store.ParcelFailed)
	})
}

func TestReports_OfOrdersThatAreNotThere(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		readEverything(s)
		integration, orders := reported(t, s, 2)
		other, _ := reported(t, s, 0)
		insertReport(t, s, newReport(integration, orders[1], store.ParcelDelivered, store.SourceAPI))
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.PutOrderMark(ctx, store.OrderMark{IntegrationID: integration, OrderID: orders[1], Mark: 1, Scope: store.MarkOrder, MarkedAt: noon}); err != nil {
				return err
			}
			_, err := tx.DeleteOrder(ctx, integration, "1", noon)
			return err
		})
		for _, r := range []store.Report{
			newReport(integration, orders[1], store.ParcelFailed, store.SourceAPI), newReport(other, orders[0], store.ParcelFailed, store.SourceAPI), newReport(integration, 999, store.ParcelFailed, store.SourceAPI),
		} {
			err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Reports(r.IntegrationID).Insert(ctx, r)
				return err
			})
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("order %d of %d: got %v", r.OrderID, r.IntegrationID, err)
			}
		}
		if facts, reports := counts(t, s, integration); len(facts)+len(reports) != 0 {
			t.Errorf("a deleted order still counts: %v, %v", facts, reports)
		}
		if _, err := s.OrderMark(t.Context(), integration, orders[1]); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the mark of a deleted order: %v", err)
		}
	})
}

// An order that was stored before it could be read for its score keeps what was reported of it meanwhile.
func TestReports_CountOnceTheOrderIsRead(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		integration, orders := reported(t, s, 1)
		insertReport(t, s, newReport(integration, orders[0], store.ParcelFailed, store.SourceAPI))
		if facts, reports := counts(t, s, integration); len(facts) != 0 || reports[store.ParcelFailed] != 1 {
			t.Errorf("got %v, %v", facts, reports)
		}
		readEverything(s)
		put(t, s, integration, version("0", noon.Add(time.Hour), nil))
		if facts, _ := counts(t, s, integration); facts[store.ParcelFailed] != 1 {
			t.Errorf("got %v", facts)
		}
	})
}

// TestReports_EndAsIfTheUndoneHadNeverBeen draws reports and undoings, single ones and whole imports, and compares with what a
// model makes of the reports that are left.
func TestReports_EndAsIfTheUndoneHadNeverBeen(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		readEverything(s)
		storetest.Check(t, s, func(t *rapid.T) {
			integration, orders := reported(t, s, 3)
			var live []store.Report
			undo := func(which func(store.Report) bool) {
				for _, r := range live {
					if which(r) {
						undoReport(t, s, r)
					}
				}
				live = slices.DeleteFunc(live, which)
			}
			imports := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
			for range rapid.IntRange(1, 25).Draw(t, "steps") {
				switch rapid.IntRange(0, 5).Draw(t, "step") {
				case 0:
					if len(live) > 0 {
						gone := rapid.SampledFrom(live).Draw(t, "undone").ID
						undo(func(r store.Report) bool { return r.ID == gone })
					}
				case 1:
					gone := rapid.SampledFrom(imports).Draw(t, "undone import")
					undo(func(r store.Report) bool { return r.Import == gone })
				default:
					r := newReport(integration, rapid.SampledFrom(orders).Draw(t, "order"), rapid.SampledFrom([]store.ParcelOutcome{
						store.ParcelDelivered, store.ParcelFailed, store.ParcelCancelled,
					}).Draw(t, "outcome"), rapid.SampledFrom([]string{store.SourceAPI, store.SourceCSV, store.SourceCSV, store.SourceUser}).Draw(t, "source"))
					if r.Source == store.SourceCSV {
						r.Import = rapid.SampledFrom(imports).Draw(t, "import")
					}
					if day := rapid.IntRange(0, 2).Draw(t, "day"); day > 0 {
						r.HappenedAt = noon.AddDate(0, 0, -day)
					}
					insertReport(t, s, r)
					live = append(live, r)
				}
			}
			want := map[store.ParcelOutcome]int{}
			for _, order := range orders {
				expected := lastSaid(live, order)
				now, err := s.CountingReport(t.Context(), integration, order)
				if expected == nil {
					if !errors.Is(err, store.ErrNotFound) {
						t.Fatalf("order %d: got %+v, %v, want none", order, now, err)
					}
					continue
				}
				if err != nil || now.Outcome != expected.Outcome || now.HappenedAt != expected.HappenedAt {
					t.Fatalf("order %d: got %+v, %v, want %+v", order, now, err, *expected)
				}
				want[expected.Outcome]++
			}
			expect := func() {
				t.Helper()
				facts, reports := counts(t, s, integration)
				for _, o := range []store.ParcelOutcome{store.ParcelDelivered, store.ParcelFailed, store.ParcelCancelled} {
					if facts[o] != want[o] || reports[o] != want[o] {
						t.Fatalf("outcome %v: the score counts %d, the reports %d, want %d", o, facts[o], reports[o], want[o])
					}
				}
			}
			expect()
			update(t, s, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.DeleteOrder(ctx, integration, "0", noon)
				return err
			})
			if gone := lastSaid(live, orders[0]); gone != nil {
				want[gone.Outcome]--
			}
			expect()
		})
		if wrong := must(store.CheckScores(t.Context(), s))(t); len(wrong) > 0 {
			t.Errorf("counts: %v", wrong)
		}
	})
}

// lastSaid is the report of an order that counts: the last one that is no repetition of an earlier one in a list.
func lastSaid(live []store.Report, order int64) *store.Report {
	type words struct {
		outcome store.ParcelOutcome
		at      time.Time
	}
	said := map[words]bool{}
	var last *store.Report
	for i, r := range live {
		w := words{r.Outcome, r.HappenedAt}
		if r.OrderID != order || r.Source == store.SourceCSV && said[w] {
			continue
		}
		if r.Source == store.SourceCSV {
			said[w] = true
		}
		last = &live[i]
	}
	return last
}

func TestNamedOrders(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		readEverything(s)
		integration, _ := reported(t, s, 0)
		other, _ := reported(t, s, 0)
		named := func(id, number string) store.Version {
			return version(id, noon, func(o *shopify.Order) { o.Number = number })
		}
		put(t, s, integration, named("5001", "#1001"), named("5002", "1002"), named("5003", "#5001"), named("5004", "#7"), named("5005", "7"), named("5006", "#8"))
		put(t, s, other, named("5001", "#1001"))
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteOrder(ctx, integration, "5006", noon)
			return err
		})
		platformID := map[int64]string{}
		for _, o := range must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: integration}))(t) {
			platformID[o.ID] = o.Order.ID
		}
		for name, want := range map[string][]string{
			"1001": {"5001"}, "#1001": {"5001"}, "##1001": {"5001"}, "1002": {"5002"}, "#1002": {"5002"}, "5001": {"5001", "5003"}, "7": {"5004", "5005"}, "#7": {"5004", "5005"},
			"8": nil, "5006": nil, "9": nil, "": nil, `"`: nil, "%": nil, "zero\x00": nil,
		} {
			var got []string
			for _, n := range must(s.NamedOrders(t.Context(), integration, []string{name, "nobody"}))(t) {
				if n.Name != name || n.ByID != (name == platformID[n.OrderID]) || n.PlacedAt.IsZero() {
					t.Errorf("%q: got %+v", name, n)
				}
				got = append(got, platformID[n.OrderID])
			}
			if slices.SortFunc(got, cmp.Compare[string]); !slices.Equal(got, want) {
				t.Errorf("%q: got %v, want %v", name, got, want)
			}
		}
		if s.Engine() != store.SQLite { // the other plans by what there is, and here there is next to nothing
			return
		}
		plan := must(store.Plan(t.Context(), s, store.NamedOrdersQuery, `["1"]`, integration))(t)
		if strings.Contains(plan, "SCAN o") || strings.Contains(plan, "SCAN f") {
			t.Errorf("orders are scanned:\n%s", plan)
		}
	})
}

func TestOutcomeImports_AreKept(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		integration, _ := reported(t, s, 0)
		in := store.OutcomeImport{
			ID: uuid.Must(uuid.NewV7()), IntegrationID: integration, Digest: [32]byte{1}, Name: "noviembre.csv", CreatedAt: noon, UpdatedAt: noon, UserID: uuid.New(),
			OutcomeCounted: store.OutcomeCounted{Rows: 9, Recorded: 3, Changed: 2, Known: 1, Superseded: 4, Pending: 2, RefusedCount: 3, Refused: []store.RefusedRow{{Line: 4, Reason: "bad_date", Text: "ayer"}}},
		}
		save := func(i store.OutcomeImport) error {
			return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.PutOutcomeImport(ctx, i) })
		}
		if err := save(in); err != nil {
			t.Fatal(err)
		}
		twice := in
		twice.ID = uuid.Must(uuid.NewV7())
		if err := save(twice); !errors.Is(err, store.ErrConflict) {
			t.Errorf("the same file twice: got %v, want a conflict", err)
		}
		in.UndoneAt, in.UpdatedAt = noon, noon.Add(time.Hour)
		if err := errors.Join(save(in), save(twice)); err != nil {
			t.Fatal(err)
		}
		if got := must(s.LiveOutcomeImport(t.Context(), integration, in.Digest))(t); got.ID != twice.ID {
			t.Errorf("got %+v", got)
		}
		got := must(s.OutcomeImport(t.Context(), integration, in.ID))(t)
		if got.Name != in.Name || got.Rows != 9 || got.Superseded != 4 || got.Pending != 2 || len(got.Refused) != 1 || got.Refused[0] != in.Refused[0] || !got.UndoneAt.Equal(noon) || got.Digest != in.Digest {
			t.Errorf("got %+v", got)
		}
		if all := must(s.OutcomeImports(t.Context(), integration, 10, 0))(t); len(all) != 2 || all[0].ID != twice.ID || must(s.CountOutcomeImports(t.Context(), integration))(t) != 2 {
			t.Errorf("got %+v", all)
		}
		if _, err := s.OutcomeImport(t.Context(), integration+1, in.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}
