package store_test

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"

	"probability/store"
	"probability/store/storetest"
)

// A process is killed again and again while it brings an old folder up to date. Each start goes on where the one before was
// stopped, and in the end everything is there.
func TestOpen_KilledWhileItBringsAFolderUpToDate(t *testing.T) {
	t.Parallel()
	const orders = 1500
	dir := t.TempDir() + "/data"
	db := must(store.OldSchema(t.Context(), dir))(t)
	if _, err := db.ExecContext(t.Context(), `INSERT INTO integrations (id, user_id, store_name, auth, client_id, active, permissions, created_at, updated_at,
			served_version, webhook_address, webhook_topics) VALUES (7, 'u', 'a.myshopify.com', 'token', '', TRUE, '[]', 0, 0, '', '', '[]')`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO orders (id, integration_id, platform, platform_order_id, version_at, observed_at, digest, imported_at, listed_at, created_at,
			order_number, total_millionths, currency, financial_status, test, search_text)
		SELECT i, 7, 'shopify', i, 0, 0, x'', $2, $2 + i * 1000000, $2 + i * 1000000, '#' || i, i * 1000000, 'COP', 'paid', FALSE,
			'#' || i || x'1f' || i || x'1f' || 'ana number ' || i || ' ' || hex(randomblob(40)) FROM n`, orders, noon.UnixMilli()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	partly := 0
	for delay, opened := 4*time.Millisecond, false; !opened; delay = delay * 3 / 2 {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), openEnv+"="+dir, "STORE_TEST_SERVE=1")
		in, out := must(c.StdinPipe())(t), must(c.StdoutPipe())(t)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(delay, func() { _ = c.Process.Kill() })
		opened = bufio.NewScanner(out).Scan()
		kill.Stop()
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = in.Close()
		if version, err := rawQuery[int64](t, dir, `SELECT max(version_id) FROM schema_version`); err == nil && version > 1 && !opened {
			partly++
		}
	}
	t.Logf("%d kills left a folder between two versions", partly)
	s := storetest.Open(t, store.Config{Dir: dir})
	if wrong := must(store.CheckSums(t.Context(), s))(t); wrong != nil {
		t.Errorf("sums: %v", wrong)
	}
	if n := must(store.Indexed(t.Context(), s, 7))(t); n != orders {
		t.Errorf("%d orders are in the search index, want %d", n, orders)
	}
	if got := must(rawQuery[string](t, dir, `PRAGMA integrity_check`))(t); got != "ok" {
		t.Errorf("integrity: %s", got)
	}
	// Steps that were done are not done again, and what they moved is not twice.
	if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: 7, Search: "number 1"}))(t); n == 0 {
		t.Error("the search finds nothing")
	}
}
