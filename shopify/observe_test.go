package shopify_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"probability/shopify"
	"probability/shopify/simulator"
)

func TestClient_TellsWhatEachRequestCameTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, tellsWhatEachRequestCameTo) // its waits take no time
}

func tellsWhatEachRequestCameTo(t *testing.T) {
	const token = "shpat_0123456789abcdef0123456789abcdef"
	var mu sync.Mutex
	var seen []shopify.Observation
	sim := simulator.New()
	// Four calls fit, and two more each ten seconds.
	shop := sim.AddShop(simulator.ShopConfig{Domain: "uno.myshopify.com", Token: token, Bucket: 4, Latency: 5 * time.Millisecond})
	client, err := shopify.NewClient(shopify.Config{Retries: -1, MaxWait: 10 * time.Second, Observe: func(o shopify.Observation) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, o)
	}}, &http.Client{Transport: sim.Transport()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(token string) shopify.Observation {
		t.Helper()
		_, err := client.Shop(t.Context(), shopify.Session{Shop: "uno.myshopify.com", Token: token})
		mu.Lock()
		defer mu.Unlock()
		last := seen[len(seen)-1]
		if shopify.KindOf(err) != last.Kind {
			t.Errorf("got %v, told %+v", err, last)
		}
		seen = seen[:0]
		return last
	}
	if o := ask(token); o.Kind != "" || o.Status != http.StatusOK || o.Took < 5*time.Millisecond || o.Waited > time.Second {
		t.Errorf("a good call: told %+v", o)
	}
	if o := ask(token + "x"); o.Kind != shopify.KindUnauthorized || o.Status != http.StatusUnauthorized {
		t.Errorf("a refused call: told %+v", o)
	}
	for _, c := range []struct {
		fault  simulator.FaultKind
		kind   shopify.Kind
		status int
	}{
		{simulator.FaultBadGateway, shopify.KindUnavailable, http.StatusBadGateway},
		{simulator.FaultDrop, shopify.KindUnavailable, 0},
		{simulator.FaultHTML, shopify.KindUnavailable, http.StatusOK},
	} {
		shop.Inject(simulator.Fault{Kind: c.fault, Path: "shop.json", Times: 1})
		if o := ask(token); o.Kind != c.kind || o.Status != c.status {
			t.Errorf("%s: told %+v", c.fault, o)
		}
	}
	waited := time.Duration(0)
	for range 3 {
		waited += ask(token).Waited
	}
	if waited < time.Second {
		t.Errorf("calls beyond the limit waited %s in all, want seconds", waited)
	}
}
