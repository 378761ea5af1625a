package simulator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// A store that goes on where another left it has the same orders, byte for byte, tells nobody, and numbers on.
func TestRestore_GoesOnWhereAnotherStopped(t *testing.T) {
	t.Parallel()
	config := simulator.ShopConfig{Domain: "demo.myshopify.com", Token: "shpat_x", Oddities: 0.3}
	first := simulator.New().AddShop(config)
	first.Generate(400, 30*24*time.Hour)
	for range 3 {
		first.NewOrder()
	}
	want := first.Orders()

	server := simulator.New()
	second := server.AddShop(config)
	second.Subscribe("https://example.com/hooks", "orders/create", "orders/updated", "orders/create")
	half := len(want) / 2
	second.Restore(want[half:]...)
	if n := second.Restore(append(slices.Clone(want), want[0], []byte("no order"), []byte(`{"name":"#9"}`))...); n != len(want) {
		t.Fatalf("there are %d orders, want %d", n, len(want))
	}
	got := map[int64]string{}
	for _, id := range second.OrderIDs() {
		got[id] = string(second.Payload(id))
	}
	for _, id := range first.OrderIDs() {
		if got[id] != string(first.Payload(id)) {
			t.Errorf("order %d is %s", id, got[id])
		}
	}
	if hooks := second.Subscriptions(); len(hooks) != 2 || hooks[0].Address != "https://example.com/hooks" || hooks[0].Format != "json" {
		t.Errorf("the subscriptions are %+v", hooks)
	}
	if sent := server.Flush(t.Context(), simulator.DeliveryConfig{}); len(sent) != 0 {
		t.Errorf("%d webhooks tell of what was there already", len(sent))
	}
	// What is bought next is new to both.
	for range 20 {
		second.NewOrder()
	}
	if second.Count() != len(want)+20 {
		t.Errorf("there are %d orders, want %d more", second.Count(), 20)
	}
	// Nor is it what is missing in between.
	third := simulator.New().AddShop(config)
	gap := first.OrderIDs()[100]
	third.Restore(slices.DeleteFunc(slices.Clone(want), func(raw []byte) bool { return string(raw) == string(first.Payload(gap)) })...)
	for range 5 {
		third.NewOrder()
	}
	if third.Count() != len(want)+4 || third.Payload(gap) != nil {
		t.Errorf("there are %d orders, and the one that was missing is %s", third.Count(), third.Payload(gap))
	}
	names := map[string]bool{}
	for _, raw := range second.Orders() {
		names[fmt.Sprintf("%.80s", raw)] = true
	}
	if len(names) != second.Count() {
		t.Errorf("%d orders, of which only %d differ", second.Count(), len(names))
	}
}
