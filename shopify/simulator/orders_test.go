package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

const day = 24 * time.Hour

func TestOrders_DefaultsAreOpenNewestFirstFifty(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(400, 30*day)
	got := b.get("orders.json").orders(t)
	if len(got) != 50 {
		t.Errorf("got %d orders, want 50", len(got))
	}
	for i, o := range got {
		if o.Cancelled != nil || o.Closed != nil {
			t.Errorf("order %d is not open", o.ID)
		}
		if i > 0 && o.CreatedAt.After(got[i-1].CreatedAt) {
			t.Errorf("order %d is newer than the one before it", o.ID)
		}
	}
	sum := 0
	for _, status := range []string{"", "open", "closed", "cancelled", "any"} {
		n := b.get("orders/count.json?status=" + status).count(t)
		if n == 0 {
			t.Errorf("status %q: no orders", status)
		}
		if status == "any" && n != 400 {
			t.Errorf("status any: got %d, want 400", n)
		}
		if status == "open" || status == "closed" {
			sum += n // cancelled orders are archived as well
		}
	}
	if sum != 400 {
		t.Errorf("open and closed: got %d, want 400", sum)
	}
}

func TestOrders_Limit(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(300, 30*day)
	if got := b.get("orders.json?status=any&limit=250").orders(t); len(got) != 250 {
		t.Errorf("got %d orders, want 250", len(got))
	}
	a := b.get("orders.json?status=any&limit=251")
	if want := `{"errors":"Limit exceeds maximum limit of 250"}`; a.status != http.StatusBadRequest || a.body != want {
		t.Errorf("got %d %s, want 400 %s", a.status, a.body, want)
	}
	for _, limit := range []string{"0", "-1", "many"} {
		if a := b.get("orders.json?limit=" + limit); a.status != http.StatusBadRequest {
			t.Errorf("limit %s: got %d, want 400", limit, a.status)
		}
	}
}

// TestOrders_Filters compares each filter with the payloads themselves.
func TestOrders_Filters(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.Oddities = -1 })
	b.shop.Generate(240, 40*day)
	type full struct {
		order
		ProcessedAt time.Time `json:"processed_at"`
		Fulfillment *string   `json:"fulfillment_status"`
	}
	var all []full
	for _, raw := range b.shop.Orders() {
		var o full
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	mid := all[120]
	at := mid.CreatedAt
	for query, match := range map[string]func(full) bool{
		"created_at_min=" + encode(at):                      func(o full) bool { return !o.CreatedAt.Before(at) },
		"created_at_max=" + encode(at):                      func(o full) bool { return !o.CreatedAt.After(at) },
		"updated_at_min=" + encode(at):                      func(o full) bool { return !o.UpdatedAt.Before(at) },
		"updated_at_max=" + encode(at):                      func(o full) bool { return !o.UpdatedAt.After(at) },
		"processed_at_min=" + encode(at):                    func(o full) bool { return !o.ProcessedAt.Before(at) },
		"processed_at_max=" + encode(at):                    func(o full) bool { return !o.ProcessedAt.After(at) },
		"order=created_at+asc&created_at_max=" + encode(at): func(o full) bool { return !o.CreatedAt.After(at) },
		"order=updated_at+asc&updated_at_max=" + encode(at): func(o full) bool { return !o.UpdatedAt.After(at) },
		"order=updated_at+asc&updated_at_min=" + encode(at): func(o full) bool { return !o.UpdatedAt.Before(at) },
		"since_id=" + fmt.Sprint(mid.ID):                    func(o full) bool { return o.ID > mid.ID },
		fmt.Sprintf("ids=%d,%d", mid.ID, 1):                 func(o full) bool { return o.ID == mid.ID },
		"name=%23" + mid.Name[1:]:                           func(o full) bool { return o.Name == mid.Name },
		"financial_status=paid":                             func(o full) bool { return o.Financial == "paid" },
		"fulfillment_status=shipped":                        func(o full) bool { return o.Fulfillment != nil && *o.Fulfillment == "fulfilled" },
		"fulfillment_status=unshipped":                      func(o full) bool { return o.Fulfillment == nil },
		"fulfillment_status=unfulfilled":                    func(o full) bool { return o.Fulfillment == nil || *o.Fulfillment == "partial" },
		"fulfillment_status=partial":                        func(o full) bool { return o.Fulfillment != nil && *o.Fulfillment == "partial" },
		"created_at_min=%22" + encode(at) + "%22":           func(full) bool { return true }, // quoted: silently ignored
	} {
		want := 0
		for _, o := range all {
			if match(o) {
				want++
			}
		}
		if want == 0 {
			t.Errorf("%s: sample has no match", query)
		}
		got := b.walk("orders.json?status=any&limit=100&"+query, nil)
		if len(got) != want {
			t.Errorf("%s: got %d orders, want %d", query, len(got), want)
		}
		if n := b.get("orders/count.json?status=any&" + query).count(t); n != want {
			t.Errorf("%s: count %d, want %d", query, n, want)
		}
	}
}

