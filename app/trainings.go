package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"probability/app/score"
	"probability/store"
)

const (
	// trainEvery is how often it is learnt from a store's outcomes at least, if there are new ones.
	trainEvery = 24 * time.Hour
	// trainAgain is how soon at most, however many there are: while orders are imported each look finds more.
	trainAgain = 10 * time.Minute
	// newOutcomes, and one in newShare of those that were known, are so many that it is worth to learn at once.
	newOutcomes = 20
	newShare    = 10
	// trainSettled is from how many of the newest orders with an outcome it is learnt, and trainPending how many others are looked at
	// with them, for what is shown of orders that were never shipped. They bound time and memory.
	trainSettled = 50_000
	trainPending = 20_000
)

// Who told an outcome, in the report of a model.
const (
	sourcePlatform = "platform"
	sourceReported = "reported"
)

// What became of trainings, as it is counted, beside the report's decisions.
const trainFailed = "failed"

// errTrainedElsewhere ends a training whose model was changed meanwhile.
var errTrainedElsewhere = errors.New("the model was changed meanwhile")

// StartTraining lets a model be learnt from an integration's outcomes now.
func (a *App) StartTraining(ctx context.Context, tx *store.Tx, id int64) error {
	if err := tx.PlanTraining(ctx, id, a.now(), true); err != nil {
		return err
	}
	return a.queue.wake(ctx, tx, TrainModel{IntegrationID: id})
}

// trainAfter lets a model be learnt from what a first import brought. A training that looked while orders were still coming
// knows few of them, and its next turn would leave a new store without a model of its own for as long as trainAgain.
func (a *App) trainAfter(ctx context.Context, tx *store.Tx, id int64) error {
	st, err := tx.ScoreState(ctx, id)
	if err != nil {
		return err
	}
	return tx.PlanTraining(ctx, id, a.now(), st.TrainingAsked)
}

// sweepTrainings wakes the jobs of trainings that are due.
func (a *App) sweepTrainings(ctx context.Context) error {
	due, err := a.store.DueTrainings(ctx, a.now())
	errs := []error{err}
	for _, id := range due {
		errs = append(errs, a.hint(ctx, TrainModel{IntegrationID: id}))
	}
	return errors.Join(errs...)
}

// planTrainings gives each integration its next training: within a day, and at once when many outcomes are new.
func (a *App) planTrainings(ctx context.Context, states []store.ScoreState) error {
	var errs []error
	now := a.now()
	for _, st := range states {
		next, asked := st.NextTraining, st.TrainingAsked
		if next.IsZero() || next.After(now.Add(2*trainEvery)) { // by a clock that ran ahead
			next = now.Add(rand.N(trainEvery)) //nolint:gosec // so that not all stores come at once
		}
		if !asked && next.After(now) && now.Sub(st.TrainedAt) >= trainAgain {
			settled, err := a.settled(ctx, st.IntegrationID)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if grown := settled - st.TrainedSettled; grown >= newOutcomes && grown*newShare >= st.TrainedSettled {
				next = now
			}
		}
		if next.Equal(st.NextTraining) {
			continue
		}
		err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.PlanTraining(ctx, st.IntegrationID, next, asked)
		})
		if !errors.Is(err, store.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// settled is how many orders of an integration were delivered or not.
func (a *App) settled(ctx context.Context, id int64) (n int, err error) {
	counts, err := a.store.OutcomeCounts(ctx, id)
	for _, c := range counts {
		if end := c.Outcome(); end == store.ParcelDelivered || end == store.ParcelFailed {
			n += c.Orders
		}
	}
	return n, err
}

// Train is the job that learns a model from an integration's outcomes. One that the gate accepts is what orders are rated with from
// then on.
func (a *App) Train(ctx context.Context, id int64) (Progress, error) {
	if a.Disk() != DiskOK {
		return Progress{After: diskPause}, nil
	}
	err := a.train(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound): // disconnected meanwhile
		return Progress{Done: true}, nil
	case errors.Is(err, errTrainedElsewhere): // the table still says that it is due
		return Progress{After: time.Second}, nil
	case err != nil:
		return Progress{}, fmt.Errorf("train the model of integration %d: %w", id, err)
	}
	return Progress{Done: true}, nil
}

