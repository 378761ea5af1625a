package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app/score"
	"probability/store"
)

const settingsOfAll = `{"bands":{"high":90,"medium":50,"low":20},"factors":{"payment_cod":{"weight":-3},"night_order":{"off":true}},
	"economy":{"currency":"COP","margin":"25000.50","return_cost":"18000"},"carriers":[{"country":"CO","carrier":"TCC","use":"prefer"}],"explore":0.05}`

func (b *bench) set(path, body string, changes ...change) answer {
	b.t.Helper()
	return b.do(http.MethodPut, path, body, changes...)
}

func TestScoring_SettingsAreVersioned(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.Scoring = score.Settings{Bands: score.Bands{High: 75}} })
	path, id, orders := b.parcels(parcel(1, ""))
	got := b.get(path + "scoring/").want(http.StatusOK)
	if got.at("version") != 0.0 || got.header.Get("ETag") != `"0"` || got.at("defaults", "bands", "high") != 75.0 || got.at("in_force", "bands", "low") != 40.0 ||
		got.at("updated_at") != nil || len(got.at("factors").([]any)) < 20 {
		t.Errorf("got %s", got.body)
	}
	before := b.get(orders["#1001"]).at("delivery_score").(float64)
	stored := b.set(path+"scoring/", `{"version":0,"settings":`+settingsOfAll+`}`).want(http.StatusAccepted)
	if stored.at("version") != 1.0 || stored.at("settings", "economy", "margin") != "25000.5" || stored.at("in_force", "bands", "high") != 90.0 || stored.at("rescoring", "running") != true ||
		stored.at("rescoring", "total") != 1.0 || stored.at("versions", 0, "version") != 1.0 || stored.header.Get("ETag") != `"1"` {
		t.Errorf("got %s", stored.body)
	}
	if shown := b.get(orders["#1001"] + "score/"); shown.at("stored", "up_to_date") != false || shown.at("stored", "rescoring") != true || shown.at("settings_version") != 1.0 {
		t.Errorf("while it is rated anew: %s", shown.body)
	}
	b.rate(id)
	after := b.get(orders["#1001"] + "score/").want(http.StatusOK)
	if after.at("score").(float64) >= before || after.at("stored", "score") != after.at("score") || after.at("stored", "up_to_date") != true || after.at("expected_profit", "currency") != "COP" ||
		after.at("recommended_carrier", "name") != "TCC" {
		t.Errorf("before %v, after %s", before, after.body)
	}
	if again := b.set(path+"scoring/", `{"version":1,"settings":`+settingsOfAll+`}`).want(http.StatusAccepted); again.at("version") != 1.0 || again.at("rescoring", "running") != false {
		t.Errorf("the same settings: %s", again.body)
	}
	b.set(path+"scoring/", `{"settings":{}}`, header("If-Match", `"1"`)).want(http.StatusAccepted)
	if got := b.post(path+"scoring/restore/", `{"version":1}`).want(http.StatusAccepted); got.at("version") != 3.0 || got.at("in_force", "bands", "high") != 90.0 || got.at("versions", 2, "version") != 1.0 {
		t.Errorf("got %s", got.body)
	}
	if got := b.post(path+"scoring/restore/", `{"version":0}`).want(http.StatusAccepted); got.at("version") != 4.0 || got.at("in_force", "bands", "high") != 75.0 {
		t.Errorf("got %s", got.body)
	}
	b.rate(id)
	if now := b.get(orders["#1001"]).at("delivery_score"); now != before {
		t.Errorf("got %v, want %v again", now, before)
	}
}

func TestScoring_NoChangeIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	b.set(path+"scoring/", `{"version":0,"settings":{"bands":{"high":85}}}`).want(http.StatusAccepted)
	b.set(path+"scoring/", `{"version":0,"settings":{"bands":{"high":86}}}`).problem(http.StatusConflict, "settings_changed")
	b.set(path+"scoring/", `{"settings":{"bands":{"high":86}}}`, header("If-Match", `"0"`)).problem(http.StatusConflict, "settings_changed")
	b.post(path+"scoring/restore/", `{"version":0}`, header("If-Match", `"0"`)).problem(http.StatusConflict, "settings_changed")
	if got := b.get(path + "scoring/"); got.at("version") != 1.0 || got.at("in_force", "bands", "high") != 85.0 {
		t.Errorf("got %s", got.body)
	}
}

