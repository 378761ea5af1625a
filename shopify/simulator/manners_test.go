package simulator_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// sent is an order that was sent, as its payload shows it.
type sent struct {
	cod, back bool
	phone     string
	street    string
	name      string
	city      string
	carrier   string
	email     string
}

// sentOrders are the orders of a store that have ended one way or the other.
func sentOrders(t *testing.T, seed uint64, n int) (all []sent) {
	t.Helper()
	sh := simulator.New(simulator.WithSeed(seed)).AddShop(simulator.ShopConfig{Domain: "sent.myshopify.com", Country: "CO", Oddities: -1})
	sh.Generate(n, 365*24*time.Hour)
	for _, raw := range sh.Orders() {
		var o struct {
			Source       string                                        `json:"source_name"`
			Financial    string                                        `json:"financial_status"`
			Gateways     []string                                      `json:"payment_gateway_names"`
			Email        string                                        `json:"email"`
			Address      *struct{ Phone, Name, Address1, City string } `json:"shipping_address"`
			Fulfillments []struct {
				Shipment string `json:"shipment_status"`
				Carrier  string `json:"tracking_company"`
			} `json:"fulfillments"`
			Refunds []struct{ Note string } `json:"refunds"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		if o.Address == nil || len(o.Fulfillments) == 0 || o.Source == "pos" {
			continue
		}
		gateways := strings.ToLower(strings.Join(o.Gateways, "|"))
		s := sent{
			cod: strings.Contains(gateways, "entrega") || strings.Contains(gateways, "cod"), phone: o.Address.Phone, street: o.Address.Address1,
			name: o.Address.Name, city: o.Address.City, carrier: o.Fulfillments[0].Carrier, email: o.Email,
		}
		refused := o.Financial == "voided" && len(o.Refunds) > 0 && o.Refunds[0].Note != ""
		switch shipment := o.Fulfillments[0].Shipment; {
		case shipment == "failure" || refused:
			s.back = true
		case shipment != "delivered":
			continue
		}
		all = append(all, s)
	}
	return all
}

func shareBack(all []sent, of func(s sent) bool) (share float64, n int) {
	back := 0
	for _, s := range all {
		if of(s) {
			n++
			if s.back {
				back++
			}
		}
	}
	return float64(back) / float64(max(n, 1)), n
}

func TestGenerate_BadFactsAndFailedDeliveriesGoTogether(t *testing.T) {
	t.Parallel()
	all := sentOrders(t, 3, 4_000)
	madeUp := []string{"123456789", "1111111111", "3777777777", "+579999999999"}
	badPhone := func(s sent) bool { return s.phone == "" || slices.Contains(madeUp, s.phone) }
	badStreet := func(s sent) bool { return !strings.ContainsAny(s.street, "0123456789") || s.street == "Calle 45" }
	cod, n := shareBack(all, func(s sent) bool { return s.cod })
	if cod < 0.12 || cod > 0.30 {
		t.Errorf("%.0f%% of %d on delivery come back, want a fifth or so", 100*cod, n)
	}
	if prepaid, n := shareBack(all, func(s sent) bool { return !s.cod }); prepaid > 0.06 {
		t.Errorf("%.1f%% of %d paid before come back, want few", 100*prepaid, n)
	}
	for name, bad := range map[string]func(s sent) bool{"phone": badPhone, "street": badStreet} {
		with, some := shareBack(all, func(s sent) bool { return s.cod && bad(s) })
		without, _ := shareBack(all, func(s sent) bool { return s.cod && !bad(s) })
		if with < 1.5*without || some < 40 || some > n/5 {
			t.Errorf("%s: %.0f%% of %d with a flaw come back, %.0f%% without; want half as many again, and flaws in a few of a hundred", name, 100*with, some, 100*without)
		}
	}
	cities := map[string]float64{}
	for _, s := range all {
		cities[s.city], _ = shareBack(all, func(o sent) bool { return o.cod && o.city == s.city })
		if len(cities) == 9 {
			break
		}
	}
	lowest, highest := 1.0, 0.0
	for _, share := range cities {
		lowest, highest = min(lowest, share), max(highest, share)
	}
	if highest < lowest+0.08 {
		t.Errorf("cities differ from %.2f to %.2f, want more", lowest, highest)
	}
}
