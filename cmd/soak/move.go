package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"probability/store/storetest/postgres/installed"
)

// moveCrash kills a move from SQLite to PostgreSQL at random moments, and the server once in a while. Each next one begins anew.
func moveCrash(ctx context.Context, t *trial) error {
	kills, orders := t.opt.scaled(100, 3), min(20_000, t.opt.scaled(200_000, 1_000))
	db, end, err := newServer(ctx)
	if end != nil {
		defer end()
	}
	if errors.Is(err, installed.ErrMissing) {
		t.skip(err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	s, end, err := t.newService(ctx, "SECURITY_ENCRYPTION_KEY="+serverKey)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	shop := s.addShop(soakStore, -1)
	shop.Generate(orders, 80*24*time.Hour)
	id, err := s.connected(ctx, soakStore)
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	folder := filepath.Join(s.data, "probability.db")
	before, err := digestOf(folder)
	if err != nil {
		return err
	}
	at, err := db.create(ctx, "whole")
	if err != nil {
		return err
	}
	begun := time.Now()
	if said, err := s.move(ctx, at, 0); err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	took := time.Since(begun)
	t.figure("a move that nobody disturbs", "%d orders in %s", orders, rounded(took))

	var untouched, refused, completed, restarts int
	at, databases := "", 0
	for n := range kills {
		if at == "" {
			databases++
			if at, err = db.create(ctx, fmt.Sprint("target", databases)); err != nil {
				return err
			}
		}
		moment := rand.N(took + took/5) //nolint:gosec // no secret
		_, err := s.move(ctx, at, moment)
		if n%10 == 9 { // the server, too, comes back from what was on its disk
			restarts++
			if err := db.restart(ctx); err != nil {
				return err
			}
		}
		sentence := s.startsOn(ctx, at)
		accounts, listed := s.on(at).command(ctx, "", "user", "list")
		switch {
		case sentence == "" && listed == nil && !strings.Contains(accounts, email): // killed before it had begun: it is an installation of its own
			untouched++
			at = ""
		case sentence == "":
			completed++
			if err := s.sameThere(ctx, at, id, shop.OrderIDs()); err != nil {
				t.hold(false, "after a kill at %s a service starts on what is not whole: %v", rounded(moment), err)
			}
			said, again := s.move(ctx, at, 0)
			t.hold(again != nil && strings.Contains(said, "not empty"), "a move into a whole installation says %q", said)
			at = ""
		case strings.Contains(sentence, "move"):
			refused++
			t.hold(strings.Count(sentence, "\n") == 0, "after a kill at %s a service says %q", rounded(moment), sentence)
		case err == nil:
			t.hold(false, "a move that ended well at %s cannot be used: %s", rounded(moment), sentence)
		default:
			t.hold(false, "after a kill at %s a service says %q", rounded(moment), sentence)
		}
		if after, err := digestOf(folder); err != nil || after != before {
			t.hold(false, "after a kill at %s the folder is another one (%v)", rounded(moment), err)
		}
	}
	if at == "" {
		if at, err = db.create(ctx, "last"); err != nil {
			return err
		}
	}
	if said, err := s.move(ctx, at, 0); err != nil {
		t.hold(false, "the last move: %v: %s", err, said)
	} else if err := s.sameThere(ctx, at, id, shop.OrderIDs()); err != nil {
		t.hold(false, "the last move: %v", err)
	}
	if err := s.start(ctx); err != nil { // the folder goes on to be an installation
		return err
	}
	if err := s.sameOrders(ctx, id, shop.OrderIDs()); err != nil {
		t.hold(false, "the folder: %v", err)
	}
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	t.figure("moves killed", "%d at random moments of %s; the server was restarted %d times as well", kills, rounded(took+took/5), restarts)
	t.figure("afterwards", "%d times no service starts there and the next move begins anew; %d times the move had come to its end, %d times it had not begun", refused, completed, untouched)
	return nil
}

// move moves the folder to a server, and is killed after a time unless that is 0. It gives what was said as an error.
func (s *service) move(ctx context.Context, to string, killed time.Duration) (said string, err error) {
	limit := waitForRun
	if killed > 0 {
		limit = killed
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, s.t.binary, "move")
	c.Env, c.Dir = append(slices.Clone(s.env), "PROBABILITY_DATABASE_URL="+to), s.t.dir
	var errs bytes.Buffer
	c.Stderr = &errs
	err = c.Run()
	return strings.TrimSpace(errs.String()), err
}

// on is the service on another database.
func (s *service) on(at string) *service {
	c := *s
	c.env = append(slices.Clone(s.env), "PROBABILITY_DATABASE_URL="+at)
	return &c
}

// startsOn tells what a service says that does not start on a database; nothing when it does. It is stopped again.
func (s *service) startsOn(ctx context.Context, at string) (sentence string) {
	c := s.on(at)
	c.log = filepath.Join(s.t.dir, "started")
	if err := os.Remove(c.log); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	failed := c.start(ctx)
	if failed == nil {
		if failed = c.stop(); failed == nil {
			return ""
		}
	}
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// sameThere wants all orders in a database that a service has moved to.
func (s *service) sameThere(ctx context.Context, at string, integration int64, ids []int64) error {
	c := s.on(at)
	if err := c.start(ctx); err != nil {
		return err
	}
	return errors.Join(c.sameOrders(ctx, integration, ids), c.stop())
}

// digestOf is the digest of a file.
func digestOf(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
