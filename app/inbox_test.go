package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
)

// addShop connects a further simulated store and gives the id of its integration.
func (w *world) addShop(t *testing.T, domain string) int64 {
	t.Helper()
	w.sim.AddShop(simulator.ShopConfig{Domain: domain, Token: shopToken, APISecret: shopSecret, Bucket: -1})
	c, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{
		StoreName: domain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Integration.ID
}

// crowd lets n deliveries of a shop come in at once.
type crowd struct {
	all     sync.WaitGroup
	mu      sync.Mutex
	refused int
}

func (w *world) crowd(t *testing.T, domain string, n int) *crowd {
	c := &crowd{}
	for i := range n {
		body := orderBody(i)
		d := app.Incoming{
			Shop: domain, Topic: app.TopicOrdersCreate, WebhookID: fmt.Sprint(domain, n, "/", i), Body: []byte(body), HMAC: shopify.Sign(shopSecret, []byte(body)),
		}
		c.all.Go(func() {
			if err := w.app.Accept(t.Context(), d); err != nil {
				if app.KindOf(err) != app.Busy {
					t.Error(err)
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				c.refused++
			}
		})
	}
	return c
}

func (c *crowd) end() (refused int) {
	c.all.Wait()
	return c.refused
}

func TestInbox_OneShopsFloodLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	flooding, quiet := w.connect(t).Integration.ID, w.addShop(t, "quiet.myshopify.com")
	const room, many, few = 60, 200, 10
	app.BoundInbox(w.app, room)
	held, free := make(chan struct{}), make(chan struct{})
	var holder sync.WaitGroup
	holder.Go(func() { // the writer, so that whoever delivers must wait
		_ = w.store.Update(t.Context(), func(context.Context, *store.Tx) error {
			close(held)
			<-free
			return nil
		})
	})
	<-held
	flood := w.crowd(t, shopDomain, 1) // this one has the turn to write, and is taken out of the room for it
	eventually(t, "the first letter's turn", func() bool { return app.Writing(w.app) })
	more := w.crowd(t, shopDomain, many)
	eventually(t, "a full room", func() bool {
		more.mu.Lock()
		defer more.mu.Unlock()
		return app.Waiting(w.app) == room && more.refused == many-room
	})
	others := w.crowd(t, "quiet.myshopify.com", few)
	eventually(t, "the others' place", func() bool {
		more.mu.Lock()
		defer more.mu.Unlock()
		return app.Waiting(w.app) == room && more.refused == many-room+few
	})
	close(free)
	holder.Wait()
	if n := flood.end(); n != 0 {
		t.Errorf("the first is refused %d times", n)
	}
	if n := more.end(); n != many-room+few {
		t.Errorf("%d of the flood are refused, want %d", n, many-room+few)
	}
	if n := others.end(); n != 0 {
		t.Errorf("%d of the quiet shop are refused, want none", n)
	}
	ds, err := w.store.Deliveries(t.Context(), quiet, store.DeliveryFilter{Limit: 100})
	if err != nil || len(ds) != few {
		t.Fatalf("%d deliveries, %v, want %d", len(ds), err, few)
	}
	if last := ds[0].Seq; last > 1+2*few { // in turn with the flood, which came before
		t.Errorf("the quiet shop's last delivery is stored as number %d, want %d at most", last, 1+2*few)
	}
	if n, err := w.store.CountDeliveries(t.Context(), flooding, store.DeliveryFilter{}); err != nil || n != 1+room-few {
		t.Errorf("%d deliveries of the flood, %v, want %d", n, err, 1+room-few)
	}
}

// When every line has one letter, there is nobody to take the place from.
func TestInbox_IsBoundedForAllTogether(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connect(t)
	w.addShop(t, "quiet.myshopify.com")
	app.BoundInbox(w.app, 1)
	held, free := make(chan struct{}), make(chan struct{})
	var holder sync.WaitGroup
	holder.Go(func() {
		_ = w.store.Update(t.Context(), func(context.Context, *store.Tx) error {
			close(held)
			<-free
			return nil
		})
	})
	<-held
	first := w.crowd(t, shopDomain, 1)
	eventually(t, "the first letter's turn", func() bool { return app.Writing(w.app) })
	second := w.crowd(t, shopDomain, 1)
	eventually(t, "a full room", func() bool { return app.Waiting(w.app) == 1 })
	if n := w.crowd(t, "quiet.myshopify.com", 1).end(); n != 1 {
		t.Error("one more than there is room for is not refused")
	}
	close(free)
	holder.Wait()
	if n := first.end() + second.end(); n != 0 {
		t.Errorf("%d of those who waited are refused", n)
	}
}

// Whoever sends is told to come again while there is time, whatever the database does. What is stored later after all is stored once.
func TestInbox_TellsItsSendersInTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	app.HurryInbox(w.app, 50*time.Millisecond)
	held, free := make(chan struct{}), make(chan struct{})
	var holder sync.WaitGroup
	holder.Go(func() {
		_ = w.store.Update(t.Context(), func(context.Context, *store.Tx) error {
			close(held)
			<-free
			return nil
		})
	})
	<-held
	const many = 5
	begun := time.Now()
	if n := w.crowd(t, shopDomain, many).end(); n != many {
		t.Errorf("%d are refused while nothing can be stored, want %d", n, many)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("they were told after %s", took)
	}
	close(free)
	holder.Wait()
	eventually(t, "what was begun", func() bool { return !app.Storing(w.app) })
	app.HurryInbox(w.app, time.Minute)
	if n := w.crowd(t, shopDomain, many).end(); n != 0 {
		t.Errorf("%d are refused when they come again", n)
	}
	if n, err := w.store.CountDeliveries(t.Context(), id, store.DeliveryFilter{}); err != nil || n != many {
		t.Errorf("%d deliveries, %v, want each once", n, err)
	}
}

// What is read ahead is read in a goroutine of its own, where a panic would end the process.
func TestImport_APanicWhileReadingAheadIsAFailure(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(300, 80*days)
	c := w.connect(t)
	w.after = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/orders.json") {
			panic("a stone in the way")
		}
	}
	if _, err := w.app.Import(t.Context(), c.Import.ID); err == nil || !strings.Contains(err.Error(), "a stone in the way") {
		t.Fatalf("got %v, want the panic", err)
	}
	w.after = nil
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || run.Created != 300 {
		t.Errorf("run %+v, want completed", run)
	}
}
