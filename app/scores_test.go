package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/app"
	"probability/app/score"
	"probability/store"
	"probability/store/storetest"
)

// scoredBody is a small order of a customer: placed so many hours after the first of November, ended as its status says.
func scoredBody(n, customer, hours int, delivered string, version int) string {
	at := time.Date(2026, 11, 1, hours, 0, 0, 0, time.UTC)
	parcel := ""
	if delivered != "" {
		parcel = fmt.Sprintf(`"fulfillments":[{"created_at":%q,"updated_at":%q,"status":"success","shipment_status":%q}],`,
			at.Add(time.Hour).Format(time.RFC3339), at.Add(2*time.Hour).Format(time.RFC3339), delivered)
	}
	return fmt.Sprintf(`{"id":%d,"name":"#%d","created_at":%q,"updated_at":%q,"total_price":"10.00","currency":"COP","email":"c%d@example.com",%s`+
		`"payment_gateway_names":["Cash on Delivery (COD)"],"shipping_address":{"first_name":"Ana","last_name":"Gómez","phone":"+57300123%04d",`+
		`"address1":"Calle 10 # 20-30","city":"Medellín","province":"Antioquia","country":"Colombia"}}`,
		9000+n, n, at.Format(time.RFC3339), at.Add(time.Duration(240+version)*time.Hour).Format(time.RFC3339), customer, parcel, customer)
}

// rateAll runs the job of the scores until it has nothing to do.
func (w *world) rateAll(t *testing.T, id int64) {
	t.Helper()
	for range 1000 {
		p, err := w.app.ScoreOrders(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if p.Done {
			return
		}
	}
	t.Fatal("the rating does not end")
}

// ratings is all that is stored of the scores of an integration, by the platform's ids.
func (w *world) ratings(t *testing.T, id int64) map[string]store.OrderFacts {
	t.Helper()
	out := map[string]store.OrderFacts{}
	for platform, o := range w.orders(t, id) {
		f, err := w.store.OrderFacts(t.Context(), id, o.ID)
		if err != nil {
			t.Fatalf("order %s: %v", platform, err)
		}
		f.OrderID = 0
		out[platform] = f
	}
	return out
}

// expectRated holds the scores of an integration against what the scorer says of what is stored.
func (w *world) expectRated(t *testing.T, id int64) {
	t.Helper()
	s, err := w.app.Scorer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	bands := map[string]int{}
	for platform, f := range w.ratings(t, id) {
		facts, err := score.ParseFacts(f.Facts)
		if err != nil {
			t.Fatal(err)
		}
		mark := f.Mark
		if mark == 0 {
			mark = f.History.Mark
		}
		want := s.Score(facts, score.History{Delivered: f.History.Delivered, Failed: f.History.Failed, Orders: f.History.Earlier, Recent: f.History.Recent, Mark: score.Mark(mark)})
		if f.Score == nil || *f.Score != want.Score || f.Probability != want.Band || f.Carrier != want.Carrier || len(f.Negative) != len(want.Negative) || f.Due {
			t.Errorf("order %s: got %+v, want %+v", platform, f, want)
		}
		bands[f.Probability]++
	}
	for band, n := range bands {
		got, err := w.store.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id, DeliveryProbability: band})
		if err != nil || got != n {
			t.Errorf("%d orders are %s by the sums, %v, want %d", got, band, err, n)
		}
	}
}

