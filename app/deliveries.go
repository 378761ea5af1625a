package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"probability/shopify"
	"probability/store"
)

const (
	// deliveryBatch is how many deliveries one transaction applies while others deliver: more would hold the writer for so
	// long that they notice.
	deliveryBatch = 50
	// backlogBatch is how many it applies when nobody does. Large transactions take less time for each.
	backlogBatch = 250
	// yieldUntil is how old the oldest unprocessed delivery may become by giving way to those who deliver.
	yieldUntil = 10 * time.Second
	// orderBatch is how many orders one transaction writes, for the same reason.
	orderBatch = 250
	// maxOrders is how many orders one delivery may carry. Shopify sends one.
	maxOrders = 5000
	// poisonedTries is how often a delivery is tried that our own code stumbles over.
	poisonedTries = 10
)

// work is a delivery, decoded, and what is to be done for it.
type work struct {
	body       []byte // of a compliance topic
	broken     error  // our own code stumbled over it
	compliance *shopify.Compliance
	delivery   store.Delivery
	deletions  []string
	outcomes   []store.Outcome
	taken      time.Time // when it was taken up
	uninstall  bool
	versions   []store.Version
}

// works is a batch of deliveries, decoded.
type works struct {
	err   error
	first time.Time // when the first one was received
	last  int64     // the number of the last one
	list  []work
	more  bool // there may be more behind it
}

// Process works the integration's due deliveries off, batch by batch; while one is being written, the next is decoded.
func (a *App) Process(ctx context.Context, id int64) error {
	return a.process(ctx, id, func() bool { return false })
}

// process is Process until it is over, which is asked after each batch.
func (a *App) process(ctx context.Context, id int64, over func() bool) error {
	in, err := a.store.IntegrationByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) { // disconnected: its deliveries go with it
		return nil
	}
	if err != nil {
		return fmt.Errorf("process deliveries: %w", err)
	}
	for batch := a.decodeNext(ctx, in, 0); ; {
		if batch.err != nil {
			return fmt.Errorf("process deliveries: %w", batch.err)
		}
		if len(batch.list) == 0 {
			return nil
		}
		ahead := make(chan works, 1)
		if batch.more {
			go func(last int64) { ahead <- a.decodeNext(ctx, in, last) }(batch.last)
		} else {
			ahead <- works{}
		}
		err := a.applyAll(ctx, in, batch.list)
		if a.now().Sub(batch.first) < yieldUntil {
			a.giveWay(ctx, processYield)
		}
		batch = <-ahead
		if errors.Is(err, store.ErrNotFound) { // disconnected meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		if over() {
			return nil
		}
	}
}

// decodeNext reads the due deliveries behind one and does with them what needs no transaction.
func (a *App) decodeNext(ctx context.Context, in store.Integration, after int64) works {
	most := backlogBatch
	if a.inbox.pressed() {
		most = deliveryBatch
	}
	due, err := a.store.PendingDeliveries(ctx, in.ID, a.now(), after, most)
	if err != nil || len(due) == 0 {
		return works{err: err}
	}
	taken := a.now()
	w := works{first: due[0].ReceivedAt, last: due[len(due)-1].Seq, list: make([]work, len(due))}
	size := 0
	for i, d := range due {
		w.list[i] = decode(d, in.StoreName)
		w.list[i].taken = taken
		if len(w.list[i].versions) <= orderBatch { // more are prepared part by part
			a.store.Prepare(w.list[i].versions)
		}
		size += len(d.Body)
	}
	w.more = len(due) == most || size >= store.PendingBytes
	return w
}

// errPanicked is a panic of our own code over what a delivery carries.
var errPanicked = errors.New("panic")

// applyAll applies deliveries, as many at once as orderBatch allows.
func (a *App) applyAll(ctx context.Context, in store.Integration, due []work) error {
	var works []work
	orders := 0
	for _, w := range due {
		if len(works) > 0 && orders+len(w.versions) > orderBatch {
			if err := a.applySome(ctx, in, works); err != nil {
				return err
			}
			works, orders = nil, 0
		}
		works, orders = append(works, w), orders+len(w.versions)
	}
	return a.applySome(ctx, in, works)
}

