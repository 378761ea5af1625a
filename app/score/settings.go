package score

// Settings is what a merchant sets. The zero value is what the service ships with: see Defaults.
type Settings struct {
	Factors  map[Code]FactorSetting `json:"factors,omitempty"`
	Bands    Bands                  `json:"bands"`
	Economy  *Economy               `json:"economy,omitempty"`
	Carriers []CarrierRule          `json:"carriers,omitempty"`
}

// FactorSetting changes one factor. Weight nil: the model's.
type FactorSetting struct {
	Weight *float64 `json:"weight,omitempty"` // in log-odds for each unit of the factor
	Off    bool     `json:"off,omitempty"`
}

// Bands are the smallest scores of the bands; below Low is very_low.
type Bands struct {
	High   int `json:"high"`
	Medium int `json:"medium"`
	Low    int `json:"low"`
}

// Economy is what a parcel brings and what a failed one costs, as exact decimal text.
type Economy struct {
	Currency   string `json:"currency"`
	Margin     string `json:"margin"`      // of a delivered order
	ReturnCost string `json:"return_cost"` // of a failed one, both ways
}

// CarrierRule prefers or excludes a carrier at some destination. Empty places mean everywhere below; the most exact rule wins.
type CarrierRule struct {
	Country  string `json:"country,omitempty"`
	Province string `json:"province,omitempty"`
	City     string `json:"city,omitempty"`
	Carrier  string `json:"carrier"`
	Use      string `json:"use"` // prefer, exclude
}
