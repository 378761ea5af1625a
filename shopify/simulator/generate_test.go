package simulator_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

func TestGenerate_SameSeedSamePayloads(t *testing.T) {
	t.Parallel()
	generate := func(seed uint64) *simulator.Shop {
		clock := newClock()
		sh := simulator.New(simulator.WithClock(clock.Now), simulator.WithSeed(seed)).AddShop(shopConfig())
		sh.Generate(300, 90*24*time.Hour)
		return sh
	}
	a, b, c := generate(7), generate(7), generate(8)
	others := b.Orders()
	for i, raw := range a.Orders() {
		if !bytes.Equal(raw, others[i]) {
			t.Fatalf("order %d differs between two runs of one seed", i)
		}
	}
	if a.OrderIDs()[0] == c.OrderIDs()[0] {
		t.Error("another seed gave the same orders")
	}
}

// TestGenerate_Mix checks that the sample is the one the service is made for:
// mostly cash on delivery, customers that come back or are missing, all
// statuses, and payloads of the real size.
func TestGenerate_Mix(t *testing.T) {
	t.Parallel()
	sh := simulator.New().AddShop(simulator.ShopConfig{Domain: "mix.myshopify.com"})
	const n = 3000
	sh.Generate(n, 90*24*time.Hour)
	var size, cod, huge, absent, null, noAddress, tracked int
	financial, fulfillment, currencies, sources := map[any]int{}, map[any]int{}, map[any]int{}, map[any]int{}
	shipment, customers := map[any]int{}, map[any]int{}
	for _, raw := range sh.Orders() {
		size += len(raw)
		var o map[string]any
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if err := dec.Decode(&o); err != nil {
			t.Fatalf("payload is not JSON: %v\n%s", err, raw)
		}
		if gateways, _ := json.Marshal(o["payment_gateway_names"]); strings.Contains(strings.ToLower(string(gateways)), "cod") ||
			strings.Contains(strings.ToLower(string(gateways)), "entrega") {
			cod++
		}
		if id, _ := o["id"].(json.Number).Int64(); id > 1<<53 {
			huge++
		}
		if customer, ok := o["customer"]; !ok {
			absent++
		} else if customer == nil {
			null++
		} else if c, ok := customer.(map[string]any); ok && c["email"] != nil {
			customers[c["email"]]++
			if mail := c["email"].(string); !strings.Contains(mail, "example.") {
				t.Fatalf("e-mail %q is not plainly fictional", mail)
			}
		}
		if _, ok := o["shipping_address"]; !ok {
			noAddress++
		}
		financial[o["financial_status"]]++
		fulfillment[o["fulfillment_status"]]++
		currencies[o["currency"]]++
		sources[o["source_name"]]++
		for _, f := range o["fulfillments"].([]any) {
			shipment[f.(map[string]any)["shipment_status"]]++
			if f.(map[string]any)["tracking_number"] != nil {
				tracked++
			}
		}
	}
	repeat := 0
	for _, times := range customers {
		if times > 1 {
			repeat++
		}
	}
	if avg := size / n; avg < 4000 || avg > 7500 {
		t.Errorf("got %d bytes an order, want 4,000 to 7,500", avg)
	}
	if share := cod * 100 / n; share < 52 || share > 68 {
		t.Errorf("got %d%% cash on delivery, want about 60", share)
	}
	for what, got := range map[string]int{
		"ids above 2^53": huge, "absent customers": absent, "null customers": null, "no address": noAddress, "tracked": tracked, "customers with several orders": repeat,
		"pending": financial["pending"], "paid": financial["paid"], "voided": financial["voided"], "refunded": financial["refunded"], "unfulfilled": fulfillment[nil],
		"fulfilled": fulfillment["fulfilled"], "partial": fulfillment["partial"], "delivered": shipment["delivered"], "in transit": shipment["in_transit"], "failed": shipment["failure"],
		"COP": currencies["COP"], "MXN": currencies["MXN"], "PEN": currencies["PEN"], "CLP": currencies["CLP"], "USD": currencies["USD"], "BRL": currencies["BRL"],
		"pos": sources["pos"], "draft": sources["shopify_draft_order"],
	} {
		if got == 0 {
			t.Errorf("no order with: %s", what)
		}
	}
}

func TestGenerate_OdditiesCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	odd := func(share float64) (found int) {
		sh := simulator.New().AddShop(simulator.ShopConfig{Domain: "odd.myshopify.com", Oddities: share})
		sh.Generate(400, time.Hour)
		for _, raw := range sh.Orders() {
			var o struct {
				Total   string   `json:"total_price"`
				Phone   *string  `json:"phone"`
				Tags    string   `json:"tags"`
				Gateway []string `json:"payment_gateway_names"`
				Address *struct {
					Latitude *float64 `json:"latitude"`
				} `json:"shipping_address"`
				Customer *struct{ ID int64 } `json:"customer"`
				Taxes    []struct{}          `json:"tax_lines"`
			}
			if json.Unmarshal(raw, &o) != nil || strings.Contains(o.Total, ",") {
				found++
			}
		}
		return found
	}
	if got := odd(-1); got != 0 {
		t.Errorf("got %d odd orders, want none", got)
	}
	if got := odd(1); got < 100 {
		t.Errorf("got %d odd orders of 400, want most of what a strict reader refuses", got)
	}
}
