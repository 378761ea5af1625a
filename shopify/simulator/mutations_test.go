package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (b *bundle) read(id int64) map[string]any {
	b.t.Helper()
	var o map[string]any
	if err := json.Unmarshal(b.shop.Payload(id), &o); err != nil {
		b.t.Fatal(err)
	}
	return o
}

func TestUpdate_BumpsUpdatedAtStrictly(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(20, 10*day)
	id := b.shop.OrderIDs()[3]
	var last time.Time
	for range 5 { // all within one second of the clock
		raw := b.shop.Update(id, func(o map[string]any) { o["note"] = "again" })
		var o order
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		if !o.UpdatedAt.After(last) || o.UpdatedAt.Before(b.clock.Now().Truncate(time.Second)) {
			t.Errorf("updated_at %v after %v", o.UpdatedAt, last)
		}
		last = o.UpdatedAt
	}
	got := b.get("orders.json?status=any&limit=1&order=updated_at+desc").orders(t)
	if len(got) != 1 || got[0].ID != id || !got[0].UpdatedAt.Equal(last) {
		t.Errorf("newest change: got %+v, want %d", got, id)
	}
	if !bytes.Contains(b.shop.Payload(id), []byte(`"note":"again"`)) {
		t.Error("the change is not kept")
	}
	if b.shop.Update(1, func(map[string]any) {}) != nil {
		t.Error("an unknown order was changed")
	}
	if b.shop.Update(id, func(o map[string]any) { o["x"] = func() {} }) != nil {
		t.Error("a function was made JSON")
	}
	if len(b.shop.OrderIDs()) != 20 || b.shop.Count() != 20 {
		t.Errorf("got %d orders, want 20", b.shop.Count())
	}
}

func TestCancelAndDelete(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	var raw struct{ ID int64 }
	if err := json.Unmarshal(b.shop.NewOrder(), &raw); err != nil {
		t.Fatal(err)
	}
	b.shop.Cancel(raw.ID)
	o := b.read(raw.ID)
	if o["cancelled_at"] == nil || o["cancel_reason"] != "customer" || o["financial_status"] != "voided" && o["financial_status"] != "refunded" {
		t.Errorf("cancelled: got %v %v %v", o["cancelled_at"], o["cancel_reason"], o["financial_status"])
	}
	if n := b.get("orders/count.json?status=cancelled").count(t); n != 1 {
		t.Errorf("got %d cancelled, want 1", n)
	}
	if !b.shop.Delete(raw.ID) || b.shop.Delete(raw.ID) || b.shop.Payload(raw.ID) != nil {
		t.Error("deleting: want once and for good")
	}
	if n := b.get("orders/count.json?status=any").count(t); n != 0 {
		t.Errorf("got %d orders, want none", n)
	}
}

func TestAdd_KeepsBytes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	raw := `{ "id": 820982911946154508, "total_price": 12345678901234567890.123, "total_price": "1.10", "created_at": "ayer", "note": "\u0000" }`
	if got := b.shop.Add([]byte(raw)); got != 820982911946154508 {
		t.Errorf("got id %d", got)
	}
	if a := b.get("orders.json"); a.body != `{"orders":[`+raw+`]}` {
		t.Errorf("got %s", a.body)
	}
	newer := strings.Replace(raw, "1.10", "2.20", 1)
	b.shop.Add([]byte(newer))
	if a := b.get("orders.json"); a.body != `{"orders":[`+newer+`]}` {
		t.Errorf("replaced: got %s", a.body)
	}
	for _, bad := range []string{``, `[]`, `null`, `{}`, `{"id":"7"}`, `{"id":1.5}`} {
		if got := b.shop.Add([]byte(bad)); got != 0 {
			t.Errorf("%s: got id %d, want none", bad, got)
		}
	}
}

func TestUninstall_EndsEverything(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	g := b.grant("the client id", "the client secret").granted(t)
	b.subscribe("app/uninstalled", "https://in.example.com/")
	b.shop.Uninstall()
	for _, token := range []string{token, g.Token} {
		if a := b.get("shop.json", "X-Shopify-Access-Token", token); a.status != http.StatusUnauthorized {
			t.Errorf("got %d, want 401", a.status)
		}
	}
	if n := len(b.shop.Subscriptions()); n != 0 {
		t.Errorf("got %d subscriptions, want none", n)
	}
	if b.srv.Pending() != 1 {
		t.Errorf("got %d deliveries on their way, want 1", b.srv.Pending())
	}
}
