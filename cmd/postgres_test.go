package cmd_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"probability/shopify/simulator"
	"probability/store/storetest"
)

// machine makes the folder of one of the machines that work on a PostgreSQL database, all with the same key.
func machine(t *testing.T, url string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	key := base64.StdEncoding.EncodeToString(storetest.Key())
	text := fmt.Sprintf("database:\n  url: %q\nsecurity:\n  encryption_key: %q\n", url, key)
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// deliveryStates counts the deliveries of an integration by state.
func (r rest) deliveryStates(id int64) map[string]int {
	r.t.Helper()
	states := map[string]int{}
	for page := 1; ; page++ {
		var got struct {
			Next    *string `json:"next"`
			Results []struct {
				State string `json:"state"`
			} `json:"results"`
		}
		r.call(http.MethodGet, fmt.Sprintf("%s%d/deliveries/?page_size=100&page=%d", api, id, page), nil, http.StatusOK, &got)
		for _, d := range got.Results {
			states[d.State]++
		}
		if got.Next == nil {
			return states
		}
	}
}

// Two processes of the real binary on one database, behind somebody who sends to whichever takes it. One is killed while webhooks
// arrive at both. What either has acknowledged is there once, and the other goes on with what was in the dead one's hands.
func TestPostgres_OneOfTwoProcessesIsKilled(t *testing.T) {
	t.Parallel()
	binary, url := build(t), storetest.EmptyPostgres(t)
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	shop.Generate(300, 80*24*time.Hour)
	first, second := machine(t, url), machine(t, url)
	token := account(t, first, "ana@example.com")
	flags := []string{"--shopify-endpoint=" + endpoint, "--sync-interval=0"}
	a, b := serving(t, binary, first, flags...), serving(t, binary, second, flags...)
	r := rest{t, a.base, token}
	id, run := r.connect()
	r.base = b.base
	r.completed(id, run.ID)
	if err := r.sameOrders(id, shop); err != nil {
		t.Fatal(err)
	}
	var accepted, done atomic.Int64
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for done.Load() == 0 {
				body := shop.NewOrder()
				for i, base := range []string{a.base, b.base} { // one after the other, as a proxy tries them
					sent, err := shop.Deliver(t.Context(), patient, "orders/create", body, simulator.To(base+"/api/webhooks/shopify/orders/"))
					if err == nil && sent.Status == http.StatusOK {
						accepted.Add(1)
						break
					}
					if i == 1 {
						t.Errorf("nobody took a webhook: %+v, %v", sent, err)
					}
				}
			}
		})
	}
	eventually(t, "webhooks", func() error { return atLeast(accepted.Load(), 100) })
	a.kill()
	eventually(t, "webhooks to the other", func() error { return atLeast(accepted.Load(), 250) })
	a2 := serving(t, binary, first, flags...)
	done.Store(1)
	senders.Wait()
	eventually(t, "what was acknowledged", func() error { return r.sameOrders(id, shop) })
	r.base = a2.base
	eventually(t, "the deliveries", func() error {
		states := r.deliveryStates(id)
		// What the dead one took without having said so was sent once more, and is known for what it is.
		if states["processed"]+states["duplicate"] < int(accepted.Load()) || states["pending"]+states["failed"] > 0 {
			return fmt.Errorf("they are %v, want %d processed", states, accepted.Load())
		}
		return nil
	})
	code, stdout, stderr := command(t, first, "", "doctor")
	for _, line := range []string{"ok    server ", "ok    server's clock ", "ok    service         2 are at work", "ok    schema ", "ok    key ", "ok    backlog         no webhook waits"} {
		if !strings.Contains(stdout, line) {
			t.Errorf("the doctor does not say %q (exit code %d): %s%s", line, code, stdout, stderr)
		}
	}
	for _, p := range []*process{a2, b} {
		if code := p.stop(); code != 0 {
			t.Errorf("got exit code %d, want 0: %s", code, p.stderr)
		}
		if text := p.stderr.String(); strings.Contains(text, `"level":"ERROR"`) {
			t.Errorf("something went wrong: %s", text)
		}
	}
}

func atLeast(got, want int64) error {
	if got < want {
		return fmt.Errorf("got %d, want %d", got, want)
	}
	return nil
}

// An installation on SQLite is killed in the middle of an import and with webhooks that nobody has processed, moved, and goes on where it
// was, on PostgreSQL.
func TestMove_GoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	binary, url := build(t), storetest.EmptyPostgres(t)
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1, Latency: 50 * time.Millisecond})
	shop.Generate(2500, 80*24*time.Hour)
	dir := t.TempDir()
	token := account(t, dir, "ana@example.com")
	p := serving(t, binary, dir, "--shopify-endpoint="+endpoint)
	r := rest{t, p.base, token}
	id, run := r.connect()
	eventually(t, "some pages", func() error { return atLeast(int64(r.run(id, run.ID).Fetched), 500) })
	if code, _, stderr := command(t, dir, "", "move", "--to", url); code != 1 || !strings.Contains(stderr, "in use by another process; stop that one") || strings.Contains(stderr, "PostgreSQL at") {
		t.Errorf("beside a running service: exit code %d, %s", code, stderr)
	}
	for range 5 {
		if status := deliver(t, shop, p.base, "orders/create", shop.NewOrder()); status != http.StatusOK {
			t.Fatalf("got %d, want the delivery accepted", status)
		}
	}
	p.kill()
	code, stdout, stderr := command(t, dir, "", "move", "--to", url)
	if code != 0 || !strings.Contains(stdout+stderr, "Every row was read back and is the same.") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	if code, _, stderr := command(t, dir, "", "move", "--to", url); code != 1 || !strings.Contains(stderr, "the database is not empty") {
		t.Errorf("the second move: exit code %d, %s", code, stderr)
	}
	config := fmt.Sprintf("database:\n  url: %q\n", url)
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p = serving(t, binary, dir, "--shopify-endpoint="+endpoint)
	r.base = p.base
	if got := r.completed(id, run.ID); got.Total == nil || *got.Total < 2500 {
		t.Errorf("the import ended as %+v", got)
	}
	eventually(t, "all orders", func() error { return r.sameOrders(id, shop) })
	eventually(t, "the deliveries", func() error {
		states := r.deliveryStates(id)
		return want("processed", states["processed"], 5)
	})
	for _, c := range [][]string{{"backup", filepath.Join(dir, "b")}, {"restore", filepath.Join(dir, "b")}} {
		if code, _, stderr := command(t, dir, "", c...); code != 1 || !strings.Contains(stderr, "pg_dump") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit code %d, %s", c, code, stderr)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}
