package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"probability/store"
	"probability/store/storetest"
)

const oldOrders = 40

// oldFolder makes a folder of the first version with some orders, and gives its database file.
func oldFolder(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir() + "/data"
	db := must(store.OldSchema(t.Context(), dir))(t)
	tx := must(db.BeginTx(t.Context(), nil))(t)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := tx.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO integrations (id, user_id, store_name, auth, client_id, active, permissions, created_at, updated_at, served_version, webhook_address, webhook_topics)
		VALUES (7, 'u', 'a.myshopify.com', 'token', '', TRUE, '[]', 0, 0, '', '', '[]')`)
	packed := must(zstd.NewWriter(nil))(t).EncodeAll([]byte(`{"id":1}`), nil)
	for n := range oldOrders {
		exec(`INSERT INTO orders (id, integration_id, platform, platform_order_id, version_at, observed_at, digest, imported_at, listed_at, created_at,
				order_number, total_millionths, currency, test, search_text)
			VALUES ($1, 7, 'shopify', $2, 0, 0, x'', $3, $3, $3, $2, 10000000, 'COP', FALSE, $2)`, n+1, fmt.Sprint("#", n), noon.UnixMilli())
		exec(`INSERT INTO order_payloads VALUES ($1, 1, $2)`, n+1, packed)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return must(os.ReadFile(filepath.Join(dir, "probability.db")))(t)
}

// place puts a database file into a folder of its own, with a disk below.
func place(t *testing.T, file []byte) (string, *storetest.Disk) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if file != nil {
		if err := os.WriteFile(filepath.Join(dir, "probability.db"), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, storetest.NewDisk(t, dir)
}

// opensWhole wants a folder to open, of this version, with nothing missing.
func opensWhole(t *testing.T, dir string, orders int) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir, Key: storetest.Key(), Exclusive: true}, quiet())
	if err != nil {
		t.Errorf("the next opening: %v", err)
		return
	}
	storetest.Sound(t, s)
	if n := must(s.CountOrders(t.Context(), store.OrderFilter{IntegrationID: 7}))(t); n != orders {
		t.Errorf("%d orders, want %d", n, orders)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Making a database and bringing an old one up to date fail at any write, or with the power lost there: the next opening
// goes on from what is left.
func TestOpen_WhicheverWriteFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   []byte
		orders int
	}{"a new folder": {nil, 0}, "an old one": {oldFolder(t), oldOrders}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := 0
			for nth := 1; ; nth += 1 + nth*2/3 {
				dir, disk := place(t, c.file)
				disk.Fail(storetest.Full, nth, 0)
				s, err := store.Open(t.Context(), store.Config{Dir: dir, Key: storetest.Key(), Exclusive: true}, quiet())
				disk.Heal()
				if err == nil {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				} else {
					failed++
				}
				opensWhole(t, dir, c.orders)
				if disk.Met() == 0 {
					break // the opening has fewer writes
				}
			}
			if failed < 8 {
				t.Errorf("only %d openings failed", failed)
			}
		})
	}
}

func TestOpen_SurvivesEveryLossOfPower(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   []byte
		orders int
	}{"a new folder": {nil, 0}, "an old one": {oldFolder(t), oldOrders}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(3, 4)) // the same each time
			dir, disk := place(t, c.file)
			var left []string
			var cut func()
			cut = func() {
				into := filepath.Join(t.TempDir(), "data")
				if err := disk.LosePower(random, into); err != nil {
					t.Error(err)
				}
				left = append(left, into)
				disk.Before(1+random.IntN(30), cut)
			}
			disk.Before(1, cut)
			opensWhole(t, dir, c.orders)
			for _, dir := range left {
				opensWhole(t, dir, c.orders)
			}
			if len(left) < 10 {
				t.Errorf("the power was lost only %d times", len(left))
			}
		})
	}
}