func TestScores_OfAnImportAndOfWebhooks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(120, 20*24*time.Hour)
	c := w.connect(t)
	id := c.Integration.ID
	// It was learnt a moment ago, from what was there then; at the end of the first import there is more.
	err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Trained(ctx, id, 1, w.clock.Now(), w.clock.Now().Add(24*time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	w.runImport(t, c.Import.ID)
	if due, err := w.store.DueTrainings(t.Context(), w.clock.Now()); err != nil || len(due) != 1 {
		t.Errorf("trainings are due for %v, %v", due, err)
	}
	for n := range 12 {
		w.accept(t, w.incoming(app.TopicOrdersCreate, fmt.Sprint(n), scoredBody(n, n%3, n, "delivered", 0)))
	}
	w.process(t, id)
	w.rateAll(t, id)
	if n := len(w.orders(t, id)); n != 132 {
		t.Fatalf("%d orders", n)
	}
	w.expectRated(t, id)
	if f := w.ratings(t, id)["9011"]; f.History.Earlier != 3 || f.History.Delivered != 3 {
		t.Errorf("got %+v, want three earlier orders, all delivered", f.History)
	}
}

// In whatever order an import and webhooks bring the states of orders, the scores are the same in the end.
func TestScores_FollowNoOrderOfArrival(t *testing.T) {
	t.Parallel()
	var bodies []string
	for n := range 16 {
		status := []string{"", "delivered", "failure"}[n%3]
		bodies = append(bodies, scoredBody(n, n%4, 10*(n%7), "", 0), scoredBody(n, n%4, 10*(n%7), status, 1))
	}
	var want map[string]store.OrderFacts
	for round := range storetest.Size(4, 2) {
		w := setup(t)
		id := w.connect(t).Integration.ID
		order := rand.New(rand.NewPCG(1, uint64(round))).Perm(len(bodies))
		for i, at := range order {
			if round == 0 {
				at = i
			}
			w.accept(t, w.incoming(app.TopicOrdersUpdated, fmt.Sprint(i), bodies[at]))
			if i%5 == round {
				w.process(t, id)
			}
		}
		w.process(t, id)
		w.rateAll(t, id)
		got := w.ratings(t, id)
		if round == 0 {
			want = got
			w.expectRated(t, id)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("round %d (-want +got):\n%s", round, diff)
		}
	}
}

// What the scores rest on is another after a change of the configuration: all orders are rated anew, also when that is cut short.
func TestScores_AreMadeAnewForAnotherBasis(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(1500, 20*24*time.Hour)
	c := w.connect(t)
	id := c.Integration.ID
	w.runImport(t, c.Import.ID)
	recoverAll := func() {
		t.Helper()
		if err := w.app.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	recoverAll()
	w.rateAll(t, id)
	w.expectRated(t, id)
	before, _ := w.store.ScoreState(t.Context(), id)
	recoverAll() // nothing to do
	if st, _ := w.store.ScoreState(t.Context(), id); st.Rescoring || st.Basis != before.Basis || st.Basis == "" {
		t.Fatalf("got %+v", st)
	}

	app.SetScoring(w.app, score.Settings{Bands: score.Bands{High: 99, Medium: 98, Low: 97}})
	recoverAll()
	if more, err := app.ScoreSome(t.Context(), w.app, id); err != nil || !more {
		t.Fatalf("got %v, %v, want more to do", more, err)
	}
	if st, _ := w.store.ScoreState(t.Context(), id); !st.Rescoring || st.Rescored == 0 || st.Rescored == 1500 || st.Basis == before.Basis {
		t.Fatalf("got %+v, want some orders to be rated anew", st)
	}
	again := setupOn(t, w.store, func(c *app.Config) { c.Scoring = score.Settings{Bands: score.Bands{High: 99, Medium: 98, Low: 97}} })
	if err := again.app.Recover(t.Context()); err != nil { // the next process goes on
		t.Fatal(err)
	}
	if st, _ := w.store.ScoreState(t.Context(), id); !st.Rescoring || st.Rescored == 0 {
		t.Fatalf("got %+v, want the next process to go on", st)
	}
	again.rateAll(t, id)
	again.expectRated(t, id)
	if st, _ := w.store.ScoreState(t.Context(), id); st.Rescoring || st.Rescored != 1500 {
		t.Fatalf("got %+v, want all to be rated anew", st)
	}
	if n, err := w.store.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id, DeliveryProbability: "very_low"}); err != nil || n < 1000 {
		t.Errorf("%d orders are very_low, %v", n, err)
	}
}

