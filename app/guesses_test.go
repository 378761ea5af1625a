package app_test

import (
	"fmt"
	"testing"
	"time"

	"probability/app"
)

func someGuesses() *app.Guesses {
	return &app.Guesses{Free: 3, Within: time.Hour, First: 10 * time.Second, Most: time.Minute}
}

func TestGuesses_GrowUntilTheLongestWait(t *testing.T) {
	t.Parallel()
	g, now := someGuesses(), time.Unix(0, 0)
	for i := range 3 {
		if wait := g.Take(now, "ana"); wait != 0 {
			t.Fatalf("try %d has to wait %s", i, wait)
		}
	}
	for _, want := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
		if wait := g.Take(now, "ana"); wait != want {
			t.Fatalf("has to wait %s, want %s", wait, want)
		}
		if wait := g.Take(now.Add(want-1), "ana"); wait != 1 {
			t.Fatalf("has to wait %s just before the end, want 1ns", wait)
		}
		now = now.Add(want)
		if wait := g.Take(now, "ana"); wait != 0 {
			t.Fatalf("has to wait %s when the wait is over", wait)
		}
	}
	if wait := g.Take(now, "luis"); wait != 0 {
		t.Errorf("another has to wait %s", wait)
	}
	if wait := g.Take(time.Unix(0, 0).Add(time.Hour), "ana"); wait != 0 {
		t.Errorf("after the hour: has to wait %s", wait)
	}
	if wait := g.Take(time.Unix(0, 0).Add(time.Hour), "ana"); wait != 0 {
		t.Errorf("after the hour it is not forgotten: has to wait %s", wait)
	}
}

func TestGuesses_MemoryIsBoundedAndTheLatestStay(t *testing.T) {
	t.Parallel()
	g, now := someGuesses(), time.Unix(0, 0)
	for range 3 {
		g.Take(now, "ana")
	}
	for i := range app.MaxGuessKeys - 1 {
		g.Take(now, fmt.Sprint("stranger ", i))
	}
	if wait := g.Take(now, "ana"); wait == 0 {
		t.Error("ana was forgotten while there was room")
	}
	for i := range app.MaxGuessKeys {
		g.Take(now, fmt.Sprint("another stranger ", i))
		if i%1000 == 0 && g.Take(now, "ana") == 0 {
			t.Fatal("who goes on trying was forgotten before those who do not")
		}
	}
	if n := g.Len(); n != app.MaxGuessKeys {
		t.Errorf("%d are remembered, want %d", n, app.MaxGuessKeys)
	}
}

func TestNetworkOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
		"": "", "somewhere": "somewhere",
	} {
		if got := app.NetworkOf(remote); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}
