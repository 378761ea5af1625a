package score

// FactsVersion changes when Read reads something else in the same payload, or more of it is kept; what was read by an older one is
// read again.
const FactsVersion = 2

// Missing is what an order does not tell, as a set of bits.
type Missing uint16

// Members of Missing.
const (
	MissingCustomer Missing = 1 << iota // no name
	MissingPhone
	MissingEmail
	MissingAddress
	MissingCity
	MissingCountry
	MissingPayment
	MissingTotal
	MissingItems
	MissingTime
	// MissingPersonal stands beside the bits for name, phone, e-mail and address when all of them are missing: then the platform
	// does not show them, or they were erased. The customer gave them, so it says nothing about the delivery.
	MissingPersonal
)

// Tri is a thing that is so, is not so, or is not known.
type Tri uint8

// Values of Tri.
const (
	Unknown Tri = iota
	No
	Yes
)

// Facts is what one order tells by itself. It holds nothing that names a person: places and products as keys, and findings.
type Facts struct {
	Missing          Missing
	COD              Tri  // paid on delivery
	PhoneInvalid     bool // no number of the country's plan
	PhoneRepeated    bool // 3000000000, 123456789
	AddressNoNumber  bool
	AddressShort     bool
	AddressGibberish bool
	CityMismatch     bool // the city is known, and not in that province
	EmailDisposable  bool
	NameSuspicious   bool
	Night            bool // ordered from 0 to 5 o'clock by the store's clock
	RiskHigh         bool // the platform says so
	Test             bool
	Total            int64 // millionths
	Currency         string
	Quantity         int // the most of one product
	DispatchHours    int // from order to the first parcel; -1: not dispatched
	// Places as keys: folded, each within the one above, such as "co", "co|cundinamarca", "co|cundinamarca|soacha",
	// "co|cundinamarca|soacha|250051". Empty where unknown, and then all below are.
	Country, Province, City, Postcode string
	Products                          []string // keys such as "#8100200300400", the three of most value at most
	Carrier                           string   // key of who took the first parcel
}

// Identity is what tells that two orders are of the same customer, normalised. It names a person: it is hashed with a key
// before it is stored, and is in no Facts.
type Identity struct {
	Phone   string // E.164
	Email   string // folded, without what providers ignore
	Address string // folded street, city and country
	IP      string
}

// History is what was known of a customer when an order was placed. Only what had ended before counts as delivered or failed.
type History struct {
	Delivered int
	Failed    int
	Orders    int  // earlier ones, whatever became of them
	Recent    int  // within the 24 hours before, by phone, e-mail, address or network address; this one not included
	Mark      Mark // what the merchant says of the customer or of the order
}

// Mark is the merchant's own word.
type Mark int8

// Values of Mark.
const (
	Unmarked Mark = 0
	Allowed  Mark = 1
	Blocked  Mark = -1
)