func (a *App) train(ctx context.Context, id int64) error {
	st, err := a.store.ScoreState(ctx, id)
	if err != nil {
		return err
	}
	now := a.now()
	if !st.TrainingAsked && st.NextTraining.After(now) { // somebody did it
		return nil
	}
	settled, err := a.settled(ctx, id)
	if err != nil {
		return err
	}
	next := now.Add(trainEvery - rand.N(trainEvery/24)) //nolint:gosec // so that not all stores come at once
	if !st.TrainingAsked && settled == st.TrainedSettled || settled == 0 {
		return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Trained(ctx, id, settled, now, next) })
	}
	current, err := a.currentModel(ctx, st)
	if err != nil {
		return err
	}
	samples, err := a.samples(ctx, id, settled)
	if err != nil {
		return err
	}
	learnt, report, err := learn(samples, current, now)
	if err != nil {
		a.counters.trainings.WithLabelValues(trainFailed).Inc()
		a.log.ErrorContext(ctx, "a model could not be learnt; the one that is there stays", "integration_id", id, "error", err)
		return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Trained(ctx, id, settled, now, next) })
	}
	m, err := newModel(id, learnt, report, now)
	if err != nil {
		return err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.ScoreState(ctx, id)
		if err != nil {
			return err
		}
		if row.Model != st.Model {
			return errTrainedElsewhere
		}
		if _, err := tx.InsertModel(ctx, m); err != nil {
			return err
		}
		if err := tx.Trained(ctx, id, settled, now, next); err != nil {
			return err
		}
		if m.State != store.ModelLive {
			return nil
		}
		return a.rescore(ctx, tx, id)
	})
	if err == nil {
		a.counters.trainings.WithLabelValues(string(report.Decision)).Inc()
		a.log.InfoContext(ctx, "a model was learnt", "integration_id", id, "model_id", m.ID, "basis", m.Basis, "outcomes", m.N,
			"decision", report.Decision, "reason", report.Reason, "live", report.Live)
	}
	return err
}

// currentModel is the model that orders are rated with; nil: the shipped one, also in the place of one that cannot be read.
func (a *App) currentModel(ctx context.Context, st store.ScoreState) (*score.Model, error) {
	if st.Model == uuid.Nil {
		return nil, nil
	}
	stored, err := a.store.ScoreModel(ctx, st.IntegrationID, st.Model)
	if err != nil {
		return nil, err
	}
	m, err := score.ParseModel(stored.Body)
	if err != nil {
		a.log.ErrorContext(ctx, "a model of the score cannot be used", "integration_id", st.IntegrationID, "model_id", st.Model, "error", err)
		return nil, nil
	}
	return m, nil
}

// samples are what it is learnt from. Texts that many orders have in common are kept once.
func (a *App) samples(ctx context.Context, id int64, settled int) ([]score.Sample, error) {
	// So that it need not be copied into a larger one: a hundred thousand take some 40 MB.
	out := make([]score.Sample, 0, min(settled, trainSettled)+min(settled, trainPending))
	same := make(interned)
	err := a.store.EachSample(ctx, id, trainSettled, trainPending, func(o store.SampleOrder) error {
		facts, err := score.ParseFacts(o.Facts)
		if err != nil || o.Version == 0 {
			return nil //nolint:nilerr // it was told when the order was rated
		}
		same.facts(&facts)
		s := score.Sample{
			At: o.PlacedAt, Facts: facts, History: historyOf(o.History, o.Mark),
			Settled: score.Settled{Outcome: score.Outcome(o.Settled.Outcome), At: o.Settled.At}, Source: sourcePlatform,
		}
		if o.Reported {
			s.Source = sourceReported
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// interned keeps one of equal texts.
type interned map[string]string

func (in interned) text(s *string) {
	if *s == "" {
		return
	}
	kept, there := in[*s]
	if !there {
		kept = string(append([]byte(nil), *s...)) // not a part of a longer one
		in[kept] = kept
	}
	*s = kept
}

func (in interned) facts(f *score.Facts) {
	for _, s := range []*string{&f.Currency, &f.Country, &f.Province, &f.City, &f.Postcode, &f.Carrier} {
		in.text(s)
	}
	for i := range f.Products {
		in.text(&f.Products[i])
	}
}

// learn is score.Train, whose panic is an error.
func learn(samples []score.Sample, current *score.Model, now time.Time) (m *score.Model, r score.Report, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	m, r = score.Train(samples, current, now)
	if m == nil {
		return nil, r, errors.New("there is no model")
	}
	return m, r, m.Validate()
}

// newModel is a model as it is stored.
func newModel(id int64, learnt *score.Model, report score.Report, now time.Time) (store.ScoreModel, error) {
	key, err := uuid.NewV7()
	if err != nil {
		return store.ScoreModel{}, fmt.Errorf("model: id: %w", err)
	}
	m := store.ScoreModel{ID: key, IntegrationID: id, State: store.ModelRefused, Basis: string(report.Basis), CreatedAt: now, N: report.N, Failed: report.Failed}
	if m.Report, err = json.Marshal(report); err != nil {
		return m, fmt.Errorf("report: %w", err)
	}
	if report.Live {
		m.State, m.ActivatedAt, m.Basis = store.ModelLive, now, string(learnt.Basis)
		if m.Body, err = json.Marshal(learnt); err != nil {
			return m, fmt.Errorf("model: %w", err)
		}
	}
	return m, nil
}
