package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app/score"
	"probability/store"
)

// ownSettings are what is stored of a store's own, with the version.
func (b *bench) ownSettings(id int64) (set score.Settings, version int64) {
	b.t.Helper()
	row, err := b.store.ScoreSettings(b.t.Context(), id)
	fatal(b.t, err)
	if row.Version > 0 {
		fatal(b.t, json.Unmarshal(row.Settings, &set))
	}
	return set, row.Version
}

func TestScoreSettings_ShowWhatTheyWouldChangeBeforeTheyDo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, _ := b.parcels(parcel(1, ""), doubtful(2), parcel(3, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/score/settings", id)
	changed := url.Values{
		"bands.high": {"90"}, "factors.phone_missing.weight": {"-3,5"}, "factors.velocity.on": {""}, "economy.margin": {"35000"}, "economy.return_cost": {"18000.50"},
		"economy.currency": {"cop"}, "carriers.0.carrier": {"TCC"}, "carriers.0.country": {"CO"}, "explore": {"7"}, "do": {"preview"},
	}
	page := w.open(at).says("The installation's settings").submit(at, changed).shows(http.StatusOK).says("Not saved yet", "of the newest 3 orders would get another score",
		"Recommended carriers that would be another: 3", "#1002")
	if _, version := b.ownSettings(id); version != 0 {
		t.Fatal("a preview stores something")
	}
	for _, row := range page.all("svg", "class", "stacked") {
		if len(within(row, "rect")) != 4 {
			t.Errorf("a bar of %d bands", len(within(row, "rect")))
		}
	}
	// What was entered is still there, and is saved from there.
	done := page.submit(at, url.Values{"do": {"save"}}).shows(http.StatusOK).says("The settings are in force", "factors: No phone number, Several orders within a day",
		"margin 35000, return 18000.5 COP", "7 % shipped to learn", "carrier rules: 1")
	set, version := b.ownSettings(id)
	want := score.Settings{
		Bands: score.Bands{High: 90}, Factors: map[score.Code]score.FactorSetting{"phone_missing": {Weight: new(-3.5)}, "velocity": {Off: true}},
		Economy:  &score.Economy{Currency: "COP", Margin: "35000", ReturnCost: "18000.5"},
		Carriers: []score.CarrierRule{{Country: "CO", Carrier: "TCC", Use: score.UsePrefer}}, Explore: new(0.07),
	}
	if d := cmp.Diff(want, set); d != "" || version != 1 {
		t.Errorf("version %d (-want +got):\n%s", version, d)
	}
	// What is set back to the installation's is inherited from then on; an emptied row is gone.
	back := done.submit(at, url.Values{
		"bands.high": {"80"}, "factors.phone_missing.weight": {""}, "carriers.0.carrier": {""}, "carriers.0.country": {""}, "explore": {""}, "economy.margin": {""},
		"economy.return_cost": {""}, "economy.currency": {""}, "factors.velocity.on": {"true"}, "do": {"save"},
	}).shows(http.StatusOK)
	if set, version := b.ownSettings(id); version != 2 || cmp.Diff(score.Settings{}, set) != "" {
		t.Errorf("version %d: %+v", version, set)
	}
	back.submit(at+"/restore", url.Values{"version": {"1"}, "seen": {"2"}}).shows(http.StatusOK).says("The settings are in force", "margin 35000")
	if set, _ := b.ownSettings(id); cmp.Diff(want, set) != "" {
		t.Errorf("restored is %+v", set)
	}
	back.submit(at+"/restore", url.Values{"version": {"1"}, "seen": {"2"}}).shows(http.StatusOK).says("Somebody stored other settings")
}

func TestScoreSettings_ComplainBesideTheField(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, _ := b.parcels(parcel(1, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/score/settings", id)
	for name, c := range map[string]struct {
		values url.Values
		field  string // whose input is marked; "": none
		says   string
	}{
		"order":    {url.Values{"bands.high": {"50"}}, "", "The bands must fall"},
		"range":    {url.Values{"bands.low": {"0"}}, "bands.low", ""},
		"weight":   {url.Values{"factors.phone_missing.weight": {"9"}}, "factors.phone_missing.weight", "A weight is a number from -5 to 5"},
		"sign":     {url.Values{"factors.phone_missing.weight": {"2"}}, "factors.phone_missing.weight", "turn the factor round"},
		"nan":      {url.Values{"factors.phone_missing.weight": {"NaN"}}, "factors.phone_missing.weight", "A weight is a number"},
		"word":     {url.Values{"explore": {"much"}, "economy.margin": {"1"}}, "explore", "This is no number"},
		"both":     {url.Values{"explore": {"much"}, "economy.margin": {"1"}}, "economy.currency", "This is no currency"},
		"currency": {url.Values{"economy.margin": {"1"}, "economy.return_cost": {"1"}, "economy.currency": {"XX"}}, "economy.currency", "This is no currency"},
		"place":    {url.Values{"carriers.0.carrier": {"TCC"}, "carriers.0.city": {"Cali"}}, "carriers.0.country", "needs its country"},
		"explore":  {url.Values{"explore": {"11"}}, "explore", "This share goes from 0"},
	} {
		c.values.Set("do", "save")
		page := w.open(at).submit(at, c.values).shows(http.StatusBadRequest).says("Nothing was saved", c.says)
		if c.field != "" && c.says != "" {
			if in := page.all("input", "name", c.field); len(in) != 1 || attr(in[0], "aria-invalid") != "true" {
				t.Errorf("%s: the field %s is not marked", name, c.field)
			}
		}
	}
	if _, version := b.ownSettings(id); version != 0 {
		t.Error("something was stored")
	}
}

func TestScoreSettings_TellOfAnotherChangeMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, _ := b.parcels(parcel(1, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/score/settings", id)
	page := w.open(at)
	b.set(path+"scoring/", `{"version":0,"settings":{"bands":{"high":70}}}`).want(http.StatusAccepted)
	told := page.submit(at, url.Values{"bands.high": {"95"}, "do": {"save"}}).shows(http.StatusConflict).says("Somebody else stored version 1", "bands from 70, 60, 40")
	if set, version := b.ownSettings(id); version != 1 || set.Bands.High != 70 {
		t.Errorf("version %d: %+v", version, set)
	}
	if left := told.all("input", "name", "bands.high")[0]; attr(left, "value") != "95" {
		t.Error("what was entered is lost")
	}
	told.submit(at, url.Values{"do": {"save"}}).shows(http.StatusOK)
	if set, version := b.ownSettings(id); version != 2 || set.Bands.High != 95 {
		t.Errorf("version %d: %+v", version, set)
	}
}

// Whoever saves the form as it is shown sets nothing, whatever is set.
func TestScoreSettings_AnUntouchedFormChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id, _ := b.parcels(parcel(1, ""))
	w := b.browserOf("alice@example.com", "en")
	at := fmt.Sprintf("/stores/%d/score/settings", id)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		if n++; n > 12 { // two pages each
			return
		}
		set := score.Settings{Bands: score.Bands{
			High: rapid.SampledFrom([]int{0, 80, 85}).Draw(r, "high"), Medium: rapid.SampledFrom([]int{0, 60, 65}).Draw(r, "medium"),
		}}
		for _, f := range score.SettableFactors() {
			switch rapid.IntRange(0, 5).Draw(r, string(f.Code)) {
			case 0:
				if set.Factors == nil {
					set.Factors = map[score.Code]score.FactorSetting{}
				}
				set.Factors[f.Code] = score.FactorSetting{Off: rapid.Bool().Draw(r, "off")}
			case 1:
				if set.Factors == nil {
					set.Factors = map[score.Code]score.FactorSetting{}
				}
				set.Factors[f.Code] = score.FactorSetting{Weight: new(f.Weight * rapid.Float64Range(0, 1).Draw(r, "weight"))}
			}
		}
		set.Economy = rapid.SampledFrom([]*score.Economy{nil, {}, {Currency: "COP", Margin: "1.50", ReturnCost: "2"}}).Draw(r, "economy")
		set.Carriers = rapid.SampledFrom([][]score.CarrierRule{nil, {}, {{Carrier: "TCC", Use: score.UseExclude}, {Country: "CO", City: "Cali", Carrier: "Envía", Use: score.UsePrefer}}}).Draw(r, "carriers")
		if rapid.Bool().Draw(r, "explore") {
			set.Explore = new(float64(rapid.IntRange(0, 1000).Draw(r, "share")) / 10_000)
		}
		text, err := set.Canonical()
		fatal(t, err)
		_, before := b.ownSettings(id)
		fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			u, err := b.store.UserByEmail(ctx, "alice@example.com")
			if err != nil {
				return err
			}
			_, err = tx.PutScoreSettings(ctx, store.ScoreSettings{IntegrationID: id, Version: before, CreatedAt: noon, UserID: u.ID, Settings: text})
			return err
		}))
		stored, version := b.ownSettings(id)
		w.open(at).submit(at, url.Values{"do": {"save"}}).shows(http.StatusOK).says("The settings are in force")
		left, after := b.ownSettings(id)
		if d := cmp.Diff(stored, left); d != "" || after != version {
			r.Fatalf("version %d became %d (-before +after):\n%s", version, after, d)
		}
	})
}