func TestScoring_RefusesWhatCannotBeSet(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.Scoring = score.Settings{Bands: score.Bands{High: 75}} })
	path, _ := b.connected()
	for settings, name := range map[string]string{
		`{"bands":{"high":101}}`: "bands.high", `{"bands":{"high":50}}`: "bands", `{"bands":{"medium":76}}`: "bands", `{"factors":{"nonsense":{}}}`: "factors.nonsense",
		`{"factors":{"payment_cod":{"weight":1}}}`: "factors.payment_cod.weight", `{"factors":{"payment_cod":{"weight":-9}}}`: "factors.payment_cod.weight",
		`{"economy":{"currency":"X","margin":"1","return_cost":"1"}}`: "economy.currency", `{"economy":{"currency":"COP","margin":"-1","return_cost":"1"}}`: "economy.margin",
		`{"carriers":[{"carrier":"TCC","use":"like"}]}`: "carriers.0.use", `{"explore":0.5}`: "explore", `{"weights":{}}`: "weights", `[]`: "settings", `null`: "settings", `5`: "settings",
	} {
		for _, ask := range []func() answer{
			func() answer { return b.set(path+"scoring/", `{"version":0,"settings":`+settings+`}`) },
			func() answer { return b.post(path+"scoring/preview/", `{"settings":`+settings+`}`) },
		} {
			got := ask().problem(http.StatusBadRequest, "validation_failed")
			if text, _ := got.at("errors", name, 0).(string); text == "" || strings.Contains(text, "no value") {
				t.Errorf("%s: got %s, want a complaint about %s", settings, got.body, name)
			}
		}
	}
	for body, name := range map[string]string{
		`{"settings":{}}`: "version", `{"version":0}`: "settings", `{"version":-1,"settings":{}}`: "version", `{"version":"x","settings":{}}`: "version", `{"version":1.5,"settings":{}}`: "version",
	} {
		if got := b.set(path+"scoring/", body).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", name, 0) == nil {
			t.Errorf("%s: got %s", body, got.body)
		}
	}
	b.set(path+"scoring/", `{"settings":{}}`, header("If-Match", "*")).problem(http.StatusBadRequest, "validation_failed")
	for _, body := range []string{`{}`, `{"version":7}`, `{"version":"x"}`} {
		b.post(path+"scoring/restore/", body).problem(http.StatusBadRequest, "validation_failed")
	}
	if got := b.get(path + "scoring/"); got.at("version") != 0.0 {
		t.Errorf("got %s", got.body)
	}
}

func TestScoring_PreviewStoresNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, _ := b.parcels(parcel(1, ""), strings.ReplaceAll(parcel(2, ""), "+57 301 482 7395", ""), strings.ReplaceAll(parcel(3, ""), "Cash on Delivery (COD)", "shopify_payments"))
	before := string(b.get(path + "orders/").body)
	got := b.post(path+"scoring/preview/", `{"settings":`+settingsOfAll+`}`).want(http.StatusOK)
	if got.at("orders") != 3.0 || got.at("changed") != 2.0 || got.at("carriers_changed") != 3.0 || got.at("largest", 0, "after", "recommended_carrier") != "TCC" {
		t.Errorf("got %s", got.body)
	}
	first := got.at("largest", 0).(map[string]any)
	if first["before"].(map[string]any)["score"].(float64) <= first["after"].(map[string]any)["score"].(float64) {
		t.Errorf("got %v", first)
	}
	sum := 0.0
	for _, n := range got.at("after").(map[string]any) {
		sum += n.(float64)
	}
	if sum != 3 {
		t.Errorf("the bands after have %v orders: %s", sum, got.body)
	}
	b.rate(id)
	if after := string(b.get(path + "orders/").body); after != before || b.get(path+"scoring/").at("version") != 0.0 {
		t.Error("a preview changes something")
	}
	if got := b.post(path+"scoring/preview/", `{"settings":{}}`).want(http.StatusOK); got.at("changed") != 0.0 || got.at("largest", 0) != nil {
		t.Errorf("what is in force: %s", got.body)
	}
}