// A store of a version that made no scores gets them from the payloads.
func TestScores_OfOrdersThatWereNeverRead(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(storetest.Size(700, 300), 20*24*time.Hour)
	c := w.connect(t)
	id := c.Integration.ID
	w.runImport(t, c.Import.ID)
	w.rateAll(t, id)
	want := w.ratings(t, id)
	for _, forget := range []string{`DELETE FROM order_facts`, `DELETE FROM order_keys`, `DELETE FROM outcome_counts`, `DELETE FROM score_states`} {
		w.exec(t, forget)
	}
	if err := w.app.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.rateAll(t, id)
	w.expectRated(t, id)
	if diff := cmp.Diff(want, w.ratings(t, id)); diff != "" {
		t.Errorf("(-at arrival +from the payloads):\n%s", diff)
	}
	// What another version of reading read is read anew, and stays as it was.
	w.exec(t, `UPDATE order_facts SET facts_version = 77, facts = $1`, []byte{0})
	w.exec(t, `UPDATE score_states SET facts_version = 77`)
	if err := w.app.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.rateAll(t, id)
	if diff := cmp.Diff(want, w.ratings(t, id)); diff != "" {
		t.Errorf("(-at arrival +read anew):\n%s", diff)
	}
}

// exec changes rows behind the application's back.
func (w *world) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := w.store.Writer().ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// Whatever is wrong with the scores, orders are stored; and nobody has to find out by chance.
func TestScores_NeverKeepOrdersFromBeingStored(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.exec(t, `ALTER TABLE score_states RENAME TO away`)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "1", scoredBody(1, 1, 0, "", 0)))
	w.process(t, id)
	f := w.ratings(t, id)["9001"]
	if f.Score != nil || !f.Due || !strings.Contains(w.log.String(), "without their scores") {
		t.Errorf("got %+v, want an order that waits, and a line in the log", f)
	}
	w.exec(t, `ALTER TABLE away RENAME TO score_states`)
	w.rateAll(t, id)
	w.expectRated(t, id)

	w.exec(t, `ALTER TABLE customer_marks RENAME TO away`) // what histories need
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "2", scoredBody(1, 1, 0, "delivered", 1)))
	w.process(t, id)
	if f := w.ratings(t, id)["9001"]; !f.Due || f.Platform.Outcome != store.ParcelDelivered {
		t.Errorf("got %+v, want the new state, due", f)
	}
	w.exec(t, `ALTER TABLE away RENAME TO customer_marks`)
	w.exec(t, `UPDATE order_facts SET facts = $1`, []byte{0xff}) // what no reading has written
	w.rateAll(t, id)
	if f := w.ratings(t, id)["9001"]; !f.Failed || f.Due || f.Score != nil {
		t.Errorf("got %+v, want an order that could not be rated", f)
	}
	figures, err := w.app.Figures(t.Context())
	if err != nil || figures.Scores.Failed != 1 || figures.Scores.Due != 0 {
		t.Errorf("got %+v, %v", figures.Scores, err)
	}
}

// A deleted order and one that is reported otherwise change what is known of the customer.
func TestScores_FollowReportsAndDeletions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	for n := range 3 {
		w.accept(t, w.incoming(app.TopicOrdersCreate, fmt.Sprint(n), scoredBody(n, 1, 10*n, "failure", 0)))
	}
	w.process(t, id)
	first := w.orders(t, id)["9000"].ID
	err := w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetReported(ctx, id, first, store.ParcelDelivered, time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC), "Servientrega"); err != nil {
			return err
		}
		return app.Score(ctx, w.app, tx, id)
	})
	if err != nil {
		t.Fatal(err)
	}
	if f := w.ratings(t, id)["9002"]; f.History != (store.History{Delivered: 1, Failed: 1, Earlier: 2, Recent: 2}) || f.Due {
		t.Errorf("got %+v", f)
	}
	w.accept(t, w.incoming(app.TopicOrdersDelete, "d", `{"id":9001}`))
	w.process(t, id)
	if f := w.ratings(t, id)["9002"]; f.History != (store.History{Delivered: 1, Earlier: 1, Recent: 1}) || f.Due {
		t.Errorf("got %+v", f)
	}
	w.expectRated(t, id)
}

