package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"probability/app/score"
	"probability/store"
)

// doubtful is a parcel without a telephone number to an address without a number.
func doubtful(id int) string {
	return strings.NewReplacer("+57 301 482 7395", "", "Calle 12 # 34-56", "por la tienda").Replace(parcel(id, ""))
}

// page is the path of an order's page, of that of the API.
func pageOf(apiPath string) string {
	return strings.TrimSuffix(strings.Replace(apiPath, "/api/integrations/shopify/", "/stores/", 1), "/")
}

func TestOrderPage_SaysWhyItHasItsScore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, orders := b.parcels(parcel(1, ""), doubtful(2))
	at := pageOf(orders["#1002"])
	w := b.browserOf("alice@example.com", "en")
	told := b.get(orders["#1002"] + "score/").want(http.StatusOK)
	page := w.open(at).says("No phone number", "The order has no phone number, so the carrier cannot call.", "Payment on delivery", "What to do:",
		told.at("words", "summary").(string), told.at("words", "action").(string), "It rests on what is usual", "Not known of this order", "None: no carrier has 20")
	for _, factor := range told.at("negative_factors").([]any) {
		f := factor.(map[string]any)
		page.says(fmt.Sprintf("−%.0f %s", -f["points"].(float64), f["label"]))
	}
	drawing := page.all("svg", "class", "scale")
	if len(drawing) != 1 || !strings.Contains(attr(drawing[0], "aria-label"), told.at("words", "summary").(string)) {
		t.Fatalf("the scale says %v", drawing)
	}
	value := told.at("score").(float64)
	if pin := within(drawing[0], "path")[0]; attr(pin, "transform") != fmt.Sprintf("translate(%.0f 0)", 4*value) {
		t.Errorf("a score of %v stands at %s", value, attr(pin, "transform"))
	}
	width := 0
	for _, z := range within(drawing[0], "rect") {
		if strings.HasPrefix(attr(z, "class"), "zone") {
			var n int
			_, err := fmt.Sscan(attr(z, "width"), &n)
			fatal(t, err)
			width += n
		}
	}
	if width != 400 {
		t.Errorf("the bands come to %d units of 400", width)
	}
	b.browserOf("alice@example.com", "es").open(at).says("Sin teléfono", "Qué hacer:", "Lo que habla en contra")

	// What lists show until the job has been there.
	b.unrate(id)
	w.open(at).says("Lists do not show it yet", "No phone number")
}

func TestOrderPage_RecordsWhatBecameOfTheParcel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, orders := b.parcels(parcel(1, deliveredParcel), parcel(2, ""))
	at := pageOf(orders["#1001"])
	w := b.browserOf("alice@example.com", "en")
	page := w.open(at).says("Shopify", "Delivered and paid")
	page.submit(at+"/outcome", nil).shows(http.StatusBadRequest).says("This is required.")
	page.submit(at+"/outcome", url.Values{"outcome": {"eaten"}}).shows(http.StatusBadRequest).says("This must be one of")
	again := page.submit(at+"/outcome", url.Values{"outcome": {"failed"}, "happened_at": {"2036-01-01"}, "carrier": {"TCC"}}).shows(http.StatusBadRequest)
	again.says("This time lies in the future")
	if left := again.all("input", "id", "carrier")[0]; attr(left, "value") != "TCC" {
		t.Error("what was entered is lost")
	}
	said := page.submit(at+"/outcome", url.Values{"outcome": {"failed"}, "happened_at": {"2026-11-03"}, "carrier": {"Servientrega"}, "note": {"no quiso"}}).shows(http.StatusOK)
	said.says("The outcome is recorded", "Not delivered", "You, on these pages", "Servientrega", "no quiso", "counts")
	if said.at.Path != at {
		t.Errorf("it leads to %s", said.at)
	}
	page.submit(at+"/outcome", url.Values{"outcome": {"failed"}, "happened_at": {"2026-11-03"}, "carrier": {"Servientrega"}, "note": {"no quiso"}}).says("so nothing changed")
	if got := b.get(orders["#1001"] + "outcomes/"); got.at("end", "source") != "user" || len(got.at("reports").([]any)) != 1 {
		t.Errorf("got %s", got.body)
	}
	undo := ""
	for _, f := range said.all("form", "", "") {
		if to := attr(f, "action"); strings.HasSuffix(to, "/undo") {
			undo = to
		}
	}
	back := said.submit(undo, nil).shows(http.StatusOK).says("taken back", "undone", "Delivered and paid")
	if slices.ContainsFunc(back.all("form", "", ""), func(f *html.Node) bool { return strings.HasSuffix(attr(f, "action"), "/undo") }) {
		t.Error("what was undone can be undone again")
	}
	if got := b.get(orders["#1001"] + "outcomes/"); got.at("end", "source") != "platform" {
		t.Errorf("got %s", got.body)
	}
	w.send(http.MethodPost, at+"/outcomes/"+uuid.NewString()+"/undo", said.form("/logout").Encode()).shows(http.StatusNotFound)
}

