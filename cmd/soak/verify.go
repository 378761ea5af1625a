package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // reads the copy of a database
)

// worked waits until no delivery of the integration waits to be worked off.
func (s *service) worked(ctx context.Context, integration int64) error {
	ctx, cancel := context.WithTimeout(ctx, waitForAll)
	defer cancel()
	return poll(ctx, 100*time.Millisecond, func() (bool, error) {
		n, err := s.count(ctx, integration, "deliveries/?state=pending&page_size=1")
		return n == 0, err
	})
}

// count is how many rows a list has.
func (s *service) count(ctx context.Context, integration int64, list string) (int, error) {
	var page struct {
		Count int `json:"count"`
	}
	err := s.call(ctx, http.MethodGet, fmt.Sprintf("%s%d/%s", api, integration, list), nil, &page)
	return page.Count, err
}

// listed reads all orders by cursor: how often each id of Shopify's is there.
func (s *service) listed(ctx context.Context, integration int64) (map[string]int, error) {
	found := map[string]int{}
	for next := ""; ; {
		var page struct {
			NextCursor string `json:"next_cursor"`
			Results    []struct {
				PlatformOrderID string `json:"platform_order_id"`
			} `json:"results"`
		}
		path := fmt.Sprintf("%s%d/orders/?page_size=100&fields=platform_order_id&cursor=%s", api, integration, next)
		if err := s.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Results {
			found[o.PlatformOrderID]++
		}
		if next = page.NextCursor; next == "" {
			return found, nil
		}
	}
}

// sameOrders wants each of these orders once, and no other.
func (s *service) sameOrders(ctx context.Context, integration int64, ids []int64) error {
	found, err := s.listed(ctx, integration)
	if err != nil {
		return err
	}
	missing, twice := 0, 0
	for _, id := range ids {
		switch text := fmt.Sprint(id); found[text] {
		case 0:
			missing++
		case 1:
			delete(found, text)
		default:
			twice++
			delete(found, text)
		}
	}
	if missing+twice+len(found) > 0 {
		return fmt.Errorf("of %d orders %d are missing, %d are there twice, and %d should not be there", len(ids), missing, twice, len(found))
	}
	return nil
}

// delivered wants every order that the sender delivered, once, and no delivery undone.
func (s *service) delivered(ctx context.Context, integration int64, from *sender) error {
	if err := s.worked(ctx, integration); err != nil {
		return err
	}
	ids := make([]int64, from.next.Load())
	for n := range ids {
		ids[n] = from.first + int64(n)
	}
	failed, err := s.count(ctx, integration, "deliveries/?state=failed&page_size=1")
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d deliveries failed", failed)
	}
	return errors.Join(err, s.sameOrders(ctx, integration, ids))
}

// whole stops the service, and wants its database whole and its log without a word that should not be there.
func (s *service) whole(ctx context.Context) error {
	if err := s.stop(); err != nil {
		return err
	}
	return errors.Join(intact(ctx, filepath.Join(s.data, "probability.db")), s.quiet())
}

// intact runs SQLite's own check on a copy of a database, with its log.
func intact(ctx context.Context, path string) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(filepath.Dir(path)), "copy")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := filepath.Join(dir, "copy.db")
	if err := copyFile(path, copied); err != nil {
		return err
	}
	if err := copyFile(path+"-wal", copied+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := sql.Open("sqlite", copied)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var state string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&state); err != nil {
		return fmt.Errorf("integrity check: %w", err)
	}
	if state != "ok" {
		return fmt.Errorf("integrity check: %s", state)
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// badWords are what no log of a service that can cope says.
var badWords = []string{"SQLITE_BUSY", "database is locked", "database table is locked", "panic", "malformed", "fatal error"}

// quiet wants none of them in the log.
func (s *service) quiet() error {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		for _, word := range badWords {
			if strings.Contains(string(line), word) {
				return fmt.Errorf("the log says %.300s", line)
			}
		}
	}
	return nil
}