// model stores a model of an integration in a state, with a report.
func (b *bench) model(id int64, state string) uuid.UUID {
	b.t.Helper()
	learnt := score.Shipped()
	learnt.Basis, learnt.N, learnt.Failed, learnt.Version, learnt.Until = score.BasisBlended, 400, 90, 3, b.clock.Now()
	learnt.Intercept++
	learnt.Cells = map[string]score.Cell{
		"co|cun|soacha": {Effect: -0.8, Variance: 0.01, Delivered: 12, Failed: 19}, "co|cun": {Effect: 0.1, Variance: 0.01, Delivered: 60, Failed: 9},
		"co|cun|la mesa": {Effect: -1.5, Variance: 0.01, Delivered: 1, Failed: 3}, "#7": {Effect: 0.4, Variance: 0.01, Delivered: 30, Failed: 2},
	}
	learnt.Carriers = map[string][]score.CarrierRate{"": {{Carrier: "tcc", Name: "TCC", Delivered: 50, Failed: 9}, {Carrier: "olva", Delivered: 2, Failed: 1}}}
	report := score.Report{
		At: b.clock.Now(), Basis: score.BasisBlended, Decision: score.Accepted, Reason: score.ReasonBetter, Live: true, Warnings: []string{score.WarnNotShipped}, N: 400, Failed: 90,
		NotShippedShare: 0.2, Excluded: score.Excluded{NotShipped: 80}, Tested: score.Tested{N: 80, Skill: 0.1, AUC: &score.Interval{Value: 0.7, Low: 0.6, High: 0.8}, CurrentLoss: new(0.5), Gain: 0.02},
	}
	m := store.ScoreModel{ID: uuid.Must(uuid.NewV7()), IntegrationID: id, State: state, Basis: string(learnt.Basis), CreatedAt: b.clock.Now(), N: 400, Failed: 90}
	if state == store.ModelRefused {
		report.Decision, report.Reason = score.Refused, score.ReasonNotBetter
	} else {
		var err error
		m.Body, err = json.Marshal(learnt)
		fatal(b.t, err)
	}
	var err error
	m.Report, err = json.Marshal(report)
	fatal(b.t, err)
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertModel(ctx, m)
		return err
	}))
	return m.ID
}

func TestModels_GoBackAndForth(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, orders := b.parcels(parcel(1, ""))
	if got := b.get(path + "scoring/models/").want(http.StatusOK); got.at("count") != 0.0 {
		t.Errorf("got %s", got.body)
	}
	plain := b.get(orders["#1001"]).at("delivery_score").(float64)
	good, refused := b.model(id, store.ModelRetired), b.model(id, store.ModelRefused)
	list := b.get(path+"scoring/models/", header("Accept-Language", "es")).want(http.StatusOK)
	if list.at("count") != 2.0 || list.at("results", 0, "id") != refused.String() || list.at("results", 0, "state") != "refused" || list.at("results", 1, "summary", "auc") != 0.7 ||
		!strings.HasPrefix(list.at("results", 0, "message").(string), "Fue rechazado") {
		t.Errorf("got %s", list.body)
	}
	one := b.get(path + "scoring/models/" + good.String() + "/").want(http.StatusOK)
	if one.at("warnings", 0, "code") != score.WarnNotShipped || one.at("warnings", 0, "message") == "" || one.at("report", "excluded", "not_shipped") != 80.0 ||
		fmt.Sprint(one.at("report", "reliability")) != "[]" {
		t.Errorf("got %s", one.body)
	}
	activate := func(model uuid.UUID) answer {
		t.Helper()
		return b.post(path+"scoring/models/"+model.String()+"/activate/", "")
	}
	activate(refused).problem(http.StatusConflict, "model_refused")
	activate(uuid.New()).problem(http.StatusNotFound, "not_found")
	if got := activate(good).want(http.StatusAccepted); got.at("rescoring", "running") != true {
		t.Errorf("got %s", got.body)
	}
	b.rate(id)
	shown := b.get(orders["#1001"] + "score/").want(http.StatusOK)
	if shown.at("model_id") != good.String() || shown.at("model_version") != 1.0 || shown.at("basis") != "blended" || shown.at("score") == plain || shown.at("stored", "up_to_date") != true {
		t.Errorf("got %s", shown.body)
	}
	if got := b.get(path + "scoring/models/"); got.at("results", 1, "state") != "live" || got.at("results", 1, "activated_at") == nil {
		t.Errorf("got %s", got.body)
	}
	report := b.get(path + "scoring/report/").want(http.StatusOK)
	if report.at("model_id") != good.String() || report.at("basis") != "blended" || report.at("n") != 400.0 || report.at("places", 0, "name") != "soacha" || report.at("places", 0, "failed") != 19.0 ||
		report.at("places", 2) != nil || report.at("products", 0, "name") != "7" || report.at("carriers", 0, "name") != "TCC" || report.at("carriers", 1) != nil ||
		report.at("coverage", "not_shipped_share") != 0.2 || report.at("warnings", 0, "code") != score.WarnNotShipped {
		t.Errorf("got %s", report.body)
	}
	activate(uuid.Nil).want(http.StatusAccepted) // what the program ships with
	b.rate(id)
	if now := b.get(orders["#1001"]).at("delivery_score"); now != plain {
		t.Errorf("got %v, want %v again", now, plain)
	}
	if got := b.get(path + "scoring/models/"); got.at("results", 1, "state") != "rolled_back" {
		t.Errorf("got %s", got.body)
	}
}

