package score_test

import (
	"regexp"
	"testing"

	"probability/app/score"
)

func TestCarrier_IsNamedAsItWritesItself(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"tcc": "TCC", "dhl": "DHL", "dhl express": "DHL Express", "fedex": "FedEx", "99minutos": "99 Minutos", "99 minutos": "99 Minutos", "servientrega": "Servientrega",
		"interrapidisimo": "Interrapidísimo", "inter rapidisimo": "Interrapidísimo", "coordinadora": "Coordinadora", "envia": "Envía", "estafeta": "Estafeta",
		"correos": "Correos", "correos de mexico": "Correos de México", "de prisa": "De Prisa", "4 72": "4-72", "j t express": "J&T Express", "ivoy": "iVoy",
		"mensajeros del sur": "Mensajeros del Sur", "x": "X", "ñandu 24": "Ñandu 24",
	} {
		got := recommend(map[string][]score.CarrierRate{"": {rate(key, 30, 1)}}, score.Facts{DispatchHours: -1})
		if got == nil || got.Name != want {
			t.Errorf("%q: got %+v, want %s", key, got, want)
		}
	}
}

// What a merchant writes in a rule is what they want to read.
func TestCarrier_IsNamedAsTheRuleSays(t *testing.T) {
	t.Parallel()
	got := recommend(nil, score.Facts{DispatchHours: -1}, score.CarrierRule{Carrier: "Tcc Norte", Use: score.UsePrefer})
	if got == nil || got.Name != "Tcc Norte" {
		t.Errorf("got %+v", got)
	}
}

// A key that no name is folded to would never be looked up.
func TestCarrierNames_HaveKeys(t *testing.T) {
	t.Parallel()
	folded := regexp.MustCompile(`^[a-z0-9]+( [a-z0-9]+)*$`)
	for key, name := range score.CarrierNames() {
		if !folded.MatchString(key) || name == "" {
			t.Errorf("%q is no key of %q", key, name)
		}
	}
}
