package app

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// gathering are changes that no event has told of yet.
type gathering struct {
	deliveries     []store.ChangedDelivery
	deliveryOf     map[uuid.UUID]int
	imports        []uuid.UUID
	moreDeliveries int
	moreOrders     int
	orderOf        map[int64]int
	orders         []store.ChangedOrder
	unlisted       bool
}

func (g *gathering) empty() bool {
	return !g.unlisted && len(g.orders)+len(g.deliveries)+len(g.imports) == 0
}

// add takes changes in: of each order and delivery the last, and no more of them than an event lists.
func (g *gathering) add(c store.Changes) {
	g.unlisted = g.unlisted || c.Unlisted
	for _, o := range c.Orders {
		g.addOrder(o)
	}
	for _, d := range c.Deliveries {
		g.addDelivery(d)
	}
	for _, id := range c.Imports {
		switch {
		case slices.Contains(g.imports, id):
		case len(g.imports) == maxEventRuns:
			g.unlisted = true
		default:
			g.imports = append(g.imports, id)
		}
	}
}

func (g *gathering) addOrder(o store.ChangedOrder) {
	i, there := g.orderOf[o.ID]
	switch {
	case there && o.Change == store.Updated: // what was created and then updated is new still
	case there:
		g.orders[i].Change = o.Change
	case len(g.orders) == maxEventList:
		g.moreOrders++
	default:
		if g.orderOf == nil {
			g.orderOf = make(map[int64]int)
		}
		g.orderOf[o.ID] = len(g.orders)
		g.orders = append(g.orders, o)
	}
}

func (g *gathering) addDelivery(d store.ChangedDelivery) {
	i, there := g.deliveryOf[d.ID]
	switch {
	case there:
		g.deliveries[i] = d
	case len(g.deliveries) == maxEventList:
		g.moreDeliveries++
	default:
		if g.deliveryOf == nil {
			g.deliveryOf = make(map[uuid.UUID]int)
		}
		g.deliveryOf[d.ID] = len(g.deliveries)
		g.deliveries = append(g.deliveries, d)
	}
}

// expired tells whether nobody has followed the feed for so long.
func (f *feed) expired(now time.Time, keep time.Duration) bool {
	return len(f.followers) == 0 && now.Sub(f.left) >= keep
}

// seal makes events of what was gathered, unless the last ones were made within gather. A lone change is told at once, and many
// together. It returns when it will, zero when nothing is left.
func (f *feed) seal(now time.Time, gather time.Duration) (due time.Time) {
	g := &f.gathered
	if g.empty() {
		return time.Time{}
	}
	if due = f.sealed.Add(gather); now.Before(due) {
		return due
	}
	f.sealed = now
	if g.unlisted {
		f.push(Event{Type: EventReset, Reason: ResetChanged})
		*g = gathering{}
		return time.Time{}
	}
	if len(g.deliveries) > 0 {
		f.push(Event{Type: EventDelivery, Deliveries: g.deliveries, More: g.moreDeliveries})
	}
	if len(g.orders) > 0 {
		f.push(Event{Type: EventOrder, Orders: g.orders, More: g.moreOrders})
	}
	for _, id := range g.imports { // last: a run that is told to have ended has nothing to tell any more
		f.push(Event{Type: EventImport, Import: id})
	}
	*g = gathering{}
	return time.Time{}
}

// push keeps an event, and of the older ones as many as there is room for.
func (f *feed) push(e Event) {
	e.number, e.ID = f.next, f.position(f.next)
	f.next++
	f.ring = append(f.ring, e)
	f.items += e.items()
	for len(f.ring) > maxEvents || f.items > maxEventItems {
		f.items -= f.ring[0].items()
		f.ring[0] = Event{} // the array lives on
		f.ring = f.ring[1:]
	}
}

// first is the number of the oldest event that is kept, or of the next one.
func (f *feed) first() uint64 { return f.next - uint64(len(f.ring)) }

// position names the place behind an event.
func (f *feed) position(number uint64) string { return f.run + "-" + strconv.FormatUint(number, 10) }

// find gives the number of the event behind a position; why is why it cannot be known.
func (f *feed) find(position string) (next uint64, why string) {
	run, text, _ := strings.Cut(position, "-")
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || run != f.run || number >= f.next {
		return f.next, ResetUnknown
	}
	return number + 1, "" // which may not be kept any more, as take notices
}

// wake tells everybody who follows that there is something to look at.
func (f *feed) wake() {
	for w := range f.followers {
		select {
		case w.woken <- struct{}{}:
		default: // it has not yet looked since the last time
		}
	}
}

// Follower is one who follows an integration. It is for one goroutine.
type Follower struct {
	events *Events
	feed   *feed
	lost   string // why the next event is a reset
	next   uint64 // the number of the next event
	woken  chan struct{}
}

// Next waits for events, at most until done or for so long, and returns those that there are, oldest first; none when the time is over. open is false
// when there will be no more: the store was disconnected, or the service stops.
func (w *Follower) Next(done <-chan struct{}, most time.Duration) (events []Event, open bool) {
	limit := time.NewTimer(most)
	defer limit.Stop()
	for {
		events, due, open := w.take()
		if len(events) > 0 || !open {
			return events, open
		}
		var gathered <-chan time.Time
		if !due.IsZero() {
			gathered = time.After(time.Until(due))
		}
		select {
		case <-w.woken:
		case <-gathered:
		case <-limit.C:
			return nil, true
		case <-done:
			return nil, true
		}
	}
}

func (w *Follower) take() (events []Event, due time.Time, open bool) {
	w.events.mu.Lock()
	defer w.events.mu.Unlock()
	f := w.feed
	if f.gone || w.events.ended {
		return nil, due, false
	}
	due = f.seal(time.Now(), w.events.gather)
	if w.lost == "" && w.next < f.first() {
		w.lost = ResetMissed
	}
	if w.lost != "" {
		reset := Event{Type: EventReset, Reason: w.lost, ID: f.position(f.next - 1)}
		w.lost, w.next = "", f.next
		return []Event{reset}, due, true
	}
	events = slices.Clone(f.ring[w.next-f.first():])
	w.next = f.next
	return events, due, true
}

// Position is the place behind the last event that Next has returned.
func (w *Follower) Position() string { return w.feed.position(w.next - 1) }

// Close ends the following.
func (w *Follower) Close() {
	w.events.mu.Lock()
	defer w.events.mu.Unlock()
	delete(w.feed.followers, w)
	if len(w.feed.followers) == 0 {
		w.feed.left = time.Now()
	}
}