func TestTrain_StoresWhatItLearnsAndRatesAnew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Add(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 6, 0).Sub(w.clock.Now()))
	id := w.connect(t).Integration.ID
	const outcomes = 700
	dice := rand.New(rand.NewPCG(1, 2))
	var bodies []string
	for n := range outcomes { // most fail, which no expert expects, but for one city
		end, city, failing := "delivered", "Medellín", 0.8
		if n%3 == 0 {
			city, failing = "Envigado", 0.2
		}
		if dice.Float64() < failing {
			end = "failure"
		}
		bodies = append(bodies, strings.ReplaceAll(scoredBody(n, n, 4*n, end, 0), "Medellín", city))
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "all", `{"orders":[`+strings.Join(bodies, ",")+`]}`))
	w.process(t, id)
	w.rateAll(t, id)
	if err := w.app.Recover(t.Context()); err != nil { // it finds that there is much to learn from
		t.Fatal(err)
	}
	w.rateAll(t, id)
	due, err := w.store.DueTrainings(t.Context(), w.clock.Now())
	if err != nil || len(due) != 1 || due[0] != id {
		t.Fatalf("trainings are due for %v, %v", due, err)
	}
	train := func() {
		t.Helper()
		if p, err := w.app.Train(t.Context(), id); err != nil || !p.Done {
			t.Fatalf("got %+v, %v", p, err)
		}
	}
	train()
	train() // which is not due again
	models, err := w.store.ScoreModels(t.Context(), id, 9, 0)
	if err != nil || len(models) != 1 {
		t.Fatalf("got %+v, %v, want one model", models, err)
	}
	m := models[0]
	var report score.Report
	if err := json.Unmarshal(m.Report, &report); err != nil {
		t.Fatal(err)
	}
	if m.Version != 1 || m.N != report.N || report.N < outcomes-100 || m.State != store.ModelLive || report.Decision != score.Accepted {
		t.Fatalf("got version %d of %d outcomes, %s: %s, %s", m.Version, m.N, m.State, report.Decision, report.Reason)
	}
	before := w.ratings(t, id)["9001"]
	st, _ := w.store.ScoreState(t.Context(), id)
	if !st.Rescoring || st.Model != m.ID || st.TrainedSettled != outcomes {
		t.Fatalf("got %+v", st)
	}
	w.rateAll(t, id)
	w.expectRated(t, id)
	if after := w.ratings(t, id)["9001"]; *after.Score >= *before.Score {
		t.Errorf("a score of %d became %d where most parcels fail", *before.Score, *after.Score)
	}

	// Back to what the program ships with.
	err = w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ActivateModel(ctx, id, uuid.Nil, w.clock.Now()); err != nil {
			return err
		}
		return app.Rescore(ctx, w.app, tx, id)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.rateAll(t, id)
	w.expectRated(t, id)
	if after := w.ratings(t, id)["9001"]; *after.Score != *before.Score {
		t.Errorf("got %d, want %d again", *after.Score, *before.Score)
	}
	if models, _ = w.store.ScoreModels(t.Context(), id, 9, 0); models[0].State != store.ModelRolledBack {
		t.Errorf("the model is %s", models[0].State)
	}
	// A person's wish is granted at any time.
	err = w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return w.app.StartTraining(ctx, tx, id) })
	if err != nil {
		t.Fatal(err)
	}
	train()
	if models, _ = w.store.ScoreModels(t.Context(), id, 9, 0); len(models) != 2 {
		t.Errorf("%d models", len(models))
	}
}