// applySome applies deliveries in one transaction. When that fails, each gets its own, so that a poisoned one does
// not spoil the others.
func (a *App) applySome(ctx context.Context, in store.Integration, works []work) error {
	err := a.apply(ctx, in.ID, works)
	if err == nil || ctx.Err() != nil || errors.Is(err, store.ErrNotFound) {
		return err
	}
	if len(works) == 1 {
		return a.putOff(ctx, works[0], err)
	}
	for _, w := range works {
		if err := a.apply(ctx, in.ID, []work{w}); err != nil {
			if ctx.Err() != nil {
				return err
			}
			if err := a.putOff(ctx, w, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// decode reads a delivery outside of any transaction. What cannot be read is decided here for good: its
// bytes will not get better.
func decode(d store.Delivery, shop string) (w work) {
	// This may be a goroutine of its own, where nobody else would hold a panic up.
	defer recovered(&w.broken)
	w = work{delivery: d}
	w.delivery.ErrorCode, w.delivery.ErrorDetail = "", ""
	if !carriesOrders(d.Topic) {
		w.decodeOther(shop)
		return w
	}
	n, orders, err := shopify.ParseOrders(d.Body)
	switch {
	case err != nil:
		w.fail("not_an_order", err.Error())
		return w
	case n > maxOrders:
		w.fail("too_many_orders", fmt.Sprintf("%d orders, at most %d", n, maxOrders))
		return w
	}
	i := 0
	for order, err := range orders {
		if i++; err != nil { // the others of the same delivery are good all the same
			w.fail("order_unreadable", fmt.Sprintf("order %d of %d: %v", i, n, err))
			continue
		}
		w.versions = append(w.versions, d.Version(order))
	}
	return w
}

// decodeOther reads a delivery that carries no orders. Its topic is not signed, so the body must look like it.
func (w *work) decodeOther(shop string) {
	switch w.delivery.Topic {
	case TopicOrdersDelete:
		ids, ok := shopify.ParseDeletions(w.delivery.Body)
		switch {
		case !ok:
			w.fail("not_a_deletion", "")
		case len(ids) > orderBatch:
			w.fail("too_many_orders", fmt.Sprintf("%d orders, at most %d", len(ids), orderBatch))
		default:
			w.deletions = ids
		}
	case TopicUninstalled:
		if w.uninstall = shopify.IsUninstall(w.delivery.Body, shop); !w.uninstall {
			w.fail("not_an_uninstallation", "")
		}
	case shopify.TopicDataRequest, shopify.TopicCustomersRedact, shopify.TopicShopRedact:
		w.body = w.delivery.Body
		w.decodeCompliance(shop)
	}
}

func (w *work) fail(code, detail string) {
	w.delivery.State, w.delivery.ErrorCode, w.delivery.ErrorDetail = store.DeliveryFailed, code, detail
}

// apply writes the works and the state of their deliveries in one transaction. A single delivery of many orders has
// most of them written before, some in each transaction: versions may be written again, should this be cut short.
func (a *App) apply(ctx context.Context, id int64, works []work) error {
	works = slices.Clone(works)
	for _, w := range works {
		if w.broken != nil {
			return w.broken
		}
	}
	if len(works) == 1 {
		w := &works[0]
		for len(w.versions) > orderBatch {
			part := w.versions[:orderBatch]
			a.store.Prepare(part)
			err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				defer recovered(&err)
				outcomes, err := a.putOrders(ctx, tx, id, part)
				w.outcomes = append(w.outcomes, outcomes...)
				return err
			})
			if err != nil {
				return err
			}
			w.versions = w.versions[orderBatch:]
		}
	}
	var versions []store.Version
	for _, w := range works {
		versions = append(versions, w.versions...)
	}
	a.store.Prepare(versions) // those that are not yet
	done := make([]store.Delivery, len(works))
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		defer recovered(&err)
		now := a.now()
		outcomes, err := tx.PutOrders(ctx, id, versions, now)
		if err != nil {
			return err
		}
		for i := range works {
			w := &works[i]
			w.outcomes, outcomes = append(w.outcomes, outcomes[:len(w.versions)]...), outcomes[len(w.versions):]
			if err := a.applyOther(ctx, tx, id, w, now); err != nil {
				return err
			}
			done[i] = w.finished(now)
		}
		if err := noteHabits(ctx, tx, id, works); err != nil {
			return err
		}
		if err := tx.NoteOrderDeliveries(ctx, id, changedOrders(works)); err != nil {
			return err
		}
		if err := a.scoreWith(ctx, tx, id, len(versions)); err != nil {
			return err
		}
		return tx.MarkDeliveries(ctx, done)
	})
	if err == nil {
		a.counters.worked(done)
	}
	return err
}

