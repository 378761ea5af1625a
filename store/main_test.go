package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// openEnv makes the test binary a process that opens a folder instead of running tests.
const openEnv = "STORE_TEST_OPEN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(openEnv); dir != "" {
		os.Exit(openAsProcess(dir))
	}
	// rapid's own number, and half of it with the race detector. A flag wins.
	if err := flag.Set("rapid.checks", strconv.Itoa(storetest.Size(100, 50))); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := storetest.DropTemplate(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// openAsProcess opens dir, adds an account and, as a service, stays until its input ends.
func openAsProcess(dir string) int {
	ctx, serve := context.Background(), os.Getenv("STORE_TEST_SERVE") != ""
	s, err := store.Open(ctx, store.Config{Dir: dir, Exclusive: serve}, quiet())
	if errors.Is(err, store.ErrFolderInUse) {
		return 3
	}
	if err == nil {
		err = s.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, "open")
	if serve {
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// patience is how long a test waits for what normally takes a moment, on a machine with much else to do.
const patience = 2 * time.Minute

// noon is when things happen in these tests.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func newUser() store.User {
	id := uuid.New()
	return store.User{ID: id, Email: id.String() + "@example.com", PasswordHash: "hash", CreatedAt: noon}
}

// tester is what helpers need of a test, a benchmark or a property.
type tester interface {
	Helper()
	Fatal(args ...any)
	Context() context.Context
}

func must[T any](v T, err error) func(tester) T {
	return func(tb tester) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func update(tb tester, s *store.Store, fn func(ctx context.Context, tx *store.Tx) error) {
	tb.Helper()
	if err := s.Update(tb.Context(), fn); err != nil {
		tb.Fatal(err)
	}
}

// connect adds an integration of a user.
func connect(tb tester, s *store.Store, user uuid.UUID, shop string) int64 {
	tb.Helper()
	var id int64
	update(tb, s, func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = tx.InsertIntegration(ctx, store.Integration{
			UserID: user, StoreName: shop, Auth: "token", Active: true,
			Permissions: []string{"read_orders"}, CreatedAt: noon, UpdatedAt: noon,
		})
		return err
	})
	return id
}

// disconnect marks an integration deleted.
func disconnect(tb tester, s *store.Store, id int64) {
	tb.Helper()
	update(tb, s, func(ctx context.Context, tx *store.Tx) error { return tx.MarkIntegrationDeleted(ctx, id, noon) })
}

// put stores versions and returns what became of them.
func put(tb tester, s *store.Store, integration int64, vs ...store.Version) []store.Outcome {
	tb.Helper()
	var out []store.Outcome
	update(tb, s, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = tx.PutOrders(ctx, integration, vs, noon)
		return err
	})
	return out
}

// version is a state of an order, with a payload that tells it from others.
func version(id string, updated time.Time, edit func(*shopify.Order)) store.Version {
	o := shopify.Order{ID: id, Number: "#" + id, TotalPrice: "10.00", Currency: "COP", CreatedAt: noon.Add(-time.Hour), UpdatedAt: updated}
	if edit != nil {
		edit(&o)
	}
	o.Raw = fmt.Appendf(nil, `{"id":%q,"seen":%q,"name":%q,"email":%q,"total":%q,"status":%q}`,
		o.ID, o.UpdatedAt, o.CustomerName, o.CustomerEmail, o.TotalPrice, o.FinancialStatus)
	return store.Version{Order: o, ObservedAt: updated.Add(time.Minute)}
}

func itoa(n int) string { return strconv.Itoa(n) }

// longText does not compress.
func longText(seed int) string {
	var b strings.Builder
	for n := range 40 {
		sum := sha256.Sum256([]byte(itoa(seed) + "/" + itoa(n)))
		b.WriteString(hex.EncodeToString(sum[:]))
	}
	return b.String()
}