func TestOrderPage_MarksTheOrderOrItsCustomer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, orders := b.parcels(parcel(1, ""), strings.NewReplacer("+57 301 482 7395", "", "ana@example.com", "").Replace(parcel(2, "")))
	w := b.browserOf("alice@example.com", "en")
	at := pageOf(orders["#1001"])
	before := b.get(orders["#1001"] + "score/").at("score").(float64)
	done := w.open(at).submit(at+"/mark", url.Values{"mark": {"block"}, "scope": {"customer"}, "note": {"pide y no recibe"}}).shows(http.StatusOK)
	done.says("The mark is set", "Blocked", "This customer, in all their orders", "pide y no recibe", "Your own mark", "Hold it back")
	if after := b.get(orders["#1001"] + "score/").at("score").(float64); after >= before {
		t.Errorf("blocked it has %v, before %v", after, before)
	}
	done.submit(at+"/mark", url.Values{"mark": {"none"}}).shows(http.StatusOK).says("The mark was taken away", "Applies to")
	if got := b.get(orders["#1001"] + "score/"); got.at("mark") != nil || got.at("score").(float64) != before {
		t.Errorf("got %s", got.body)
	}
	nameless := pageOf(orders["#1002"])
	w.open(nameless).submit(nameless+"/mark", url.Values{"mark": {"allow"}, "scope": {"customer"}}).shows(http.StatusBadRequest).says("neither a phone number nor an e-mail")
	w.open(nameless).submit(nameless+"/mark", nil).shows(http.StatusBadRequest).says("This is required.")
	w.open(nameless).submit(nameless+"/mark", url.Values{"mark": {"allow"}}).shows(http.StatusOK).says("Allowed", "This order alone")
}

func TestOrdersPage_IsSortedAndFilteredByScore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, _ := b.parcels(parcel(1, ""), doubtful(2), strings.Replace(parcel(3, ""), "Cash on Delivery (COD)", "Mercado Pago", 1))
	w := b.browserOf("alice@example.com", "en")
	list := fmt.Sprintf("/stores/%d/orders", id)
	numbers := func(s screen) (out []string) {
		for _, row := range within(s.all("tbody", "", "")[0], "th") {
			out = append(out, textOf(row))
		}
		return out
	}
	page := w.open(list)
	riskiest := "?delivery_probability=&ordering=delivery_score"
	if links := page.all("a", "href", "?ordering=delivery_score"); len(links) != 1 {
		t.Errorf("no column leads to the riskiest first, as %s does", riskiest)
	}
	up := w.open(list + riskiest)
	if got := numbers(up); !slices.Equal(got, []string{"#1002", "#1001", "#1003"}) {
		t.Errorf("the riskiest first: %v", got)
	}
	if len(up.all("th", "aria-sort", "ascending")) != 1 || len(up.all("a", "href", "?ordering=-delivery_score")) != 1 {
		t.Error("the column does not say how it is sorted, or does not turn round")
	}
	scored := b.listed(id)
	least := slices.MinFunc(scored, func(a, b store.Order) int { return *a.DeliveryScore - *b.DeliveryScore })
	if got := numbers(w.open(fmt.Sprintf("%s?max_score=%d", list, *least.DeliveryScore))); !slices.Equal(got, []string{"#1002"}) {
		t.Errorf("up to the lowest score: %v", got)
	}
	w.send(http.MethodGet, list+"?min_score=x", "").shows(http.StatusBadRequest).says("This must be a whole number from 0 to 100.")
	w.open(list + "?delivery_probability=unscored").says("No order matches")
	b.unrate(id)
	if got := numbers(w.open(list + "?delivery_probability=unscored").says("Not scored")); len(got) != 3 {
		t.Errorf("unscored: %v", got)
	}
}

