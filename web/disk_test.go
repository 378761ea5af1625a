package web_test

import (
	"net/http"
	"testing"

	"probability/store"
	"probability/store/storetest"
)

// While the disk is full, whoever wants something stored is told to come again, and reading goes on. Nothing has to be
// mended afterwards.
func TestServer_OnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	disk := storetest.NewDisk(t, dir)
	b := newBench(t, func(o *options) {
		o.store = storetest.Open(t, store.Config{Dir: dir, Key: storetest.Key(), Exclusive: true})
	})
	path, id := b.connected()
	b.put(id, order(1))
	body := order(2)
	disk.Fail(storetest.Full, 1, 0)
	for range 3 {
		got := b.post(webhookPath, body, signed(body)).problem(http.StatusServiceUnavailable, "webhook_not_stored")
		if got.header.Get("Retry-After") == "" {
			t.Error("a refused webhook is not told when to come again")
		}
		b.get(path + "orders/").want(http.StatusOK)
		b.get(path + "orders/?search=1").want(http.StatusOK)
		got = b.do(http.MethodPatch, path, `{"is_active":false}`).problem(http.StatusServiceUnavailable, "database_unavailable")
		if got.header.Get("Retry-After") == "" {
			t.Error("whoever wants to change something is not told when to come again")
		}
	}
	disk.Heal()
	b.app.CheckDisk(t.Context())
	b.post(webhookPath, body, signed(body)).want(http.StatusOK)
	b.do(http.MethodPatch, path, `{"is_active":false}`).want(http.StatusOK)
	due, err := b.store.PendingDeliveries(t.Context(), id, b.clock.Now(), 0, 10)
	fatal(t, err)
	if len(due) != 1 || string(due[0].Body) != body {
		t.Errorf("%d deliveries are stored, want the one that was taken", len(due))
	}
	storetest.Sound(t, b.store)
}
