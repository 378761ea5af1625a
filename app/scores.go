package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"probability/app/score"
	"probability/store"
)

const (
	// scoreOthers is how many scores, besides those of the orders that it wrote, a transaction sees to that it made due: of their
	// customers' others. A transaction that wrote more than fewOrders sees to none: when a store is imported from its newest order on,
	// each page changes the same scores again. What is left a job does.
	scoreOthers = 200
	fewOrders   = 60
	// rescoreBatch is how many orders one transaction rates anew. It takes some milliseconds.
	rescoreBatch = 500
	// scoreTime is how long one job goes on before it gives way to other stores'.
	scoreTime = 10 * time.Second
	// scoreYield is how long rating waits after each transaction while very many deliver.
	scoreYield = 50 * time.Millisecond
	// scoreShare is the part of the time that rating takes while orders are imported, one in so many, and scoreRest the longest that it
	// rests at once. Each page may change the same scores again, and the import is what somebody waits for.
	scoreShare = 20
	scoreRest  = 5 * time.Second
)

// What became of scores, as it is counted.
const (
	scoreRated  = "scored"
	scoreFailed = "failed" // the order has none
	scoreUnread = "unread" // the order could not be read
)

// putOrders stores versions and rates what of an integration they change.
func (a *App) putOrders(ctx context.Context, tx *store.Tx, id int64, vs []store.Version) ([]store.Outcome, error) {
	outcomes, err := tx.PutOrders(ctx, id, vs, a.now())
	if err != nil {
		return nil, err
	}
	return outcomes, a.scoreWith(ctx, tx, id, len(vs))
}

// score rates the orders of an integration whose scores are due, within the transaction that made them so. Whatever goes wrong with
// that does not keep the transaction from storing what it came for: the scores stay due, and a job tries again.
func (a *App) score(ctx context.Context, tx *store.Tx, id int64) error {
	return a.scoreWith(ctx, tx, id, 0)
}

// scoreWith is score in a transaction that wrote so many orders.
func (a *App) scoreWith(ctx context.Context, tx *store.Tx, id int64, wrote int) error {
	if !tx.MadeDue(id) {
		return nil
	}
	others := scoreOthers
	if wrote > fewOrders {
		others = 0
	}
	var rest bool
	err := tx.Try(ctx, func(ctx context.Context) (err error) {
		var due []store.OrderToRate
		if due, rest, err = tx.ScoresMadeDue(ctx, id, others); err != nil || len(due) == 0 {
			return err
		}
		st, err := tx.ScoreState(ctx, id)
		if err != nil {
			return err
		}
		return a.rateAll(ctx, tx, st, due)
	})
	switch {
	case err == nil && !rest:
		return nil
	case err != nil && (store.Unavailable(err) || ctx.Err() != nil):
		return err
	case err != nil:
		a.log.ErrorContext(ctx, "orders were stored without their scores", "integration_id", id, "error", err)
		return nil // the sweeper finds them; a job here would be tried at once and meet the same
	}
	return a.queue.insert(ctx, tx, ScoreOrders{IntegrationID: id})
}

// rater rates orders of an integration before they are stored. Whatever goes wrong with that does not keep them from being stored:
// they wait for the job. It is tried as a part of the transaction, since PostgreSQL ends a transaction with the first error in it.
func (a *App) rater(ctx context.Context, tx *store.Tx, id int64) store.Rate {
	var s *score.Scorer
	err := tx.Try(ctx, func(ctx context.Context) error {
		st, err := tx.ScoreState(ctx, id)
		if err != nil {
			return err
		}
		s, _, err = a.scorerOf(ctx, tx, st)
		return err
	})
	if err != nil {
		a.log.ErrorContext(ctx, "orders are stored without their scores", "integration_id", id, "error", err)
		return nil
	}
	return func(o store.OrderToRate) *store.Rating {
		r := a.rate(ctx, s, o)
		a.counters.rated(r != nil)
		return r
	}
}

// rateDue rates at most limit orders that are due.
func (a *App) rateDue(ctx context.Context, tx *store.Tx, id int64, limit int) (more bool, err error) {
	due, err := tx.DueScores(ctx, id, limit)
	if err != nil || len(due) == 0 {
		return false, err
	}
	st, err := tx.ScoreState(ctx, id)
	if err != nil {
		return false, err
	}
	return len(due) == limit, a.rateAll(ctx, tx, st, due)
}

// rateAll rates orders and stores what they get.
func (a *App) rateAll(ctx context.Context, tx *store.Tx, st store.ScoreState, orders []store.OrderToRate) error {
	s, _, err := a.scorerOf(ctx, tx, st)
	if err != nil {
		return err
	}
	rated := make([]store.Rated, len(orders))
	for i, o := range orders {
		rated[i] = store.Rated{Order: o, Rating: a.rate(ctx, s, o)}
		a.counters.rated(rated[i].Rating != nil)
	}
	return tx.PutScores(ctx, st.IntegrationID, rated)
}

