package cmd

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"probability/shopify/simulator"
)

const (
	demoShop = "tienda-demo.myshopify.com"
	// demoAge is how old the oldest order is.
	demoAge = 85 * 24 * time.Hour
	// demoLatency is what an answer of the store takes at least, so that there is something to watch.
	demoLatency = 120 * time.Millisecond
	// demoPace is how often something happens in the store.
	demoPace = time.Second
	// demoPatience is how long a line waits for its webhooks and their orders.
	demoPatience = 3 * time.Second
)

// demoStore is the simulated store.
type demoStore struct {
	server        *simulator.Server
	shop          *simulator.Shop
	endpoint      string
	token, secret string  // of the app in the store
	open          []int64 // orders of today that were neither paid nor cancelled
	close         func()
}

func openDemoStore(orders int) (*demoStore, error) {
	d := newDemoStore(demoShop, "shpat_"+strings.ToLower(rand.Text()), "shpss_"+strings.ToLower(rand.Text()))
	d.shop.Generate(orders, demoAge)
	base, stop, err := d.server.Start()
	if err != nil {
		return nil, fmt.Errorf("demo: simulated store: %w", err)
	}
	d.endpoint, d.close = base+"/{shop}", stop
	return d, nil
}

// newDemoStore is the store without any orders, and without an address of its own.
func newDemoStore(domain, token, secret string) *demoStore {
	d := &demoStore{server: simulator.New(simulator.WithHTTPWebhooks()), token: token, secret: secret}
	d.shop = d.server.AddShop(simulator.ShopConfig{
		Domain: domain, Name: "Tienda Demo", Country: "CO", Token: d.token, APISecret: d.secret, Latency: demoLatency,
		Oddities: -1, // one absurd total, and the plots show nothing else
	})
	return d
}

// happen lets the n-th thing happen in the store: somebody buys, pays or cancels.
func (d *demoStore) happen(n int) (what string, raw []byte) {
	switch {
	case n%4 == 2 && len(d.open) > 0:
		what, raw = "paid", d.shop.Update(d.open[0], func(order map[string]any) { order["financial_status"] = "paid" })
		d.open = d.open[1:]
	case n%8 == 7 && len(d.open) > 0:
		what, raw = "cancelled", d.shop.Cancel(d.open[0])
		d.open = d.open[1:]
	default:
		what, raw = "new order", d.shop.NewOrder()
		id, _ := demoOrder(raw)
		d.open = append(d.open, id)
	}
	return what, raw
}

// live lets something happen at every beat until ctx ends, and tells what came
// of it; stored counts the orders that the service has.
func (d *demoStore) live(ctx context.Context, io streams, stored func(context.Context) (int, error)) error {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	sent := d.server.StartDeliveries(sending, simulator.DeliveryConfig{})
	defer sent()
	defer stop()
	beat := time.NewTicker(demoPace)
	defer beat.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		since := time.Now()
		what, raw := d.happen(n)
		_, name := demoOrder(raw)
		count, err := d.arrived(ctx, stored)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		say(io, "%s  %-9s  %-8s  %-45s  %s stored", since.Format(time.TimeOnly), what, name, d.told(since), plural(count, "order"))
	}
}

// arrived waits until the webhooks are delivered and the service has as many
// orders as the store, and returns how many it has.
func (d *demoStore) arrived(ctx context.Context, stored func(context.Context) (int, error)) (int, error) {
	wait, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	settled := d.server.Settled(wait) // what is left after the patience is told by its missing answer
	for {
		count, err := stored(ctx)
		if err != nil || settled != nil || count >= d.shop.Count() {
			return count, err
		}
		select {
		case <-wait.Done():
			return count, nil
		case <-look.C:
		}
	}
}

// told lists the webhooks of what happened since a moment, with their answers.
func (d *demoStore) told(since time.Time) string {
	var parts []string
	for _, delivery := range d.server.Deliveries() {
		if !delivery.TriggeredAt.Before(since) {
			parts = append(parts, fmt.Sprintf("%s → %d", delivery.Topic, delivery.Status))
		}
	}
	return strings.Join(parts, ", ")
}

func demoOrder(raw []byte) (id int64, name string) {
	var order struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	_ = json.Unmarshal(raw, &order) // the store's own order; at worst its name is missing in a line
	return order.ID, order.Name
}