// recovered makes an error of a panic: one strange order must not take the process down.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("deliveries: apply: %w: %v\n%s", errPanicked, r, debug.Stack())
	}
}

// applyOther carries out what a delivery says besides orders.
func (a *App) applyOther(ctx context.Context, tx *store.Tx, id int64, w *work, now time.Time) error {
	for _, order := range w.deletions {
		o, err := tx.DeleteOrder(ctx, id, order, now)
		if err != nil {
			return err
		}
		w.outcomes = append(w.outcomes, o)
	}
	if shopify.IsCompliance(w.delivery.Topic) {
		return a.applyCompliance(ctx, tx, id, w, now)
	}
	if !w.uninstall {
		return nil
	}
	in, err := tx.Integration(ctx, id)
	if err != nil {
		return err
	}
	if t := w.delivery.TriggeredAt; !t.IsZero() && t.Before(in.TokenIssuedAt) {
		w.outcomes = append(w.outcomes, store.Stale) // the app was installed again since
		return nil
	}
	return a.uninstalled(ctx, tx, in)
}

// finished is the delivery with the state that its outcomes mean.
func (w *work) finished(now time.Time) store.Delivery {
	d := w.delivery
	d.Attempts++
	d.ProcessedAt, d.NextAttemptAt, d.Duration = now, time.Time{}, max(0, now.Sub(w.taken))
	if d.State == store.DeliveryFailed {
		return d
	}
	d.State = store.DeliveryProcessed
	all := func(os ...store.Outcome) bool {
		return len(w.outcomes) > 0 && !slices.ContainsFunc(w.outcomes, func(o store.Outcome) bool { return !slices.Contains(os, o) })
	}
	switch {
	case w.deletions != nil:
		if all(store.Unchanged, store.Stale) {
			d.State = store.DeliveryDuplicate
		}
	case all(store.Unchanged):
		d.State = store.DeliveryDuplicate
	case all(store.Stale, store.Deleted, store.Unchanged):
		d.State = store.DeliveryStale
	}
	return d
}

// putOff notes that our own database refused a delivery, and when it is tried again.
func (a *App) putOff(ctx context.Context, w work, cause error) error {
	d := w.delivery
	d.Attempts++
	d.ErrorCode, d.ErrorDetail = "internal", ""
	d.State, d.NextAttemptAt = store.DeliveryPending, a.now().Add(backoff(d.Attempts))
	// What the database cannot take now, for want of room above all, it can take later. Only what our own code
	// stumbles over will not change.
	poisoned := errors.Is(cause, errPanicked) || errors.Is(cause, store.ErrConflict)
	if poisoned && d.Attempts >= poisonedTries {
		d.State, d.NextAttemptAt, d.ProcessedAt = store.DeliveryFailed, time.Time{}, a.now()
		d.Duration = max(0, d.ProcessedAt.Sub(w.taken))
	}
	a.log.ErrorContext(ctx, "delivery could not be applied", "delivery_id", d.ID, "integration_id", d.IntegrationID,
		"attempt", d.Attempts, "error", cause)
	a.counters.worked([]store.Delivery{d})
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.MarkDeliveries(ctx, []store.Delivery{d})
	})
}

// uninstalled ends the work for a store whose merchant removed the app: its token is dead.
func (a *App) uninstalled(ctx context.Context, tx *store.Tx, in store.Integration) error {
	in.Active, in.NextSyncAt, in.UpdatedAt = false, time.Time{}, a.now()
	in.WebhookTopics, in.WebhookAddress = nil, "" // they vanish with the app
	if err := tx.DeleteSecrets(ctx, in.ID, store.SecretAccessToken); err != nil {
		return err
	}
	if err := a.cancelRuns(ctx, tx, in.ID, ProblemUninstalled); err != nil {
		return err
	}
	if err := tx.PutProblem(ctx, in.ID, store.Problem{Code: ProblemUninstalled, Since: a.now()}); err != nil {
		return err
	}
	if err := tx.SetUninstalled(ctx, in.ID, a.now()); err != nil {
		return err
	}
	return tx.UpdateIntegration(ctx, in)
}
