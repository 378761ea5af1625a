package score_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"probability/app/score"
)

// soacha is an order to a city near Bogotá.
var soacha = score.Order{
	Country: "Colombia", Province: "Cundinamarca", City: "Soacha", Postcode: "250051", Address: "Calle 5", Phone: "12345", Email: "ana@mailinator.com",
	Name: "Ana", Payment: "Cash on Delivery (COD)", Currency: "COP", Total: 250_000_000_000, HasTotal: true,
	Items: []score.Item{{Product: "p1", Title: "Lámpara de sal", Quantity: 4}},
}

var toSoacha = score.Facts{
	COD: score.Yes, Currency: "COP", DispatchHours: -1, Country: "co", Province: "co|cundinamarca", City: "co|cundinamarca|soacha", Postcode: "co|cundinamarca|soacha|250051",
}

func rate(carrier string, delivered, failed int) score.CarrierRate {
	return score.CarrierRate{Carrier: carrier, Delivered: delivered, Failed: failed}
}

func someCarriers() map[string][]score.CarrierRate {
	return map[string][]score.CarrierRate{
		"":                       {rate("envia", 180, 20), rate("coordinadora", 300, 100), rate("tcc", 3, 0)},
		"co":                     {rate("coordinadora", 300, 100), rate("tcc", 3, 0), rate("envia", 180, 20)},
		"co|cundinamarca|soacha": {{Carrier: "coordinadora", Name: "Coordinadora S.A.", Delivered: 40, Failed: 14}},
	}
}

func recommend(carriers map[string][]score.CarrierRate, to score.Facts, rules ...score.CarrierRule) *score.CarrierAdvice {
	m := score.Shipped()
	m.Carriers = carriers
	return score.NewScorer(m, score.Settings{Carriers: rules}).Explain(to, score.History{}, soacha).RecommendedCarrier
}

func TestCarrier_ThreeOfThreeDoNotBeat180Of200(t *testing.T) {
	t.Parallel()
	got := recommend(someCarriers(), toSoacha)
	if got == nil || got.Name != "Envía" || got.Shipments != 200 || got.Delivered != 180 || got.Level != score.LevelCountry || got.Place != "Colombia" {
		t.Fatalf("got %+v", got)
	}
	if *got.P < 0.8 || *got.P > 0.9 || *got.Low >= *got.P {
		t.Errorf("p %v, low %v", *got.P, *got.Low)
	}
	next := got.Next
	if next == nil || next.Name != "Coordinadora S.A." || next.Shipments != 54 || next.Place != "Soacha" || next.Next != nil || *next.Low >= *got.Low {
		t.Errorf("next is %+v", next)
	}
}

// A beta distribution of 10 parcels at the rate above and those counted. The quantile is from adding up its density in 400,000 steps.
func TestCarrier_FiguresByHand(t *testing.T) {
	t.Parallel()
	got := recommend(map[string][]score.CarrierRate{"": {rate("envia", 180, 20)}}, score.Facts{DispatchHours: -1})
	// Everywhere: the store's rate is (7.5+180)/210 = 0.892857; so alpha is 188.92857, beta 21.07143.
	if p := 188.928571428 / 210; got == nil || diff(*got.P, p) > 1e-9 {
		t.Fatalf("got %+v, want p %v", got, p)
	}
	if diff(*got.Low, 0.882675) > 5e-6 {
		t.Errorf("the 20 %% quantile is %v", *got.Low)
	}
}

func diff(a, b float64) float64 { return max(a-b, b-a) }

// A carrier that never went to a hard place is not the best for it merely because of that.
func TestCarrier_AHardPlaceIsHardForAll(t *testing.T) {
	t.Parallel()
	carriers := map[string][]score.CarrierRate{
		"":                       {rate("envia", 400, 100), rate("tcc", 840, 160)},
		"co":                     {rate("envia", 400, 100), rate("tcc", 840, 160)},
		"co|cundinamarca|soacha": {rate("envia", 60, 60)},
	}
	got := recommend(carriers, toSoacha)
	if got == nil || got.Name != "Envía" || got.Place != "Soacha" {
		t.Errorf("in the hard city: got %+v", got)
	}
	elsewhere := toSoacha
	elsewhere.Province, elsewhere.City, elsewhere.Postcode = "co|ant", "co|ant|medellin", ""
	if got := recommend(carriers, elsewhere); got == nil || got.Name != "TCC" {
		t.Errorf("elsewhere: got %+v", got)
	}
}

func TestCarrier_NoneWhereTooLittleIsKnown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		carriers map[string][]score.CarrierRate
		to       score.Facts
	}{
		"nothing":         {nil, toSoacha},
		"19 parcels":      {map[string][]score.CarrierRate{"": {rate("tcc", 19, 0)}, "co": {rate("tcc", 19, 0)}}, toSoacha},
		"another country": {map[string][]score.CarrierRate{"": {rate("tcc", 300, 9)}, "mx": {rate("tcc", 300, 9)}}, toSoacha},
	} {
		if got := recommend(c.carriers, c.to); got != nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	twenty := map[string][]score.CarrierRate{"": {rate("tcc", 20, 0)}, "co": {rate("tcc", 20, 0)}}
	if got := recommend(twenty, toSoacha); got == nil || got.Next != nil {
		t.Errorf("20 parcels: got %+v", got)
	}
	if got := recommend(twenty, score.Facts{DispatchHours: -1}); got == nil || got.Level != score.LevelEverywhere {
		t.Errorf("to an unknown place: got %+v", got)
	}
}

