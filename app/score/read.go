package score

import "strings"

// Read says what an order tells by itself, and by what its customer is known.
func Read(o Order) (Facts, Identity) {
	f := Facts{Currency: o.Currency, DispatchHours: -1, Test: o.Test, COD: No}
	if o.Phone == "" {
		f.Missing |= MissingPhone
	}
	if o.HasTotal {
		f.Total = o.Total
	} else {
		f.Missing |= MissingTotal
	}
	if strings.Contains(strings.ToLower(o.Payment), "cash on delivery") {
		f.COD = Yes
	}
	return f, Identity{Phone: o.Phone, Email: strings.ToLower(o.Email)}
}

// SettledOf says what the platform's own data tell of the parcel's end.
func SettledOf(o Order) Settled {
	for _, p := range o.Parcels {
		if p.Shipment == "delivered" {
			return Settled{Delivered, p.Changed}
		}
	}
	return Settled{}
}
