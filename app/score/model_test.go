package score_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"probability/app/score"
)

func TestParseModel_WhatWasStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		m.Carriers = someCarriers()
		data, err := json.Marshal(m)
		fatalIn(t, err)
		got, err := score.ParseModel(data)
		fatalIn(t, err)
		if d := cmp.Diff(m, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestParseModel_ADamagedOneIsAnError(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(score.Shipped())
	fatal(t, err)
	if _, err := score.ParseModel(good); err != nil {
		t.Fatal(err)
	}
	damage := func(change func(m *score.Model)) string {
		m := score.Shipped()
		m.Cells = map[string]score.Cell{}
		change(m)
		data, err := json.Marshal(m)
		fatal(t, err)
		return string(data)
	}
	cell := func(c score.Cell) string { return damage(func(m *score.Model) { m.Cells["co"] = c }) }
	for name, data := range map[string]string{
		"empty": "", "null": "null", "a list": "[]", "an object": "{}", "half": string(good[:len(good)/2]), "text behind": string(good) + "x",
		"a weight less":           strings.Replace(string(good), "[-1.6,", "[", 1),
		"a weight more":           strings.Replace(string(good), "[-1.6,", "[-1.6,-1.6,", 1),
		"without the last weight": strings.Replace(string(good), `,-0.8],"covariance"`, `],"covariance"`, 1),
		"with one after the last": strings.Replace(string(good), `,-0.8],"covariance"`, `,-0.8,-0.5],"covariance"`, 1),
		"too large":               strings.Replace(string(good), "[-1.6,", "[-1e999,", 1),
		"basis":                   damage(func(m *score.Model) { m.Basis = "guessed" }),
		"intercept":               damage(func(m *score.Model) { m.Intercept = 21 }),
		"sign":                    damage(func(m *score.Model) { m.Weights[0] = 0.1 }),
		"weight":                  damage(func(m *score.Model) { m.Weights[0] = -21 }),
		"covariance less":         damage(func(m *score.Model) { m.Covariance = m.Covariance[1:] }),
		"covariance below":        damage(func(m *score.Model) { m.Covariance[0] = -1 }),
		"covariance large":        damage(func(m *score.Model) { m.Covariance[1] = 101 }),
		"spread":                  damage(func(m *score.Model) { m.Spread.City = -0.1 }),
		"counts":                  damage(func(m *score.Model) { m.N, m.Failed = 3, 4 }),
		"effect":                  cell(score.Cell{Effect: -21}),
		"variance":                cell(score.Cell{Variance: -1}),
		"delivered":               cell(score.Cell{Delivered: -1}),
		"failed":                  cell(score.Cell{Failed: math.MaxInt}),
		"carrier":                 damage(func(m *score.Model) { m.Carriers = map[string][]score.CarrierRate{"": {rate("", 1, 1)}} }),
		"carrier's counts":        damage(func(m *score.Model) { m.Carriers = map[string][]score.CarrierRate{"": {rate("tcc", 1, -1)}} }),
	} {
		if m, err := score.ParseModel([]byte(data)); err == nil || m != nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, x := range []float64{math.NaN(), math.Inf(1)} {
		m := score.Shipped()
		m.Weights[2] = x
		if m.Validate() == nil {
			t.Errorf("%v is a weight", x)
		}
	}
}

func TestExplain_NamesTheModel(t *testing.T) {
	t.Parallel()
	m := score.Shipped()
	if got := score.NewScorer(m, score.Settings{}).Explain(prepaid, score.History{}, score.Order{}).Model; got != "v0 n=0" {
		t.Errorf("got %q", got)
	}
	m.Version, m.N, m.Until = 7, 1842, time.Date(2026, 11, 20, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	if got := score.NewScorer(m, score.Settings{}).Explain(prepaid, score.History{}, score.Order{}).Model; got != "v7 2026-11-21 n=1842" {
		t.Errorf("got %q", got)
	}
}

func FuzzParseModel(f *testing.F) {
	good, err := json.Marshal(score.Shipped())
	fatal(f, err)
	f.Add(good)
	f.Add(good[:900])
	f.Add([]byte(strings.Replace(string(good), `"cells":null`, `"cells":{"co":{"effect":-0.5,"variance":0.01,"delivered":12,"failed":19},"co|cundinamarca":null}`, 1)))
	f.Add([]byte(strings.Replace(string(good), `"carriers":null`, `"carriers":{"":[{"carrier":"tcc","delivered":1099511627776,"failed":0}],"co":[{"carrier":"tcc","failed":30}]}`, 1)))
	f.Add([]byte(strings.Replace(string(good), `"high_value":null`, `"high_value":{"COP":-9223372036854775808}`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := score.ParseModel(data)
		if err != nil {
			return
		}
		finite(t, m, score.Settings{})
	})
}
