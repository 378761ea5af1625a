package score

// Level is how exact a place is.
type Level string

// Levels of places, the least exact first.
const (
	LevelEverywhere Level = "everywhere"
	LevelCountry    Level = "country"
	LevelProvince   Level = "province"
	LevelCity       Level = "city"
	LevelPostcode   Level = "postcode"
)

// placeLevels are how many levels of places a model knows.
const placeLevels = 4

var levels = [placeLevels]Level{LevelCountry, LevelProvince, LevelCity, LevelPostcode}

// places are the keys of an order's places, the least exact first; empty where unknown.
func (f *Facts) places() [placeLevels]string {
	return [placeLevels]string{f.Country, f.Province, f.City, f.Postcode}
}

// variances are what a place of each level and a product may differ by before anything is known of it.
func (s Spread) variances() (places [placeLevels]float64, product float64) {
	return [placeLevels]float64{
		s.Country * s.Country, s.Province * s.Province, s.City * s.City, s.Postcode * s.Postcode,
	}, s.Product * s.Product
}

// productShare is what one of an order's products counts. A parcel is taken or refused as a whole, so that its products share one
// effect: their mean. A sum would make an order of three usual products three times as unusual as each.
func (f *Facts) productShare() float64 {
	if len(f.Products) == 0 {
		return 0
	}
	return 1 / float64(len(f.Products))
}

// areaEffect adds up what is known of the order's places. A place that was never seen adds nothing.
func (m *Model) areaEffect(f *Facts) (effect float64) {
	if len(m.Cells) == 0 {
		return 0
	}
	for _, key := range f.places() {
		if key == "" {
			break // all below are unknown as well
		}
		effect += m.Cells[key].Effect
	}
	return effect
}

// productEffect is the mean of what is known of the order's products.
func (m *Model) productEffect(f *Facts) (effect float64) {
	if len(m.Cells) == 0 {
		return 0
	}
	share := f.productShare()
	for _, key := range f.Products {
		effect += share * m.Cells[key].Effect
	}
	return effect
}

// areaVariance is how unsure the place makes the log-odds: a level that is unknown or was never seen may be anything that its
// spread allows.
func (m *Model) areaVariance(f *Facts, ignored bool) (variance float64) {
	unseen, _ := m.Spread.variances()
	for i, key := range f.places() {
		cell, seen := m.Cells[key]
		if seen && key != "" && !ignored {
			variance += cell.Variance
		} else {
			variance += unseen[i]
		}
	}
	return variance
}

// productVariance is how unsure the products make the log-odds: those of a mean of independent effects.
func (m *Model) productVariance(f *Facts, ignored bool) (variance float64) {
	_, unseen := m.Spread.variances()
	share := f.productShare()
	if share == 0 || ignored {
		return unseen
	}
	for _, key := range f.Products {
		if cell, seen := m.Cells[key]; seen {
			variance += share * share * cell.Variance
		} else {
			variance += share * share * unseen
		}
	}
	return variance
}
