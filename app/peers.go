package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"probability/store"
)

const (
	// peerEvery is how often processes that share a database tell each other what is followed in them.
	peerEvery = 20 * time.Second
	// peerLife is how long one is believed that has not been heard since.
	peerLife = 3 * peerEvery
	// peerSettle is how long the others have to hear that something is followed here. What they changed before they heard it
	// nobody was told of, so that whoever follows reads again after it.
	peerSettle = time.Second
	// peerAgain is the pause before a word is repeated that could not be said.
	peerAgain = time.Second
	// maxWord bounds a word, in bytes: PostgreSQL takes 8,000.
	maxWord = 7_900
)

// word is what a process tells the others. It is a hint, always: what is due stands in the tables.
type word struct {
	All     bool           `json:"all,omitempty"`     // more is followed than fits
	Ask     bool           `json:"ask,omitempty"`     // the sender begins to listen: what is followed?
	Changes *store.Changes `json:"changes,omitempty"` // that a transaction has made
	Follow  []int64        `json:"follow,omitempty"`  // integrations that are followed there
	From    string         `json:"from"`
	Wake    int64          `json:"wake,omitempty"` // deliveries of an integration came for a job that another process works on
}

// text is the word as it is sent, or the shorter word that stands for one that is too long.
func (w word) text() (string, error) {
	text, err := json.Marshal(w)
	if err != nil || len(text) <= maxWord {
		return string(text), err
	}
	w.All, w.Follow = w.All || len(w.Follow) > 0, nil
	if w.Changes != nil {
		w.Changes = &store.Changes{IntegrationID: w.Changes.IntegrationID, Gone: w.Changes.Gone, Unlisted: true}
	}
	text, err = json.Marshal(w)
	return string(text), err
}

// peers are the other processes that share the database, as far as they have been heard of.
type peers struct {
	self string // names this process; empty where there can be no others
	news chan struct{}

	follow atomic.Bool // some follow something

	mu     sync.Mutex
	ask    bool // we have only begun to listen
	known  map[string]peer
	unsure map[int64]bool // followed here, and perhaps not yet known to the others
}

// peer is another process.
type peer struct {
	all     bool
	follows map[int64]bool
	heard   time.Time
}

func newPeers(engine store.Engine) *peers {
	p := &peers{news: make(chan struct{}, 1), known: make(map[string]peer), unsure: make(map[int64]bool)}
	if engine == store.PostgreSQL {
		p.self = newRun()
	}
	return p
}

// wants tells whether an integration is followed in another process.
func (p *peers) wants(integrationID int64) bool {
	if !p.follow.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.known {
		if o.all || o.follows[integrationID] {
			return true
		}
	}
	return false
}

// note takes in what another process follows, and forgets those that are silent.
func (p *peers) note(w word, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := peer{all: w.All, follows: make(map[int64]bool, len(w.Follow)), heard: now}
	for _, id := range w.Follow {
		o.follows[id] = true
	}
	p.known[w.From] = o
	some := false
	for name, o := range p.known {
		if now.Sub(o.heard) >= peerLife {
			delete(p.known, name)
			continue
		}
		some = some || o.all || len(o.follows) > 0
	}
	p.follow.Store(some)
}

// begun notes that integrations are followed here which the others may not know of.
func (p *peers) begun(integrations ...int64) {
	if p.self == "" {
		return
	}
	p.mu.Lock()
	for _, id := range integrations {
		p.unsure[id] = true
	}
	p.mu.Unlock()
	select {
	case p.news <- struct{}{}:
	default: // they are about to be told
	}
}

// take gives what the others are to be told now: whether we know of them, and those integrations of which they may not know.
func (p *peers) take() (ask bool, unsure []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ask, unsure = p.ask, slices.Collect(maps.Keys(p.unsure))
	p.ask = false
	clear(p.unsure)
	return ask, unsure
}

// again puts back what could not be told.
func (p *peers) again(ask bool, unsure []int64) {
	p.mu.Lock()
	p.ask = p.ask || ask
	p.mu.Unlock()
	p.begun(unsure...)
}

// others tells whether there are other processes.
func (p *peers) others() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.known) > 0
}

// listening notes that we have begun to listen, and that nobody knows what was said before.
func (p *peers) listening(followed []int64) {
	p.mu.Lock()
	p.ask = true
	p.mu.Unlock()
	p.begun(followed...)
}

// KeepInTouch hears and tells, until ctx ends, what processes that share a database tell each other: what is followed where, what
// changed of it, and that deliveries came. Where a process is alone it returns at once.
func (a *App) KeepInTouch(ctx context.Context) {
	if a.peers.self == "" {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { a.tellPeers(ctx) })
	both.Go(func() {
		if err := a.store.Listen(ctx, func(text string) { a.hear(ctx, text) }); ctx.Err() == nil {
			a.log.ErrorContext(ctx, "what other processes change is not heard", "error", err)
		}
	})
	both.Wait()
}

// hear takes in a word. An empty one says that we begin to listen.
func (a *App) hear(ctx context.Context, text string) {
	if text == "" {
		a.peers.listening(a.events.followed())
		return
	}
	var w word
	if err := json.Unmarshal([]byte(text), &w); err != nil || w.From == "" {
		a.log.WarnContext(ctx, "a word of another process cannot be read; it may run another version of the program", "error", err)
		return
	}
	switch {
	case w.From == a.peers.self:
	case w.Changes != nil:
		a.events.Committed(*w.Changes)
	case w.Wake != 0:
		a.drains.wake(w.Wake)
	default:
		a.peers.note(w, time.Now())
		if w.Ask { // until now it knew of nobody who follows, and told nobody
			a.peers.begun(a.events.followed()...)
		}
	}
}

// tellPeers tells the others what is followed here: regularly, when that changes, and when somebody asks.
func (a *App) tellPeers(ctx context.Context) {
	regularly := time.NewTicker(peerEvery)
	defer regularly.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-regularly.C:
		case <-a.peers.news:
		}
		ask, unsure := a.peers.take()
		if a.tell(ctx, word{Follow: a.events.followed(), Ask: ask}) != nil {
			a.peers.again(ask, unsure)
			waited(ctx, nil, peerAgain)
			continue
		}
		if len(unsure) == 0 {
			continue
		}
		waited(ctx, nil, peerSettle)
		for _, id := range unsure {
			if a.peers.others() {
				a.events.Committed(store.Changes{IntegrationID: id, Unlisted: true})
			}
		}
	}
}

// tell sends a word outside of any transaction. What fails is no more than a hint that is missing.
func (a *App) tell(ctx context.Context, w word) error {
	w.From = a.peers.self
	text, err := w.text()
	if err != nil {
		return err
	}
	return a.store.Tell(ctx, text)
}

// tellWake tells whichever process works an integration's deliveries off that there are new ones, once the transaction is
// committed.
func (a *App) tellWake(ctx context.Context, tx *store.Tx, integrationID int64) error {
	if a.peers.self == "" {
		return nil
	}
	text, err := word{From: a.peers.self, Wake: integrationID}.text()
	if err != nil {
		return err
	}
	return tx.Notify(ctx, text)
}