// tested stores a model whose report has something to draw.
func (b *bench) tested(id int64, state string, skill float64) uuid.UUID {
	b.t.Helper()
	m := b.model(id, state)
	info, err := b.store.ScoreModelInfo(b.t.Context(), id, m)
	fatal(b.t, err)
	body, err := b.store.ScoreModel(b.t.Context(), id, m)
	fatal(b.t, err)
	var r score.Report
	fatal(b.t, json.Unmarshal(info.Report, &r))
	r.Tested.Skill, r.Tested.From, r.Tested.To = skill, noon.AddDate(0, -1, 0), noon
	r.Reliability = []score.Reliability{{N: 40, Predicted: 0.6, Delivered: 0.5, Low: 0.35, High: 0.65}, {N: 40, Predicted: 0.9, Delivered: 0.95, Low: 0.8, High: 0.99}}
	r.Months = []score.Month{{Month: "2026-10", N: 200, Failed: 50}, {Month: "2026-11", N: 100, Failed: 40}}
	r.Weights = []score.Moved{{Code: "phone_missing", Shipped: -0.9, Now: -1.31, SD: 0.2}}
	body.ID = uuid.Must(uuid.NewV7())
	body.Report, err = json.Marshal(r)
	fatal(b.t, err)
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertModel(ctx, body)
		return err
	}))
	return body.ID
}

func TestScorePage_SaysWhatItKnowsAndWhatNot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, _ := b.parcels(parcel(1, deliveredParcel), parcel(2, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/score", id)
	page := w.open(at).says("Shipped weights", "Nothing of your store yet", "No model was learnt from your outcomes yet", "Too few outcomes are known yet", "50 %")
	if len(page.all("svg", "class", "reliability")) != 0 {
		t.Error("a plot of nothing")
	}
	if w.open("/score").at.Path != at {
		t.Error("/score leads elsewhere")
	}

	first, better := b.tested(id, store.ModelLive, -0.02), b.tested(id, store.ModelLive, 0.1)
	b.model(id, store.ModelRefused)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.ActivateModel(ctx, id, first, noon) }))
	page = w.open(at).says("Your data do not yet beat the base rate: telling", "Does not beat the base rate yet", "Partly your own data", "Soacha", "12 of 31 delivered · 39 %",
		"Worse than others", "Lámpara", "30 of 32 delivered", "TCC", "Refused", "it does not predict better than the model in force", "in 70 of 100 cases (likely 60 to 80",
		"Many orders were never shipped", "80 (20 %)", "−1.31")
	if dots := within(page.all("svg", "class", "reliability")[0], "circle"); len(dots) != 2 || attr(dots[0], "cx") != "240.0" || attr(dots[0], "cy") != "200.0" {
		t.Errorf("the dots are %v", dots)
	}
	bar := within(page.all("svg", "class", "reliability")[0], "rect")[0]
	if attr(bar, "y") != "140.0" || attr(bar, "height") != "120.0" {
		t.Errorf("the bar from 35 to 65 %% lies at %v", bar.Attr)
	}
	page.says("Said 60 %, happened 50 % (likely 35 to 65 %), orders: 40", "60 % 50 % 35 to 65 % 40")
	if strings.Contains(textOf(page.doc), "La Mesa") {
		t.Error("a place with four outcomes is named")
	}
	es := b.browserOf("alice@example.com", "es").open(at)
	es.says("Tus datos aún no superan la tasa base", "Peor que otros", "−1,31")

	page = page.submit(fmt.Sprintf("%s/models/%s/activate", at, better), nil).shows(http.StatusOK).says("The model is in force", "errors were 10.0 % smaller", "All orders are being rated anew")
	if st, err := b.store.ScoreState(t.Context(), id); err != nil || st.Model != better {
		t.Errorf("in force is %v, %v", st.Model, err)
	}
	page.submit(at+"/models/"+uuid.Nil.String()+"/activate", nil).shows(http.StatusOK).says("Shipped weights")
	w.send(http.MethodPost, at+"/models/"+uuid.NewString()+"/activate", page.form("/logout").Encode()).shows(http.StatusNotFound)
}

func TestScorePage_AsksForTraining(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, _ := b.parcels(parcel(1, deliveredParcel))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/score", id)
	asked := w.open(at).submit(at+"/train", nil).shows(http.StatusOK).says("will be learnt anew", "Training soon")
	if _, err := b.app.Train(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.open(at).says("Last training").submit(at+"/train", nil).shows(http.StatusOK).says("was learnt a moment ago")
	if asked.at.Path != at {
		t.Errorf("it leads to %s", asked.at)
	}
}

// Outcomes that came after the last look are no reason to speak of too few.
func TestScorePage_SaysWhenLearningIsDue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var parcels []string
	for i := range 20 {
		parcels = append(parcels, parcel(i+1, deliveredParcel))
	}
	_, id, _ := b.parcels(parcels...)
	at := fmt.Sprintf("/stores/%d/score", id)
	w := b.browserOf("alice@example.com", "en")
	w.open(at).says("20 outcomes are known, and the next training learns from them")
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.PlanTraining(ctx, id, noon.Add(time.Hour), false)
	}))
	w.open(at).says("Next training: " + noon.Add(time.Hour).Format("2 Jan 2006, 15:04") + " UTC")
}
