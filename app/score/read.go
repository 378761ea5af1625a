package score

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Bounds of Facts.
const (
	maxKey           = 60 // bytes of one key of a product or a carrier
	maxProducts      = 3
	maxDispatchHours = 60 * 24
	nightEnds        = 5 // o'clock
)

// Read says what an order tells by itself, and by what its customer is known. Whatever is missing or odd is said to be missing;
// nothing fails.
func Read(o Order) (Facts, Identity) {
	f := Facts{DispatchHours: -1, Test: o.Test, RiskHigh: strings.EqualFold(strings.TrimSpace(o.RiskLevel), "high")}
	var who Identity
	f.readPlaces(&o)
	f.readPerson(&o, &who)
	f.readSale(&o)
	f.readTimes(&o)
	who.IP = sameNetwork(o.IP)
	return f, who
}

// readPerson judges name, phone, e-mail and address.
func (f *Facts) readPerson(o *Order, who *Identity) {
	country := f.Country
	if name := fold(o.Name); blank(name) {
		f.Missing |= MissingCustomer
	} else {
		f.NameSuspicious = isSuspiciousName(name)
	}
	if phone := readPhone(country, o.Phone); phone.missing {
		f.Missing |= MissingPhone
	} else {
		f.PhoneInvalid, f.PhoneRepeated, who.Phone = phone.invalid, phone.repeated, phone.e164
	}
	if local, domain, ok := emailOf(o.Email); ok {
		f.EmailDisposable = isDisposable(domain)
		who.Email = sameEmail(local, domain)
	} else {
		f.Missing |= MissingEmail
	}
	var room [maxText + 8]byte
	street := string(appendFolded(room[:0], o.Address, '#'))
	if blank(street) {
		f.Missing |= MissingAddress
	} else {
		found := readAddress(country, street, string(appendFolded(room[:0], o.Complement, '#')))
		f.AddressNoNumber, f.AddressShort, f.AddressGibberish = found.noNumber, found.short, found.gibberish
		if !found.noNumber && !found.short && !found.gibberish && f.City != "" {
			var words [maxWords]string
			who.Address = sameAddress(wordsOf(street, words[:0])) + "|" + f.City
		}
	}
	const personal = MissingCustomer | MissingPhone | MissingEmail | MissingAddress
	if f.Missing&personal == personal {
		f.Missing |= MissingPersonal
	}
}

// readSale says what was sold, for how much, and how it is paid.
func (f *Facts) readSale(o *Order) {
	var missing bool
	if f.COD, missing = payment(o.Payment, o.Tags); missing {
		f.Missing |= MissingPayment
	}
	if o.HasTotal {
		f.Total = o.Total
	} else {
		f.Missing |= MissingTotal
	}
	if c := strings.ToUpper(strings.TrimSpace(o.Currency)); len(c) == 3 {
		f.Currency = c
	}
	if len(o.Items) == 0 {
		f.Missing |= MissingItems
		return
	}
	f.readItems(o.Items)
}

// product is one product of an order, all its lines together.
type product struct {
	key      string
	quantity int
	value    float64
}

func (f *Facts) readItems(items []Item) {
	var room [8]product
	products := room[:0]
	for _, item := range items {
		quantity := max(item.Quantity, 0)
		f.Quantity = max(f.Quantity, quantity)
		key := cut(strings.ToLower(strings.TrimSpace(item.Product)))
		if key == "" {
			continue
		}
		i := slices.IndexFunc(products, func(p product) bool { return p.key == key })
		if i < 0 {
			i = len(products)
			products = append(products, product{key: key})
		}
		p := &products[i]
		p.quantity += quantity
		p.value += float64(item.Price) * float64(quantity)
		f.Quantity = max(f.Quantity, p.quantity)
	}
	slices.SortStableFunc(products, func(a, b product) int {
		switch {
		case a.value > b.value:
			return -1
		case a.value < b.value:
			return 1
		}
		return strings.Compare(a.key, b.key)
	})
	for _, p := range products[:min(len(products), maxProducts)] {
		f.Products = append(f.Products, productMark+p.key)
	}
}

// productMark begins the keys of products, so that none is the key of a place.
const productMark = "#"

// readTimes says when an order was placed by the store's clock, and how soon the first parcel left, and with whom.
func (f *Facts) readTimes(o *Order) {
	if o.CreatedAt.IsZero() {
		f.Missing |= MissingTime
	} else {
		f.Night = isNight(o.CreatedAt, f.Country)
	}
	var first *Parcel
	for i := range o.Parcels {
		if p := &o.Parcels[i]; p.left() && (first == nil || p.At.Before(first.At)) {
			first = p
		}
	}
	if first == nil {
		return
	}
	f.Carrier = carrierKey(first.Carrier)
	if !first.At.IsZero() && !o.CreatedAt.IsZero() {
		f.DispatchHours = min(maxDispatchHours, max(0, int(first.At.Sub(o.CreatedAt)/time.Hour)))
	}
}

// isNight goes by the store's own clock. A time in UTC tells nothing of it: then by the usual clock of the order's country.
func isNight(at time.Time, country string) bool {
	if _, offset := at.Zone(); offset == 0 {
		minutes, ok := usualOffset[country]
		if !ok {
			return false
		}
		at = at.Add(time.Duration(minutes) * time.Minute)
	}
	return at.Hour() < nightEnds
}

// sameNetwork is one spelling of a network address; of IPv6, the network of one household. What is of no public network is nobody's.
func sameNetwork(text string) string {
	ip, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return ""
	}
	if ip.Is4() {
		return ip.String()
	}
	const household = 64
	network, err := ip.Prefix(household)
	if err != nil {
		return ""
	}
	return network.String()
}

// cut bounds a key; what it cuts through is left out whole.
func cut(key string) string {
	if len(key) <= maxKey {
		return key
	}
	return strings.TrimSpace(strings.ToValidUTF8(key[:maxKey], ""))
}
