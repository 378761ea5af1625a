package cmd_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"probability/app/score"
	"probability/cmd"
)

func TestScoring_EconomyIsWhole(t *testing.T) {
	writeConfig(t, `scoring:
  bands: {high: 85, medium: 55, low: 30}
  economy: {currency: cop, margin: 25000.50, return_cost: "18000"}
  explore: 0.05
  carriers:
    - {country: CO, province: Cundinamarca, carrier: Servientrega, use: prefer}
    - {carrier: TCC, use: exclude}
  factors:
    night_order: {off: true}
    payment_cod: {weight: -2}
`)
	t.Setenv("PROBABILITY_SCORING_FACTORS_PAYMENT_COD_WEIGHT", "-1.25")
	t.Setenv("PROBABILITY_SCORING_ECONOMY_RETURN_COST", "9000.000001")
	cfg, err := cmd.LoadConfig("--scoring-bands-low=35")
	if err != nil {
		t.Fatal(err)
	}
	got, err := cfg.Scoring.Settings()
	if err != nil {
		t.Fatal(err)
	}
	want := score.Settings{
		Bands: score.Bands{High: 85, Medium: 55, Low: 35}, Explore: new(0.05),
		Economy: &score.Economy{Currency: "COP", Margin: "25000.5", ReturnCost: "9000.000001"},
		Carriers: []score.CarrierRule{
			{Country: "CO", Province: "Cundinamarca", Carrier: "Servientrega", Use: score.UsePrefer}, {Carrier: "TCC", Use: score.UseExclude},
		},
		Factors: map[score.Code]score.FactorSetting{score.NightOrder: {Off: true}, score.PaymentCOD: {Weight: new(-1.25)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestScoring_WithoutSettingsIsWhatTheServiceShipsWith(t *testing.T) {
	t.Chdir(t.TempDir())
	cfg, err := cmd.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	got, err := cfg.Scoring.Settings()
	if err != nil {
		t.Fatal(err)
	}
	want := score.Defaults()
	want.Explore = new(0.0)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
