package cmd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
	"probability/web"
)

const (
	// residentShop is never asked for at Shopify, whoever has that name there.
	residentShop = "probability-demo-store.myshopify.com"
	// residentOrders is how many orders the demo store of a service has at first.
	residentOrders = 5000
	// residentMost is how many it may come to: whoever forgets it must not find a full disk.
	residentMost = 7500
	// residentBeat is how often something happens in it, and how often it is asked whether anybody still has it connected.
	residentBeat = 4 * time.Second
	// residentGrace is how long it waits for whoever asked for it to connect it.
	residentGrace = time.Minute
)

// errNoDemo is what a request to the demo store meets while there is none.
var errNoDemo = errors.New("the demo store is not running")

// residentDemo is the demo store within a service: it is opened when somebody asks for it, comes back with its orders after a
// restart, and goes when nobody has it connected any more. It is an http.RoundTripper, so it needs no address.
type residentDemo struct {
	log *slog.Logger

	mu      sync.Mutex
	base    string // of the service itself
	running *residentStore
	store   *store.Store
	stopped bool
	work    sync.WaitGroup
}

// residentStore is one life of the demo store.
type residentStore struct {
	*demoStore
	asked time.Time // when somebody asked for it last
	end   context.CancelFunc
	ready chan struct{} // closed once its orders are there
}

// RoundTrip answers as the store, or fails as a network does while there is none.
func (d *residentDemo) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	running := d.running
	d.mu.Unlock()
	if running == nil {
		return nil, errNoDemo
	}
	select {
	case <-running.ready:
		return running.server.Transport().RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// start brings the store back when it is connected. base is the service's own address.
func (d *residentDemo) start(ctx context.Context, st *store.Store, base string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.store, d.base = st, base
	connected, err := d.integrations(ctx)
	if err != nil || len(connected) == 0 {
		return err
	}
	id := connected[0]
	token, err := st.Secret(ctx, id, store.SecretAccessToken)
	if errors.Is(err, store.ErrNotFound) { // its app was removed, or its data erased: there is nothing to come back to
		return nil
	}
	if err != nil {
		return fmt.Errorf("demo store: token: %w", err)
	}
	secret, err := st.Secret(ctx, id, store.SecretAPI)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("demo store: secret: %w", err)
	}
	d.open(ctx, token, secret, func(ctx context.Context, s *demoStore) error { return d.restore(ctx, id, s) })
	return nil
}

// Open is how the store is asked for: it makes one if there is none, and gives what connects to it and the address that its
// webhooks are to go to.
func (d *residentDemo) Open(ctx context.Context) (web.DemoStore, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped || d.store == nil {
		return web.DemoStore{}, errNoDemo
	}
	if d.running == nil {
		d.open(ctx, "shpat_"+strings.ToLower(rand.Text()), "shpss_"+strings.ToLower(rand.Text()),
			func(_ context.Context, s *demoStore) error {
				s.shop.Generate(residentOrders, demoAge)
				return nil
			})
	}
	d.running.asked = time.Now()
	return web.DemoStore{
		Credentials: app.Credentials{AccessToken: d.running.token, APISecret: d.running.secret},
		StoreName:   residentShop, Webhooks: d.base,
	}, nil
}

// open begins a life of the store, which outlives ctx; fill gives it its orders. The caller holds the lock.
func (d *residentDemo) open(ctx context.Context, token, secret string, fill func(context.Context, *demoStore) error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s := &residentStore{demoStore: newDemoStore(residentShop, token, secret), asked: time.Now(), end: end, ready: make(chan struct{})}
	d.running = s
	d.work.Go(func() {
		defer end()
		begun := time.Now()
		if err := fill(life, s.demoStore); err != nil && life.Err() == nil {
			// It goes on with what it has: the next sync shows what is missing.
			d.log.ErrorContext(life, "the demo store could not be filled", "error", err)
		}
		close(s.ready)
		d.log.InfoContext(life, "the demo store is open", "orders", s.shop.Count(), "duration", time.Since(begun))
		d.live(life, s)
	})
}

// restore fills the store with what the service has of it, so that both agree, and subscribes to where it was subscribed.
func (d *residentDemo) restore(ctx context.Context, id int64, s *demoStore) error {
	in, err := d.store.IntegrationByID(ctx, id)
	if err != nil {
		return fmt.Errorf("demo store: %w", err)
	}
	if in.WebhookAddress != "" {
		s.shop.Subscribe(in.WebhookAddress, in.WebhookTopics...)
	}
	var raws [][]byte
	for next, done := int64(0), false; !done && len(raws) <= residentMost; {
		next, done, err = d.store.EachPayload(ctx, id, next, func(o *store.Order) error {
			if o.DeletedAt.IsZero() {
				raws = append(raws, o.Raw)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("demo store: orders: %w", err)
		}
	}
	if s.shop.Restore(raws...) == 0 { // it was connected, and stopped before its first page
		s.shop.Generate(residentOrders, demoAge)
	}
	return nil
}

// live lets something happen at every beat until the life ends or nobody has the store connected.
func (d *residentDemo) live(life context.Context, s *residentStore) {
	wait := s.server.StartDeliveries(life, simulator.DeliveryConfig{Client: &http.Client{Transport: toSelf{strings.TrimPrefix(d.base, "http://")}}})
	defer wait()
	beat := time.NewTicker(residentBeat)
	defer beat.Stop()
	for n := 0; ; {
		select {
		case <-life.Done():
			return
		case <-beat.C:
		}
		wanted, err := d.wanted(life, s)
		if err != nil {
			if life.Err() == nil {
				d.log.WarnContext(life, "whether the demo store is still connected could not be asked", "error", err)
			}
			continue
		}
		if !wanted {
			d.log.InfoContext(life, "the demo store is closed: nobody has it connected")
			s.end()
			return
		}
		if s.shop.Count() < residentMost && len(s.shop.Subscriptions()) > 0 {
			s.happen(n)
			n++
		}
	}
}

// wanted tells whether anybody has the store connected, or has just asked for it. When not, it takes it away.
func (d *residentDemo) wanted(ctx context.Context, s *residentStore) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	connected, err := d.integrations(ctx)
	if err != nil || len(connected) > 0 || time.Since(s.asked) < residentGrace {
		return true, err
	}
	d.running = nil
	return false, nil
}

// integrations are those of the demo store, of whomever.
func (d *residentDemo) integrations(ctx context.Context) ([]int64, error) {
	connected, err := d.store.ConnectedShops(ctx, []string{residentShop})
	if err != nil {
		return nil, fmt.Errorf("demo store: %w", err)
	}
	return connected[residentShop], nil
}

// stop ends it and waits for that.
func (d *residentDemo) stop() {
	d.mu.Lock()
	d.stopped = true
	if d.running != nil {
		d.running.end()
	}
	d.mu.Unlock()
	d.work.Wait()
}

// toSelf sends every request to the service itself, whatever address the store was told: the public one may not be
// reachable from here.
type toSelf struct{ host string }

// RoundTrip sends one request.
func (t toSelf) RoundTrip(r *http.Request) (*http.Response, error) {
	own := r.Clone(r.Context())
	own.URL.Scheme, own.URL.Host, own.Host = "http", t.host, t.host
	return http.DefaultTransport.RoundTrip(own)
}
