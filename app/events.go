package app

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

const (
	// eventGather is how long changes of an integration are gathered into one event after the last one went out.
	eventGather = 250 * time.Millisecond
	// eventKeep is how long events are kept for those who follow an integration no longer, so that they can go on where they were.
	eventKeep = 2 * time.Minute
	// maxEvents and maxEventItems bound what is kept of an integration: half a megabyte at most.
	maxEvents     = 256
	maxEventItems = 8_192
	// maxEventList is how many orders or deliveries one event names, and maxEventRuns how many imports those of one moment.
	maxEventList = 100
	maxEventRuns = 16
	// maxFeeds is how many integrations' events are kept at once. Beyond, those that nobody follows any more go first.
	maxFeeds = 256
)

// EventType says what an event is about.
type EventType string

// The types of events.
const (
	EventDelivery EventType = "delivery" // webhooks came in or were worked off
	EventImport   EventType = "import"   // a run began, went on or ended
	EventOrder    EventType = "order"    // orders changed
	EventReset    EventType = "reset"    // something was missed, or too much changed: read again whatever is shown
)

// Why a follower has to read again.
const (
	ResetChanged = "changed" // more changed at once than events name
	ResetMissed  = "missed"  // the events in between are not kept any more
	ResetUnknown = "unknown" // the position is none of this feed: the service was started again, or nobody listened for long
)

// Event tells that something of an integration changed, by ids alone.
type Event struct {
	Deliveries []store.ChangedDelivery
	ID         string // the position behind it
	Import     uuid.UUID
	More       int // changes besides those that are listed
	Orders     []store.ChangedOrder
	Reason     string // of a reset
	Type       EventType

	number uint64
}

func (e Event) items() int { return 1 + len(e.Deliveries) + len(e.Orders) }

// Events passes on what transactions changed, to whoever follows an integration. It keeps the latest events of each one that is
// followed, and followers are mere positions among them: one that is slow costs nothing and loses its place in the end. It starts
// nothing by itself, and while nobody follows it does not even take a note. Where the changes come from is all the same to it: see
// store.Observer.
type Events struct {
	following atomic.Int64 // feeds

	gather, keep time.Duration
	peers        *peers // where others may follow, too

	mu    sync.Mutex
	ended bool
	feeds map[int64]*feed
}

// feed are the events of one integration.
type feed struct {
	followers map[*Follower]struct{}
	gathered  gathering
	gone      bool
	items     int
	left      time.Time // when the last follower went
	next      uint64    // the number that the next event gets
	ring      []Event   // the latest, oldest first
	run       string    // names the feed, so that a position of another one is not taken for one of its own
	sealed    time.Time // when events last came of what was gathered
}

func newEvents(p *peers) *Events {
	return &Events{gather: eventGather, keep: eventKeep, peers: p, feeds: make(map[int64]*feed)}
}

// Watches tells whether what changes of an integration is wanted, here or in another process.
func (e *Events) Watches(integrationID int64) bool {
	return e.peers.wants(integrationID) || e.followedHere(integrationID)
}

// Announce is what the other processes are to be told of a change; empty when none of them follows the integration.
func (e *Events) Announce(c store.Changes) string {
	if !e.peers.wants(c.IntegrationID) {
		return ""
	}
	text, err := word{From: e.peers.self, Changes: &c}.text()
	if err != nil {
		panic(err) // numbers, texts and ids always make JSON
	}
	return text
}

// followed are the integrations that are followed here.
func (e *Events) followed() []int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	var ids []int64
	for id, f := range e.feeds {
		if !f.expired(now, e.keep) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (e *Events) followedHere(integrationID int64) bool {
	if e.following.Load() == 0 {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.feeds[integrationID]
	if f != nil && f.expired(time.Now(), e.keep) {
		e.drop(integrationID)
		return false
	}
	return f != nil
}

// Committed takes in what a transaction changed.
func (e *Events) Committed(c store.Changes) {
	if e.following.Load() == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.feeds[c.IntegrationID]
	if f == nil {
		return
	}
	if c.Gone {
		f.gone = true
		e.drop(c.IntegrationID)
	} else {
		now := time.Now()
		f.seal(now, e.gather)
		f.gathered.add(c)
		f.seal(now, e.gather)
	}
	f.wake()
}

// drop forgets a feed.
func (e *Events) drop(integrationID int64) {
	delete(e.feeds, integrationID)
	e.following.Store(int64(len(e.feeds)))
}

// makeRoom forgets the feeds that nobody goes on with, and if there are too many, the one that was left first.
func (e *Events) makeRoom(now time.Time) {
	var oldest int64
	for id, f := range e.feeds {
		switch {
		case f.expired(now, e.keep):
			e.drop(id)
		case len(f.followers) == 0 && (oldest == 0 || f.left.Before(e.feeds[oldest].left)):
			oldest = id
		}
	}
	if oldest != 0 && len(e.feeds) >= maxFeeds {
		e.drop(oldest)
	}
}

// Follow begins to follow an integration behind a position that an earlier event had; without one, with what changes from now on.
// When it cannot go on from there, the first event is a reset. nil when the service stops.
func (e *Events) Follow(integrationID int64, position string) *Follower {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return nil
	}
	now := time.Now()
	e.makeRoom(now)
	f := e.feeds[integrationID]
	if f == nil {
		f = &feed{followers: make(map[*Follower]struct{}), next: 1, run: newRun()}
		e.feeds[integrationID] = f
		e.following.Store(int64(len(e.feeds)))
		e.peers.begun(integrationID)
	}
	f.seal(now, e.gather)
	w := &Follower{events: e, feed: f, next: f.next, woken: make(chan struct{}, 1)}
	if position != "" {
		w.next, w.lost = f.find(position)
	}
	f.followers[w] = struct{}{}
	return w
}

// End ends all following, at once and for good.
func (e *Events) End() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
	for _, f := range e.feeds {
		f.wake()
	}
}

// newRun is a name that no other feed has, also none after another start.
func newRun() string {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // it never fails: since Go 1.24 the program ends before that
	}
	return hex.EncodeToString(b[:])
}