// ScoreOrders is the job that rates what is due, and carries the rating of all orders on. Its progress says when it goes on.
func (a *App) ScoreOrders(ctx context.Context, id int64) (Progress, error) {
	for until := time.Now().Add(scoreTime); ; {
		if a.Disk() != DiskOK {
			return Progress{After: diskPause}, nil
		}
		begun := time.Now()
		more, err := a.scoreSome(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound): // disconnected meanwhile
			return Progress{Done: true}, nil
		case err != nil:
			return Progress{}, fmt.Errorf("score orders of integration %d: %w", id, err)
		case !more:
			return Progress{Done: true}, nil
		case !time.Now().Before(until) || ctx.Err() != nil:
			return Progress{}, ctx.Err()
		}
		importing, err := a.store.Importing(ctx, id, a.now())
		if err != nil {
			return Progress{}, err
		}
		if importing {
			waited(ctx, nil, min(scoreRest, (scoreShare-1)*time.Since(begun)))
		}
		a.giveWay(ctx, scoreYield)
	}
}

// scoreSome does one transaction's worth of what is to be rated: what is due, then some of the rating of all orders.
func (a *App) scoreSome(ctx context.Context, id int64) (more bool, err error) {
	st, err := a.store.ScoreState(ctx, id)
	if err != nil {
		return false, err
	}
	if _, _, err := a.scorerOf(ctx, a.store, st); err != nil { // so that no transaction has to wait for a large model to be read
		return false, err
	}
	if st.Rescoring && st.Reread() {
		return true, a.readSome(ctx, st)
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if more, err = a.rateDue(ctx, tx, id, rescoreBatch); err != nil || more {
			return err
		}
		same, err := tx.SameRescoring(ctx, st)
		if err != nil || !same {
			more = st.Rescoring
			return err
		}
		orders, next, err := tx.ScoresBelow(ctx, id, st.Below(), rescoreBatch)
		if err != nil {
			return err
		}
		if err := a.rateAll(ctx, tx, st, orders); err != nil {
			return err
		}
		more = next > 0
		return tx.Rescored(ctx, st, next, len(orders))
	})
	return more, err
}

// readSome reads some orders anew whose facts are missing or of another version, and rates them.
func (a *App) readSome(ctx context.Context, st store.ScoreState) error {
	id := st.IntegrationID
	orders, next, err := a.store.UnreadOrders(ctx, id, st.Below())
	if err != nil {
		return err
	}
	for i := range orders {
		orders[i].Reading = a.readPayload(orders[i].Raw)
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if same, err := tx.SameRescoring(ctx, st); err != nil || !same {
			return err
		}
		if err := tx.PutReadings(ctx, id, orders); err != nil {
			return err
		}
		if _, err := a.rateDue(ctx, tx, id, rescoreBatch); err != nil {
			return err
		}
		return tx.Rescored(ctx, st, next, len(orders))
	})
}

// rescore notes in the transaction that all orders of an integration are to be rated anew with what it has set by now.
func (a *App) rescore(ctx context.Context, tx *store.Tx, id int64) error {
	st, err := tx.ScoreState(ctx, id)
	if err != nil {
		return err
	}
	_, basis, err := a.scorerOf(ctx, tx, st)
	if err != nil {
		return err
	}
	if err := tx.Rescore(ctx, id, basis, a.now()); err != nil {
		return err
	}
	return a.queue.wake(ctx, tx, ScoreOrders{IntegrationID: id})
}

// sweepScores wakes the jobs of scores that are due.
func (a *App) sweepScores(ctx context.Context) error {
	due, err := a.store.IntegrationsWithDueScores(ctx)
	errs := []error{err}
	for _, id := range due {
		errs = append(errs, a.hint(ctx, ScoreOrders{IntegrationID: id}))
	}
	return errors.Join(append(errs, a.sweepTrainings(ctx))...)
}

// recoverScores begins to rate the orders of integrations anew whose scores rest on something else than is in force: after an
// upgrade, a change of the configuration, or a change whose job was lost.
func (a *App) recoverScores(ctx context.Context) error {
	states, err := a.store.ScoreStates(ctx)
	errs := []error{err}
	for _, st := range states {
		_, basis, err := a.scorerOf(ctx, a.store, st)
		switch {
		case err != nil && store.Unavailable(err):
			errs = append(errs, fmt.Errorf("scores of integration %d: %w", st.IntegrationID, err))
		case err != nil: // no reason not to start, nor for the other stores to wait
			a.log.ErrorContext(ctx, "the scores of a store cannot be kept up to date", "integration_id", st.IntegrationID, "error", err)
		case basis != st.Basis || st.FactsVersion != score.FactsVersion && !st.Rescoring:
			err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return a.rescore(ctx, tx, st.IntegrationID) })
			if !errors.Is(err, store.ErrNotFound) {
				errs = append(errs, err)
			}
		case st.Rescoring:
			errs = append(errs, a.hint(ctx, ScoreOrders{IntegrationID: st.IntegrationID}))
		}
	}
	return errors.Join(append(errs, a.planTrainings(ctx, states))...)
}
