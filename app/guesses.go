package app

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// maxGuessKeys bounds the memory of one table of guesses: about 4 MiB. Who is there longest without another try goes.
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

// guess is one try against one rule. What it is counted by is hashed: strangers invent e-mails of any length.
type guess struct {
	key  [sha256.Size]byte
	rule guessRule
}

func newGuess(rule guessRule, kind, text string) guess {
	return guess{key: sha256.Sum256([]byte(kind + "\x00" + text)), rule: rule}
}

// guesses counts tries, in memory only: a new start forgets them, and by then an attacker has lost more time than the start
// gives back. A table of our own rather than x/time/rate, because a rate has no growing wait, and knows nothing of success.
type guesses struct {
	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*list.Element
	order list.List // of *tried, the latest first
}

type tried struct {
	key   [sha256.Size]byte
	begun time.Time
	count int
	until time.Time // no try before it
}

// take counts a try before its outcome is known, so that many at once are not all free. Where one of the guesses has to wait,
// nothing is counted and the answer is for how long. Success is to be told by forget, a try that came to nothing by giveBack.
func (g *guesses) take(now time.Time, tries ...guess) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var wait time.Duration
	for _, t := range tries {
		if e := g.find(t, now); e != nil {
			wait = max(wait, e.until.Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	for _, t := range tries {
		e := g.find(t, now)
		if e == nil {
			e = g.add(t, now)
		}
		e.count++
		if over := e.count - t.rule.free; over >= 0 {
			e.until = now.Add(t.rule.wait(over))
		}
	}
	return 0
}

// wait is first × 2^over, at most most.
func (r guessRule) wait(over int) time.Duration {
	wait := r.first
	for ; over > 0 && wait < r.most; over-- {
		wait *= 2
	}
	return min(wait, r.most)
}

// find is the entry of a guess, moved to the front; nil when there is none or its time is over.
func (g *guesses) find(t guess, now time.Time) *tried {
	element := g.byKey[t.key]
	if element == nil {
		return nil
	}
	e, _ := element.Value.(*tried)
	if !now.Before(e.begun.Add(t.rule.within)) && !now.Before(e.until) {
		g.remove(element)
		return nil
	}
	g.order.MoveToFront(element)
	return e
}

func (g *guesses) add(t guess, now time.Time) *tried {
	if g.byKey == nil {
		g.byKey = make(map[[sha256.Size]byte]*list.Element)
	}
	if g.order.Len() >= maxGuessKeys {
		g.remove(g.order.Back())
	}
	e := &tried{key: t.key, begun: now}
	g.byKey[t.key] = g.order.PushFront(e)
	return e
}

func (g *guesses) remove(element *list.Element) {
	if e, ok := g.order.Remove(element).(*tried); ok {
		delete(g.byKey, e.key)
	}
}

// forget drops what was counted by the guess.
func (g *guesses) forget(t guess) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if element := g.byKey[t.key]; element != nil {
		g.remove(element)
	}
}

// giveBack takes a try back that was neither right nor wrong.
func (g *guesses) giveBack(tries ...guess) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range tries {
		element := g.byKey[t.key]
		if element == nil {
			continue
		}
		if e, ok := element.Value.(*tried); ok && e.count > 0 {
			e.count--
			if e.count < t.rule.free {
				e.until = time.Time{}
			}
		}
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