func TestTraining_IsAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	empty := b.get(path + "scoring/report/").want(http.StatusOK)
	if empty.at("basis") != "prior" || empty.at("model_id") != nil || empty.at("coverage", "orders") != 0.0 || empty.at("trained_at") != nil || empty.at("training_asked") != false {
		t.Errorf("got %s", empty.body)
	}
	var payloads []string
	for i := range 60 {
		end := deliveredParcel
		if i%3 == 0 {
			end = strings.Replace(deliveredParcel, `"shipment_status":"delivered"`, `"shipment_status":"failure"`, 1)
		}
		payloads = append(payloads, strings.ReplaceAll(parcel(i, end), "2026-11-0", "2026-08-0"))
	}
	b.put(id, payloads...)
	b.rate(id)
	b.post(path+"scoring/train/", "").want(http.StatusAccepted)
	b.post(path+"scoring/train/", "").want(http.StatusAccepted) // it is on its way
	if got := b.get(path + "scoring/report/"); got.at("training_asked") != true {
		t.Errorf("got %s", got.body)
	}
	if _, err := b.app.Train(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	again := b.post(path+"scoring/train/", "").problem(http.StatusTooManyRequests, "trained_just_now")
	if again.header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", again.header.Get("Retry-After"))
	}
	got := b.get(path + "scoring/models/").want(http.StatusOK)
	if got.at("count") != 1.0 || got.at("results", 0, "n") != 60.0 || got.at("results", 0, "failed") != 20.0 || got.at("results", 0, "message") == "" {
		t.Errorf("got %s", got.body)
	}
	b.get(path + "scoring/models/" + got.at("results", 0, "id").(string) + "/").want(http.StatusOK)
	// What was reported since is something new to learn from.
	b.put(id, parcel(60, deliveredParcel))
	b.rate(id)
	b.post(path+"scoring/train/", "").want(http.StatusAccepted)
	if _, err := b.app.Train(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.post(path+"scoring/train/", "").problem(http.StatusTooManyRequests, "trained_just_now")
	b.clock.pass(time.Minute)
	b.post(path+"scoring/train/", "").want(http.StatusAccepted)
}

func BenchmarkPreview(b *testing.B) {
	bench := newBench(b)
	path, id := bench.connected()
	for i := range 10 {
		var payloads []string
		for j := range 60 {
			payloads = append(payloads, parcel(100*i+j, ""))
		}
		bench.put(id, payloads...)
	}
	bench.rate(id)
	for b.Loop() {
		bench.post(path+"scoring/preview/", `{"settings":`+settingsOfAll+`}`).want(http.StatusOK)
	}
}
