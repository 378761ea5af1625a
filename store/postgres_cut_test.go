package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"probability/store"
	"probability/store/storetest"
)

// cable is what lies between a store and its server, and can be cut.
type cable struct {
	network, address string // of the server

	mu    sync.Mutex
	cut   bool // nobody gets through
	ends  []net.Conn
	lines sync.WaitGroup
}

// lay lays a cable to the server of an address, and gives the address of its end.
func lay(t *testing.T, at string) (_ *cable, end string) {
	t.Helper()
	cfg := must(pgconn.ParseConfig(at))(t)
	c := &cable{}
	c.network, c.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	c.lines.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			c.join(near)
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		c.set(true)
		c.lines.Wait()
	})
	u := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: l.Addr().String(), Path: "/" + cfg.Database, RawQuery: "sslmode=disable"}
	return c, u.String()
}

// join carries what is said on a connection to the server and back.
func (c *cable) join(near net.Conn) {
	far, err := net.Dial(c.network, c.address)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || c.cut {
		_ = near.Close()
		if err == nil {
			_ = far.Close()
		}
		return
	}
	c.ends = append(c.ends, near, far)
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		c.lines.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = errors.Join(way[0].Close(), way[1].Close())
		})
	}
}

// set cuts the cable, or mends it.
func (c *cable) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	for _, end := range c.ends {
		_ = end.Close()
	}
	c.ends = nil
}

// Whatever is being done when the network goes, is unavailable and nothing else, and works again when the network is back.
func TestServer_ACutCable(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgresConfig(t)
	direct := storetest.Open(t, cfg)
	var c *cable
	c, cfg.URL = lay(t, cfg.URL)
	s := storetest.Open(t, cfg)
	insert := func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, newUser()) }
	for name, try := range map[string]func(ctx context.Context) error{
		"between two statements": func(ctx context.Context) error {
			return s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				if err := insert(ctx, tx); err != nil {
					return err
				}
				c.set(true)
				return insert(ctx, tx)
			})
		},
		"before the commit": func(ctx context.Context) error {
			return s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				if err := insert(ctx, tx); err != nil {
					return err
				}
				c.set(true)
				return nil
			})
		},
		"between two of the queue's": func(ctx context.Context) error {
			return s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
				if err := insert(ctx, tx); err != nil {
					return err
				}
				c.set(true)
				_, err := tx.Pgx().Exec(ctx, `DELETE FROM river_job`)
				return err
			})
		},
		"before the beginning": func(ctx context.Context) error {
			c.set(true)
			return s.Update(ctx, insert)
		},
		"while reading": func(ctx context.Context) error {
			c.set(true)
			_, err := s.CountUsers(ctx)
			return err
		},
		"for the queue": func(ctx context.Context) error {
			c.set(true)
			_, err := s.JobCounts(ctx)
			return err
		},
	} {
		if err := try(t.Context()); !store.Unavailable(err) {
			t.Errorf("%s: got %v, want that it is unavailable", name, err)
		}
		if n := must(direct.CountUsers(t.Context()))(t); n != 0 {
			t.Errorf("%s: %d users are kept", name, n)
		}
		c.set(false)
		for range 20 { // connections that were lost are found one by one
			if err := s.Ping(t.Context()); err == nil {
				break
			}
		}
		if err := errors.Join(s.Ping(t.Context()), read(t.Context(), s)); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
	}
	if store.Unavailable(fmt.Errorf("a shop: %w", &net.OpError{Op: "dial", Err: io.ErrUnexpectedEOF})) {
		t.Error("what others cannot be reached is not the database")
	}
}

// read reads until the connections of all readers are good again.
func read(ctx context.Context, s *store.Store) error {
	var err error
	for range 20 {
		if _, err = s.CountUsers(ctx); err == nil || !strings.Contains(err.Error(), "reached") {
			return err
		}
	}
	return err
}

// Whatever is given up says so, wherever it was just then. Whoever is told to stop, or whose client has left, tells by that what is no
// fault.
func TestServer_WhatIsGivenUpSaysSo(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.PostgresConfig(t))
	given := 0
	for n := range 60 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*25*time.Microsecond)
		_, read := s.CountUsers(ctx)
		wrote := s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertSetupLink(ctx, []byte{byte(n)}, time.Now(), time.Now().Add(time.Hour))
		})
		for what, err := range map[string]error{"a read": read, "a transaction": wrote} {
			if err == nil {
				continue
			}
			if given++; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s says %v", what, err)
			}
		}
		cancel()
	}
	if given == 0 {
		t.Error("nothing was given up")
	}
}
