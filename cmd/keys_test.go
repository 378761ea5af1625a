package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// delivering sends new orders from several sides until stop, which returns how many were accepted; all must be.
func delivering(t *testing.T, shop *simulator.Shop, base string) (accepted *atomic.Int64, stop func()) {
	t.Helper()
	var done atomic.Bool
	var wg sync.WaitGroup
	accepted = &atomic.Int64{}
	for range 3 {
		wg.Go(func() {
			for !done.Load() {
				sent, err := shop.Deliver(t.Context(), patient, "orders/create", shop.NewOrder(), simulator.To(base+"/api/webhooks/shopify/orders/"))
				if err != nil || sent.Status != 200 {
					t.Errorf("a webhook was refused: %+v, %v", sent, err)
					return
				}
				accepted.Add(1)
			}
		})
	}
	stop = func() {
		done.Store(true)
		wg.Wait()
	}
	t.Cleanup(stop)
	return accepted, stop
}

// more waits until so many further webhooks were accepted.
func more(t *testing.T, accepted *atomic.Int64, n int64) {
	t.Helper()
	target := accepted.Load() + n
	eventually(t, "webhooks", func() error {
		if got := accepted.Load(); got < target {
			return fmt.Errorf("%d accepted, want %d", got, target)
		}
		return nil
	})
}

// The key is rotated under a running service: no webhook is refused, also after the secrets' cache has ended, and the next
// sync opens the token. Started again, it has the new key.
func TestRotate_BesideARunningService(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	shop.Generate(50, 24*time.Hour)
	token := account(t, dir, "ana@example.com")
	p := serving(t, "probability", dir, "--shopify-endpoint="+endpoint)
	r := rest{t, p.base, token}
	id, first := r.connect()
	r.completed(id, first.ID)
	accepted, stop := delivering(t, shop, p.base)
	for range 2 {
		if code, stdout, stderr := command(t, dir, "", "key", "rotate"); code != 0 || !strings.Contains(stdout, "3 secrets were encrypted") {
			t.Errorf("got exit code %d: %s%s", code, stdout, stderr)
		}
		begun := time.Now()
		eventually(t, "the end of the cache", func() error { return want("over", time.Since(begun) > 1100*time.Millisecond, true) })
		more(t, accepted, 5)
	}
	stop()
	var started struct {
		Import importRun `json:"import"`
	}
	r.call("POST", fmt.Sprintf("%s%d/sync-orders/", api, id), nil, 202, &started)
	r.completed(id, started.Import.ID)
	eventually(t, "all orders", func() error { return r.sameOrders(id, shop) })
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	again := serving(t, "probability", dir, "--shopify-endpoint="+endpoint)
	if status := deliver(t, shop, again.base, "orders/create", shop.NewOrder()); status != 200 {
		t.Errorf("after a start: got %d, want the delivery accepted", status)
	}
}

// payloads are all orders as the API gives them, the payload byte for byte.
func (r rest) payloads(id int64) map[string]string {
	r.t.Helper()
	found := map[string]string{}
	for cursor, more := "", true; more; {
		var page struct {
			NextCursor *string `json:"next_cursor"`
			Results    []struct {
				PlatformOrderID string          `json:"platform_order_id"`
				Raw             json.RawMessage `json:"raw_response"`
			} `json:"results"`
		}
		r.call("GET", fmt.Sprintf("%s%d/orders/?page_size=100&fields=platform_order_id,raw_response&cursor=%s", api, id, cursor), nil, 200, &page)
		for _, o := range page.Results {
			found[o.PlatformOrderID] = string(o.Raw)
		}
		if more = page.NextCursor != nil && *page.NextCursor != ""; more {
			cursor = *page.NextCursor
		}
	}
	return found
}

// A backup that is made while an import and webhooks are under way has all that was there when it began; the folder that is
// restored from it serves the same payloads.
func TestBackup_UnderLoadIsServedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1, Latency: 50 * time.Millisecond})
	shop.Generate(1500, 80*24*time.Hour)
	token := account(t, dir, "ana@example.com")
	flags := []string{"--shopify-endpoint=" + endpoint, "--sync-interval=0"}
	p := serving(t, "probability", dir, flags...)
	r := rest{t, p.base, token}
	id, first := r.connect()
	accepted, stop := delivering(t, shop, p.base)
	more(t, accepted, 20)
	var before map[string]int
	eventually(t, "orders", func() error {
		before = r.orders(id)
		return want("some are stored", len(before) >= 20, true)
	})
	file := filepath.Join(dir, "a.backup")
	if code, _, stderr := command(t, dir, "", "backup", file); code != 0 {
		t.Fatalf("got exit code %d: %s", code, stderr)
	}
	more(t, accepted, 5)
	stop()
	r.completed(id, first.ID)
	eventually(t, "all orders", func() error { return r.sameOrders(id, shop) })
	all := r.payloads(id)

	into := t.TempDir()
	key, err := os.ReadFile(filepath.Join(dir, "data", "key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(into, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(into, "data", "key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, into, "", "restore", file); code != 0 {
		t.Fatalf("got exit code %d: %s", code, stderr)
	}
	if code, _, stderr := command(t, dir, "", "restore", file); code != 1 || !strings.Contains(stderr, "there is a database already") {
		t.Errorf("over a live database: got exit code %d: %s", code, stderr)
	}
	restored := serving(t, "probability", into, flags...)
	r.base = restored.base
	r.completed(id, first.ID) // the import that the backup interrupted goes on
	found := r.payloads(id)
	for order := range before {
		if found[order] == "" {
			t.Errorf("order %s was there before the backup, and is not in it", order)
		}
	}
	for order, raw := range found {
		if all[order] != raw {
			t.Errorf("order %s has another payload", order)
		}
	}
	if len(found) < len(before) {
		t.Errorf("%d orders before, %d restored", len(before), len(found))
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"ana@example.com", "shpat_", "@example", testShop, token} {
		if strings.Contains(string(content), text) {
			t.Errorf("the backup shows %q", text)
		}
	}
}