func TestOrders_Order(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(260, 40*day)
	for query, key := range map[string]func(order) int64{
		"order=updated_at+asc":  func(o order) int64 { return o.UpdatedAt.Unix() },
		"order=updated_at+desc": func(o order) int64 { return -o.UpdatedAt.Unix() },
		"order=created_at+asc":  func(o order) int64 { return o.CreatedAt.Unix() },
		"order=id+asc":          func(o order) int64 { return o.ID },
		"since_id=0":            func(o order) int64 { return o.ID },
	} {
		got := b.walk("orders.json?status=any&limit=60&"+query, nil)
		if len(got) != 260 {
			t.Errorf("%s: got %d orders, want 260", query, len(got))
		}
		if !slices.IsSortedFunc(got, func(x, y order) int { return int(min(1, max(-1, key(x)-key(y)))) }) {
			t.Errorf("%s: not sorted", query)
		}
	}
}

func TestOrders_OneAndFields(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(3, day)
	id := b.shop.OrderIDs()[1]
	if got, want := b.get(fmt.Sprintf("orders/%d.json", id)).body, `{"order":`+string(b.shop.Payload(id))+`}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := b.get(fmt.Sprintf("orders/%d.json?fields=id,nothing,test", id)).body, fmt.Sprintf(`{"order":{"id":%d,"test":false}}`, id); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, id := range []string{"1", "x", ""} {
		if a := b.get("orders/" + id + ".json"); a.status != http.StatusNotFound || a.body != `{"errors":"Not Found"}` {
			t.Errorf("%q: got %d %s", id, a.status, a.body)
		}
	}
}

func TestOrders_BytesAreStable(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(120, 40*day)
	first := b.get("orders.json?status=any&limit=120")
	b.clock.Advance(100 * day)
	if again := b.get("orders.json?status=any&limit=120"); again.body != first.body {
		t.Error("the same page has other bytes later")
	}
	for _, id := range b.shop.OrderIDs() {
		if !strings.Contains(first.body, string(b.shop.Payload(id))) {
			t.Errorf("order %d is not on the page byte for byte", id)
		}
	}
}

func TestOrders_SixtyDayWall(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.Scopes = []string{"write_orders"} })
	b.shop.Generate(300, 120*day)
	wall := b.clock.Now().Add(-60 * day)
	got := b.walk("orders.json?status=any&limit=250", nil)
	if len(got) == 0 || len(got) >= 200 {
		t.Fatalf("got %d of 300 orders, want about half", len(got))
	}
	for _, o := range got {
		if o.CreatedAt.Before(wall.Truncate(time.Second)) {
			t.Errorf("order of %v is shown", o.CreatedAt)
		}
	}
	if n := b.get("orders/count.json?status=any").count(t); n != len(got) {
		t.Errorf("count %d, want %d", n, len(got))
	}
	oldest := b.shop.OrderIDs()[0]
	if a := b.get(fmt.Sprintf("orders/%d.json", oldest)); a.status != http.StatusNotFound {
		t.Errorf("old order: got %d, want 404", a.status)
	}
	b.shop.SetScopes("read_orders", "read_all_orders")
	if n := b.get("orders/count.json?status=any").count(t); n != 300 {
		t.Errorf("with read_all_orders: count %d, want 300", n)
	}
}

func TestOrders_Refusals(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(1, day)
	check := func(path string, status int, part string) {
		t.Helper()
		if a := b.get(path); a.status != status || !strings.Contains(a.body, part) {
			t.Errorf("%s: got %d %s, want %d with %q", path, a.status, a.body, status, part)
		}
	}
	b.shop.SetScopes("read_products")
	for _, path := range []string{"orders.json", "orders/count.json", "orders/1.json"} {
		check(path, http.StatusForbidden, `{"errors":"[API] This action requires merchant approval for read_orders scope."}`)
	}
	check("shop.json", http.StatusOK, domain)
	b.shop.SetScopes("read_orders")
	b.shop.SetPersonalData(simulator.PersonalDataRefused)
	check("orders.json", http.StatusForbidden, "[API] This app is not approved to access REST endpoints with protected customer data.")
	if a := b.send(http.MethodPost, api+"orders.json", "{}"); a.status != http.StatusForbidden {
		t.Errorf("writing: got %d, want 403", a.status)
	}
}

func TestOrders_PersonalDataWithheld(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.PersonalData = simulator.PersonalDataWithheld; c.Oddities = -1 })
	b.shop.Generate(60, 30*day)
	var page struct{ Orders []map[string]any }
	if err := json.Unmarshal([]byte(b.get("orders.json?status=any&limit=60").body), &page); err != nil {
		t.Fatal(err)
	}
	for _, o := range page.Orders {
		if o["email"] != nil || o["phone"] != nil || o["contact_email"] != nil {
			t.Fatalf("order %v shows how to reach the customer", o["id"])
		}
		if c, ok := o["customer"].(map[string]any); ok && (len(c) != 1 || c["id"] == nil) {
			t.Errorf("customer: got %v, want only an id", c)
		}
		if a, ok := o["shipping_address"].(map[string]any); ok {
			if a["name"] != nil || a["address1"] != nil || a["phone"] != nil || a["city"] == nil || a["country"] == nil {
				t.Errorf("address: got %v", a)
			}
		}
	}
}
