package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"probability/store"
)

const (
	// inboxBatch is how many deliveries share one transaction at most: enough that a flush to the disk costs
	// each of them little, few enough that no one waits long for the others.
	inboxBatch = 256
	// inboxWaiting is how many deliveries may wait for their transaction. Beyond, Shopify is told to come again,
	// which is better than running out of memory.
	inboxWaiting = 4096
	// inboxPatience is how long a delivery may take until its sender is told to come again. Shopify waits for five seconds, and what is
	// said after that is said to nobody; giving a query up takes another one. A database server that has gone without a word would let it
	// wait for minutes.
	inboxPatience = 3 * time.Second
)

var (
	errInboxFull = errors.New("too many deliveries are waiting to be stored")
	errInboxSlow = errors.New("the database does not store it in the time that its sender waits")
)

// inbox lets concurrent deliveries share a commit. The first one is written at once; whoever comes meanwhile gathers, and is
// written as soon as that is done. A lone delivery waits for nobody.
//
// Each shop has a line of its own, and a transaction takes from all lines in turn. So one that delivers very much waits for
// itself and not the others for it; and when no more may wait, it is the longest line that gets shorter.
type inbox struct {
	mu       sync.Mutex
	crowded  time.Time // when a transaction last had letters of very many
	lines    []*line   // those that are not empty; the first one's turn is next
	most     int       // letters that may wait
	of       map[int64]*line
	patience time.Duration
	waiting  int // letters in all lines
	writing  bool
	write    func(context.Context, []store.Delivery) error
}

// line are the letters of one shop, known by the first integration that they are for, in the order in which they came.
type line struct {
	letters []*letter
	shop    int64
}

// letter is one caller's deliveries and where it hears of them: an error or nil once they are on the
// disk or refused.
type letter struct {
	done chan error
	rows []store.Delivery
}

// put returns when the rows are on the disk or refused, or when the caller's context ends. Rows in a shared transaction are not
// taken back because one of the callers went away: what is stored after all is known by its webhook id when it comes again.
func (b *inbox) put(ctx context.Context, rows []store.Delivery) error {
	l := &letter{rows: rows, done: make(chan error, 1)}
	b.mu.Lock()
	if b.waiting >= b.most && !b.makeRoom(rows[0].IntegrationID) {
		b.mu.Unlock()
		return errInboxFull
	}
	b.add(l)
	if !b.writing {
		b.writing = true
		go b.work(context.WithoutCancel(ctx)) // by nobody's request, which might end before it
	}
	b.mu.Unlock()
	select {
	case err := <-l.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errInboxSlow, ctx.Err())
	}
}

// add puts a letter at the end of its shop's line.
func (b *inbox) add(l *letter) {
	shop := l.rows[0].IntegrationID
	q := b.of[shop]
	if q == nil {
		q = &line{shop: shop}
		if b.of == nil {
			b.of = make(map[int64]*line)
		}
		b.of[shop] = q
		b.lines = append(b.lines, q)
	}
	q.letters = append(q.letters, l)
	b.waiting++
}

// makeRoom refuses the newest letter of the longest line, if that is longer than the shop's own would become. The first letter
// of a line stays.
func (b *inbox) makeRoom(shop int64) bool {
	longest := slices.MaxFunc(b.lines, func(x, y *line) int { return len(x.letters) - len(y.letters) })
	own := 0
	if q := b.of[shop]; q != nil {
		own = len(q.letters)
	}
	last := len(longest.letters) - 1
	if last <= own {
		return false
	}
	longest.letters[last].done <- errInboxFull
	longest.letters = longest.letters[:last]
	b.waiting--
	return true
}

// take takes one letter of each line in turn, beginning with the first line, until there are enough.
func (b *inbox) take() []*letter {
	batch := make([]*letter, 0, min(b.waiting, inboxBatch))
	for len(batch) < cap(batch) {
		q := b.lines[0]
		batch = append(batch, q.letters[0])
		q.letters = q.letters[1:]
		b.lines = b.lines[1:]
		if len(q.letters) > 0 {
			b.lines = append(b.lines, q)
		} else {
			delete(b.of, q.shop)
		}
	}
	b.waiting -= len(batch)
	return batch
}

// crowd is how many letters one transaction has when very many deliver at once, and crowdTime for how long after such a
// one they are taken to do so still.
const (
	crowd     = 8
	crowdTime = 100 * time.Millisecond
)

// pressed tells whether very many deliver at once just now.
func (b *inbox) pressed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Since(b.crowded) < crowdTime
}

// How long processing and imports wait between two transactions while very many deliver at once.
const (
	processYield = 100 * time.Millisecond
	importYield  = 30 * time.Millisecond
)

// giveWay lets the background wait a little while very many deliver at once. Shopify wants its answers within seconds; what
// is stored already, and what can be asked for at any time, comes after that.
func (a *App) giveWay(ctx context.Context, yield time.Duration) {
	if a.inbox.pressed() {
		waited(ctx, nil, yield)
	}
}

// work writes what waits, in batches, until nothing does.
func (b *inbox) work(ctx context.Context) {
	for b.flush(ctx) {
		continue
	}
}

// flush writes a batch, and tells whether more is waiting.
func (b *inbox) flush(ctx context.Context) (more bool) {
	b.mu.Lock()
	batch := b.take()
	if len(batch) >= crowd {
		b.crowded = time.Now()
	}
	b.mu.Unlock()
	err := b.writeAll(ctx, batch)
	for _, l := range batch {
		l.done <- err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == 0 {
		b.writing, b.lines = false, nil
	}
	return b.writing
}

// writeAll recovers a panic into an error: everybody else in the batch is waiting for an answer.
func (b *inbox) writeAll(ctx context.Context, batch []*letter) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("deliveries: write: panic: %v", r)
		}
	}()
	var rows []store.Delivery
	for _, l := range batch {
		rows = append(rows, l.rows...)
	}
	return b.write(ctx, rows)
}

// writeInbox stores deliveries, with one job for each integration that has new ones and no job of this process that is
// working its deliveries off: that one is woken.
func (a *App) writeInbox(ctx context.Context, rows []store.Delivery) error {
	var wake []int64
	err := a.store.UpdateUrgent(ctx, func(ctx context.Context, tx *store.Tx) error {
		inserted, err := tx.InsertDeliveries(ctx, rows)
		if err != nil {
			return err
		}
		seen := make(map[int64]bool, 1)
		for i, isNew := range inserted {
			id := rows[i].IntegrationID
			if !isNew || seen[id] {
				continue
			}
			seen[id] = true
			if a.drains.live(id) {
				wake = append(wake, id)
				continue
			}
			there, err := a.queue.there(ctx, tx, ProcessDeliveries{IntegrationID: id})
			if err == nil && there { // it may linger in another process
				err = a.tellWake(ctx, tx, id)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range wake {
		a.drains.wake(id)
	}
	return nil
}
