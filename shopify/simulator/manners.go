package simulator

import "math"

// manners are what is known of a customer before a word is written: where they live, whether they take what they order, and what
// is wrong with what they fill in. All of it depends on the same carelessness, so that bad facts and failed deliveries go together,
// as they do in life, and there is something to learn.
type manners struct {
	place  *place
	city   int
	care   float64 // standard normal; the less, the more parcels come back
	phone  phoneFlaw
	street streetFlaw
	fake   bool // the name is none
}

type phoneFlaw int

const (
	phoneFine phoneFlaw = iota
	phoneMissing
	phoneShort
	phoneMadeUp
)

type streetFlaw int

const (
	streetFine streetFlaw = iota
	streetNoNumber
	streetGibberish
)

// Salts of the streams that are drawn here.
const (
	saltPeople  = 0x9e3779b97f4a7c15
	saltManners = 0xa24baed4963ee407
	saltLuck    = 0x9fb21c651e98df25
	saltEffects = 0xc13fa9a902a6328f
)

// mannersOf are those of customer number n of a seed.
func mannersOf(seed, n uint64, country string) manners {
	m := manners{place: countryFor(dice(seed^saltPeople, n), country)}
	r := dice(seed^saltManners, n)
	m.city = r.IntN(len(m.place.cities))
	m.care = r.NormFloat64()
	// Flaws of the average person, in shares; the careless have several times as many.
	times := math.Exp(-0.8*m.care) / math.Exp(0.32) // on average 1
	flaw := func(shares ...float64) int {
		draw := r.Float64()
		for i, share := range shares {
			if draw -= share * times; draw < 0 {
				return i + 1
			}
		}
		return 0
	}
	m.phone = phoneFlaw(flaw(0.015, 0.02, 0.02))
	m.street = streetFlaw(flaw(0.06, 0.02))
	m.fake = flaw(0.012) > 0
	return m
}

// effects are by how much a city, a product and a carrier change the log-odds that a parcel comes back: fixed for a seed.
type effects struct {
	cities   [len(places)][mostCities]float64
	products [len(products)]float64
	carriers [len(places)][mostCarriers]float64
}

// How many cities and carriers a country has at most, and how much they and products differ, in log-odds.
const (
	mostCities   = 16
	mostCarriers = 8

	spreadCity    = 0.6
	spreadProduct = 0.35
	spreadCarrier = 0.35
)

func effectsOf(seed uint64) (e effects) {
	r := dice(seed^saltEffects, 0)
	for i := range places {
		for j := range e.cities[i] {
			e.cities[i][j] = spreadCity * r.NormFloat64()
		}
		for j := range e.carriers[i] {
			e.carriers[i][j] = spreadCarrier * r.NormFloat64()
		}
	}
	for i := range e.products {
		e.products[i] = spreadProduct * r.NormFloat64()
	}
	return e
}

// comesBack is the probability that a parcel is refused or never finds its customer. With these figures a fifth of the parcels on
// delivery come back, and one of forty of the others.
func (sh *Shop) comesBack(p *plan, m *manners) float64 {
	const onDelivery, paidBefore = -1.75, -4.1
	logit := paidBefore
	if p.cod {
		logit = onDelivery
	}
	logit += [...]float64{phoneFine: 0, phoneMissing: 1, phoneShort: 0.9, phoneMadeUp: 1.3}[m.phone]
	logit += [...]float64{streetFine: 0, streetNoNumber: 0.8, streetGibberish: 1.3}[m.street]
	if m.fake {
		logit += 0.9
	}
	e, at := &sh.effects, m.place.index()
	logit += -0.7*m.care + e.cities[at][m.city] + e.products[p.product] + e.carriers[at][p.carrier]
	return 1 / (1 + math.Exp(-logit))
}

// spoil writes into a person's data what is wrong with them.
func (m *manners) spoil(p *person, seed, n uint64) {
	r := dice(seed^saltManners, ^n)
	switch m.phone {
	case phoneMissing:
		p.phone = ""
	case phoneShort:
		p.phone = p.phone[:len(p.phone)-2-r.IntN(2)]
	case phoneMadeUp:
		p.phone = one(r, p.place.mobile[:1]+"777777777", "123456789", "1111111111", p.place.prefix+"9999999999")
	case phoneFine:
	}
	switch m.street {
	case streetNoNumber:
		p.address1, p.address2 = one(r, "Centro", "Barrio La Esperanza", "Calle 45", "Av. Principal", "Cerca al parque"), one(r, "", "", "frente a la iglesia", "al lado de la tienda")
	case streetGibberish:
		p.address1, p.address2 = one(r, "asdf", "xxxxx", "sdfsdf", "asdasd asdasd", "jkhkjh", "Pendiente", "."), ""
	case streetFine:
	}
	if m.fake {
		p.first, p.last = one(r, "Prueba", "test", "asdf", "Cliente", "aaaa"), one(r, "Test", "prueba", "asdf", "X", "1")
	}
}
