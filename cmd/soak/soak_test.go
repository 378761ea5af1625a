package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"probability/shopify"
)

// The scenarios hold on the program as it is built, as little of each as says anything. Those that take their time anyway
// (burst, flood, mixed, steady, outage) are for people.
func TestSoak_Holds(t *testing.T) {
	t.Parallel()
	for _, only := range [][]string{{"crash", "full", "away", "stores"}, {"import"}, {"secrets"}, {"pair", "pgfull", "move"}} {
		t.Run(strings.Join(only, " "), func(t *testing.T) {
			t.Parallel()
			if only[0] == "pair" && os.Getenv("PROBABILITY_POSTGRES_TESTS") == "off" {
				t.Skip("the tests on PostgreSQL are left out: PROBABILITY_POSTGRES_TESTS=off")
			}
			opt := options{time: time.Second, only: only, keep: t.TempDir()}
			var out, log bytes.Buffer
			if err := soak(t.Context(), opt, &out, &log); err != nil {
				t.Fatalf("%v\n%s", err, &log)
			}
			for _, name := range only {
				if !strings.Contains(out.String(), "| "+name+" |") {
					t.Errorf("%s is not in the table:\n%s", name, &out)
				}
			}
		})
	}
}

// trying is a trial that notes what it is told.
func trying(t *testing.T) *trial {
	t.Helper()
	return &trial{scenario: scenarios[0], opt: options{time: time.Second}, dir: t.TempDir(), report: &report{}, log: io.Discard, begun: time.Now()}
}

func TestTrial_WhatDoesNotHoldFails(t *testing.T) {
	t.Parallel()
	tr := trying(t)
	tr.hold(true, "fine")
	tr.aim(false, "speed", "slow")
	if tr.report.failed {
		t.Error("a missed aim fails")
	}
	tr.hold(false, "%d lost", 3)
	var table bytes.Buffer
	if err := tr.report.write(&table, tr.opt); err != nil || !tr.report.failed {
		t.Fatal(err, tr.report.failed)
	}
	for _, want := range []string{"**does not hold**", "| 3 lost |", "| slow | missed |"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%s is missing in\n%s", want, &table)
		}
	}
}

func TestTrial_FindsSecretsInAnyDisguise(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"token=hunter2!", "aHVudGVyMiE=", "68756e7465723221"} {
		tr := trying(t)
		tr.findNone("log", []byte("before "+text+" after"), map[string]string{"password": "hunter2!"})
		if !tr.report.failed {
			t.Errorf("%q is not found", text)
		}
	}
	tr := trying(t)
	tr.findNone("log", []byte("hunter3!"), map[string]string{"password": "hunter2!"})
	if tr.report.failed {
		t.Error("something else is found")
	}
}

// Orders that are missing, twice or too many are each noticed.
func TestService_SameOrdersIsExact(t *testing.T) {
	t.Parallel()
	for list, fits := range map[string]bool{"1 2 3": true, "1 2": false, "1 2 2 3": false, "1 2 3 4": false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			var rows []string
			for id := range strings.FieldsSeq(list) {
				rows = append(rows, fmt.Sprintf(`{"platform_order_id":%q}`, id))
			}
			_, _ = fmt.Fprintf(w, `{"next_cursor":null,"results":[%s]}`, strings.Join(rows, ","))
		}))
		t.Cleanup(server.Close)
		s := &service{addr: server.Listener.Addr().String(), client: server.Client()}
		if err := s.sameOrders(t.Context(), 1, []int64{1, 2, 3}); (err == nil) != fits {
			t.Errorf("%s: %v", list, err)
		}
	}
}

func TestService_IntactAndQuietNotice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/data", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/data/x.db", bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if intact(t.Context(), dir+"/data/x.db") == nil {
		t.Error("a file that is no database is taken for whole")
	}
	s := &service{log: dir + "/log"}
	for text, quiet := range map[string]bool{"all is well\n": true, "first\nerror: database is locked (5)\n": false} {
		if err := os.WriteFile(s.log, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.quiet(); (err == nil) != quiet {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A sender signs as Shopify does, comes again until it is taken, and notes everything.
func TestSender_PersistsUntilItIsTaken(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, err := shopify.Verify([]string{shopSecret}, body, r.Header.Get("X-Shopify-Hmac-Sha256")); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if asked.Add(1)%2 == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	s := newSender(server.Listener.Addr().String(), soakStore, 1, 2)
	s.all(t.Context(), 3, 1)
	answers, ts, strange := s.tally()
	if answers[200] != 3 || answers[503] != 3 || len(ts) != 6 || strange != "" || s.next.Load() != 3 {
		t.Errorf("got %v, %d times, %q", answers, len(ts), strange)
	}
}

func TestAtRate_KeepsIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	begun := time.Now()
	var done atomic.Int32
	atRate(ctx, 2*time.Millisecond, 3, func(n int) {
		if done.Add(1); n == 50 {
			cancel()
		}
	})
	if took := time.Since(begun); took < 100*time.Millisecond || done.Load() < 51-2 { // two others may have been on their way
		t.Errorf("%d calls in %s", done.Load(), took)
	}
}

func TestSlopeAndPercentiles(t *testing.T) {
	t.Parallel()
	got := slope([]time.Duration{0, time.Hour, 2 * time.Hour}, []float64{10, 12, 14})
	if got < 1.99 || got > 2.01 {
		t.Errorf("got %g an hour, want 2", got)
	}
	ts := times{5, 1, 3, 2, 4}
	if ts.at(50) != 3 || ts.at(99) != 5 || ts.at(100) != 5 || (times{}).at(50) != 0 {
		t.Errorf("got %v", ts)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--only", "nothing"}, {"--for", "1ms"}, {"crash"}, {"--what"}} {
		if code := run(t.Context(), args); code != 2 {
			t.Errorf("%v: code %d, want 2", args, code)
		}
	}
	o, err := parseOptions([]string{"--for", "1m", "--only", "crash, away"}, io.Discard)
	if err != nil || !o.wants("away") || o.wants("full") || o.scaled(100_000, 1) != 10_000 || o.scaled(10, 3) != 3 {
		t.Errorf("got %+v, %v", o, err)
	}
}