// Who empties what the installation says of money has none, and who writes the same again inherits it.
func TestScoreSettings_AnEconomyCanBeEmptied(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) {
		o.app.Scoring = score.Settings{Economy: &score.Economy{Currency: "COP", Margin: "25000", ReturnCost: "18000"}}
	})
	path, id, orders := b.parcels(parcel(1, ""))
	at := fmt.Sprintf("/stores/%d/score/settings", id)
	w := b.browserOf("alice@example.com", "en")
	earns := func() any { return b.get(orders["#1001"]+"score/").want(http.StatusOK).at("expected_profit") }
	if earns() == nil {
		t.Fatal("the installation's economy is not in force, so the test proves nothing")
	}
	empty := url.Values{"economy.currency": {""}, "economy.margin": {""}, "economy.return_cost": {""}, "do": {"preview"}}
	w.open(at).submit(at, empty).shows(http.StatusOK)
	if set, version := b.ownSettings(id); version != 0 || set.Economy != nil {
		t.Errorf("a preview stored %+v", set)
	}
	empty.Set("do", "save")
	w.open(at).submit(at, empty).shows(http.StatusOK).says("no margin and return cost")
	if set, _ := b.ownSettings(id); set.Economy == nil || *set.Economy != (score.Economy{}) || earns() != nil {
		t.Errorf("emptied: %+v, earns %v", set.Economy, earns())
	}
	if said := w.open(at).form(at).Get("economy.margin"); said != "" {
		t.Errorf("the form says %q", said)
	}
	w.open(at).submit(at, url.Values{"economy.currency": {"COP"}, "economy.margin": {"25000"}, "economy.return_cost": {"18000"}, "do": {"save"}}).shows(http.StatusOK)
	if set, _ := b.ownSettings(id); set.Economy != nil || earns() == nil {
		t.Errorf("as the installation has it: %+v, earns %v", set.Economy, earns())
	}
	for text, want := range map[string]bool{`{"economy":{}}`: false, `{"economy":null}`: false, `{}`: true, `{"economy":{"currency":"COP","margin":"1","return_cost":"1"}}`: true} {
		_, version := b.ownSettings(id)
		b.post(path+"scoring/preview/", `{"settings":`+text+`}`).want(http.StatusOK)
		got := b.set(path+"scoring/", fmt.Sprintf(`{"version":%d,"settings":%s}`, version, text)).want(http.StatusAccepted)
		if earns := earns() != nil; earns != want {
			t.Errorf("%s: earns %v, in force %v", text, earns, got.at("in_force", "economy"))
		}
	}
}
