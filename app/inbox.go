package app

import (
	"context"
	"errors"
	"fmt"
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
)

var errInboxFull = errors.New("too many deliveries are waiting to be stored")

// inbox lets concurrent deliveries share a commit. The first caller writes; whoever comes meanwhile gathers,
// and one of them writes for all as soon as it is done. A lone delivery waits for nobody.
type inbox struct {
	mu      sync.Mutex
	crowded time.Time // when a transaction last had letters of very many
	waiting []*letter
	writing bool
	write   func(context.Context, []store.Delivery) error
}

// letter is one caller's deliveries and where it hears of them: an error or nil once they are on the
// disk or refused, or the turn to write.
type letter struct {
	done chan error
	rows []store.Delivery
	turn chan struct{}
}

// put returns when the rows are on the disk or refused. It does not watch the caller's context: rows in a shared
// transaction are not taken back because one of the callers went away, and the wait is short.
func (b *inbox) put(ctx context.Context, rows []store.Delivery) error {
	l := &letter{rows: rows, done: make(chan error, 1), turn: make(chan struct{}, 1)}
	b.mu.Lock()
	if len(b.waiting) >= inboxWaiting {
		b.mu.Unlock()
		return errInboxFull
	}
	b.waiting = append(b.waiting, l)
	if !b.writing {
		b.writing = true
		l.turn <- struct{}{}
	}
	b.mu.Unlock()
	select {
	case err := <-l.done:
		return err
	case <-l.turn:
		b.flush(context.WithoutCancel(ctx))
		return <-l.done
	}
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

// flush writes what waits, in batches, until the caller's own rows are among them (they are in the first, or
// the caller would not have the turn), then passes the turn on.
func (b *inbox) flush(ctx context.Context) {
	b.mu.Lock()
	n := min(len(b.waiting), inboxBatch)
	batch := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	if n >= crowd {
		b.crowded = time.Now()
	}
	b.mu.Unlock()
	err := b.writeAll(ctx, batch)
	for _, l := range batch {
		l.done <- err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.writing, b.waiting = false, nil
		return
	}
	b.waiting[0].turn <- struct{}{}
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
			if err := a.queue.insert(ctx, tx, ProcessDeliveries{IntegrationID: id}); err != nil {
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
