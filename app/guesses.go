package app

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// maxGuessKeys bounds what is remembered: in memory about 4 MiB, and as much in the database. In memory, who is there longest without
// another try goes.
const maxGuessKeys = 20_000

// guessRule says how many tries are free, and what each further one costs.
type guessRule struct {
	free   int           // tries that are not slowed
	within time.Duration // since the first of them; afterwards all are forgotten
	first  time.Duration // the wait behind the last free try; it doubles with each further one
	most   time.Duration // the longest wait
}

// The rules. Passwords are chosen by people and can be guessed; per account that is 5 tries and then about 100 a day. Tokens
// and set-up links cannot be guessed, so their rule only makes a broken or hostile client slow down.
var (
	accountRule = guessRule{free: 5, within: 24 * time.Hour, first: 15 * time.Second, most: 15 * time.Minute}
	addressRule = guessRule{free: 20, within: time.Hour, first: 15 * time.Second, most: 15 * time.Minute}
	secretRule  = guessRule{free: 50, within: time.Minute, first: time.Minute, most: time.Minute}
)

// guess is one try against one rule. What it is counted by is hashed: strangers invent e-mails of any length, and the database keeps none.
type guess struct {
	key  [sha256.Size]byte
	rule guessRule
}

func newGuess(rule guessRule, kind, text string) guess {
	return guess{key: sha256.Sum256([]byte(kind + "\x00" + text)), rule: rule}
}

// live tells whether what was counted at some time still counts. What lies further ahead than a rule can mean was written by a clock
// that ran ahead.
func (r guessRule) live(e tried, now time.Time) bool {
	if e.begun.Sub(now) > r.within || e.until.Sub(now) > 2*r.most {
		return false
	}
	return now.Before(e.begun.Add(r.within)) || now.Before(e.until)
}

// count is what stands after one more try.
func (r guessRule) count(e tried, now time.Time) tried {
	e.count++
	if over := e.count - r.free; over >= 0 {
		e.until = now.Add(r.wait(over))
	}
	return e
}

// wait is first × 2^over, at most most.
func (r guessRule) wait(over int) time.Duration {
	wait := r.first
	for ; over > 0 && wait < r.most; over-- {
		wait *= 2
	}
	return min(wait, r.most)
}

// tried is what was counted by one guess.
type tried struct {
	begun time.Time
	count int
	until time.Time // no try before it
}

// guesses counts tries in memory: those at secrets that nobody can guess, where it only matters that a flood of them costs little. A
// new start forgets them. A table of our own rather than x/time/rate, because a rate has no growing wait.
type guesses struct {
	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*list.Element
	order list.List // of *remembered, the latest first
}

type remembered struct {
	tried
	key [sha256.Size]byte
}

// take counts a try, or tells how long to wait, and counts nothing then.
func (g *guesses) take(now time.Time, t guess) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.find(t, now)
	if e == nil {
		e = g.add(t, now)
	}
	if wait := e.until.Sub(now); wait > 0 {
		return wait
	}
	e.tried = t.rule.count(e.tried, now)
	return 0
}

// find is the entry of a guess, moved to the front; nil when there is none or its time is over.
func (g *guesses) find(t guess, now time.Time) *remembered {
	element := g.byKey[t.key]
	if element == nil {
		return nil
	}
	e, _ := element.Value.(*remembered)
	if !t.rule.live(e.tried, now) {
		g.remove(element)
		return nil
	}
	g.order.MoveToFront(element)
	return e
}

func (g *guesses) add(t guess, now time.Time) *remembered {
	if g.byKey == nil {
		g.byKey = make(map[[sha256.Size]byte]*list.Element)
	}
	if g.order.Len() >= maxGuessKeys {
		g.remove(g.order.Back())
	}
	e := &remembered{key: t.key, tried: tried{begun: now}}
	g.byKey[t.key] = g.order.PushFront(e)
	return e
}

func (g *guesses) remove(element *list.Element) {
	if e, ok := g.order.Remove(element).(*remembered); ok {
		delete(g.byKey, e.key)
	}
}

// ipv6Network is the part of an IPv6 address that its owner does not choose: whoever has one has the other 64 bits as well.
const ipv6Network = 64

// networkOf is what guesses from an address are counted by.
func networkOf(remote string) string {
	ip, err := netip.ParseAddr(remote)
	if err != nil {
		return remote
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(ipv6Network)
	if err != nil {
		return remote
	}
	return network.String()
}