func TestCarrier_TheMostExactRuleWins(t *testing.T) {
	t.Parallel()
	prefer := func(country, province, city, carrier string) score.CarrierRule {
		return score.CarrierRule{Country: country, Province: province, City: city, Carrier: carrier, Use: score.UsePrefer}
	}
	exclude := func(country, province, city, carrier string) score.CarrierRule {
		r := prefer(country, province, city, carrier)
		r.Use = score.UseExclude
		return r
	}
	for name, c := range map[string]struct {
		rules []score.CarrierRule
		want  string
	}{
		"excluded":                     {[]score.CarrierRule{exclude("", "", "", "Envía")}, "Coordinadora S.A."},
		"excluded elsewhere":           {[]score.CarrierRule{exclude("mx", "", "", "Envía")}, "Envía"},
		"all excluded":                 {[]score.CarrierRule{exclude("", "", "", "ENVIA"), exclude("co", "", "", "coordinadora")}, ""},
		"preferred":                    {[]score.CarrierRule{prefer("", "", "", "Coordinadora")}, "Coordinadora S.A."},
		"preferred, city excluded":     {[]score.CarrierRule{prefer("co", "", "", "Coordinadora"), exclude("co", "", "Soacha", "coordinadora")}, "Envía"},
		"excluded, city preferred":     {[]score.CarrierRule{exclude("co", "", "", "coordinadora"), prefer("co", "Cundinamarca", "SOACHA", "coordinadora")}, "Coordinadora S.A."},
		"as people write it":           {[]score.CarrierRule{exclude("Colombia", "CUN", "SOACHA, Cundinamarca", "Envía")}, "Coordinadora S.A."},
		"city over province":           {[]score.CarrierRule{prefer("co", "", "Soacha", "coordinadora"), exclude("co", "Cundinamarca", "", "coordinadora")}, "Coordinadora S.A."},
		"a placeholder is no place":    {[]score.CarrierRule{exclude("co", "", "n/a", "envia")}, "envia"},
		"province over country":        {[]score.CarrierRule{exclude("co", "Cundinamarca", "", "envia"), prefer("co", "", "", "envia")}, "Coordinadora S.A."},
		"preferred with few parcels":   {[]score.CarrierRule{prefer("co", "", "Soacha", "TCC")}, "TCC"},
		"preferred and never seen":     {[]score.CarrierRule{prefer("", "", "", "Interrapidísimo")}, "Interrapidísimo"},
		"preferred in another city":    {[]score.CarrierRule{prefer("co", "", "Cali", "TCC")}, "Envía"},
		"another city of the province": {[]score.CarrierRule{exclude("co", "Cundinamarca", "Chia", "envia")}, "envia"},
	} {
		got := ""
		if a := recommend(someCarriers(), toSoacha, c.rules...); a != nil {
			got = a.Name
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	chia := toSoacha // a city that nothing was sent to yet
	chia.City, chia.Postcode = "co|cundinamarca|chia", ""
	for _, province := range []string{"", "Cundinamarca"} {
		if got := recommend(someCarriers(), chia, prefer("co", province, "Chía", "Coordinadora")); got == nil || got.Name != "Coordinadora" {
			t.Errorf("a rule for a city without parcels, province %q: got %+v", province, got)
		}
	}
	if got := recommend(someCarriers(), chia, exclude("co", "Cundinamarca", "", "envia")); got == nil || got.Name != "Coordinadora" {
		t.Errorf("a rule for a province without parcels: got %+v", got)
	}
	few := recommend(someCarriers(), toSoacha, prefer("", "", "", "TCC"))
	if few.P != nil || few.Low != nil || !few.Preferred || few.Shipments != 3 || few.Next == nil || few.Next.Name != "Envía" {
		t.Errorf("a preferred one with few parcels is %+v", few)
	}
	if got := recommend(nil, toSoacha, prefer("co", "", "", "TCC")); got == nil || got.Name != "TCC" || got.P != nil {
		t.Errorf("without any parcel: %+v", got)
	}
}

// The same is said at first and from memory, by Score and by Explain, to many at once, and the order's own names stay its own.
func TestCarrier_AdviceIsKeptByPlace(t *testing.T) {
	t.Parallel()
	m := score.Shipped()
	m.Carriers = someCarriers()
	s := score.NewScorer(m, score.Settings{Carriers: []score.CarrierRule{{Country: "co", City: "Soacha", Carrier: "Envía", Use: score.UsePrefer}}})
	first := s.Explain(toSoacha, score.History{}, soacha).RecommendedCarrier
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				f := toSoacha
				f.City = fmt.Sprintf("co|cundinamarca|junk %d %d", i, j)
				if got := s.Score(f, score.History{}); got.Carrier != "Envía" {
					t.Errorf("got %q", got.Carrier)
				}
				other := soacha
				other.Country = "CO"
				if got := s.Explain(toSoacha, score.History{}, other).RecommendedCarrier; got.Place != "CO" {
					t.Errorf("got %q", got.Place)
				}
			}
		})
	}
	all.Wait()
	if again := s.Explain(toSoacha, score.History{}, soacha).RecommendedCarrier; cmp.Diff(first, again) != "" {
		t.Errorf("another answer:\n%s", cmp.Diff(first, again))
	}
}
