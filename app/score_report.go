package app

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"probability/app/score"
	"probability/store"
)

// Coverage is of how many orders it is known what became of them, and from whom.
type Coverage struct {
	Orders   int                                    // that are read for their score
	Pending  int                                    // of them, nobody says anything yet
	Outcomes map[store.ParcelOutcome]int            // that count
	Sources  map[string]map[store.ParcelOutcome]int // the same by who says so; store.Source… or "platform"
}

// Known is the share of orders whose end is known; 0 without any.
func (c Coverage) Known() float64 {
	if c.Orders == 0 {
		return 0
	}
	return float64(c.Orders-c.Pending) / float64(c.Orders)
}

// Coverage tells of how many of an integration's orders it is known what became of them.
func (a *App) Coverage(ctx context.Context, id int64) (c Coverage, err error) {
	counts, err := a.store.OutcomeCounts(ctx, id)
	if err != nil {
		return c, err
	}
	sources, err := a.store.SourceCounts(ctx, id)
	if err != nil {
		return c, err
	}
	c.Outcomes = make(map[store.ParcelOutcome]int)
	c.Sources = map[string]map[store.ParcelOutcome]int{SourcePlatform: {}, store.SourceAPI: {}, store.SourceCSV: {}, store.SourceUser: {}}
	for _, n := range counts {
		c.Orders += n.Orders
		switch {
		case n.Outcome() == store.ParcelPending:
			c.Pending += n.Orders
			continue
		case n.Reported == store.ParcelPending:
			c.Sources[SourcePlatform][n.Platform] += n.Orders
		}
		c.Outcomes[n.Outcome()] += n.Orders
	}
	for _, n := range sources {
		c.Sources[n.Source][n.Outcome] += n.Orders
	}
	return c, nil
}

// SourcePlatform is the source of an outcome that the platform's own data tells.
const SourcePlatform = sourcePlatform

// ScoreReport is what is known of an integration's deliveries, and what is not.
type ScoreReport struct {
	State    store.ScoreState
	Model    *score.Model      // in force
	Row      *store.ScoreModel // its; nil: the one that the program ships with
	Last     *score.Report     // of the newest training, also of one that was refused; nil: there was none
	Coverage Coverage
}

// ScoreReport tells what is known of an integration's deliveries.
func (a *App) ScoreReport(ctx context.Context, id int64) (r ScoreReport, err error) {
	if r.State, err = a.store.ScoreState(ctx, id); err != nil {
		return r, err
	}
	if r.Coverage, err = a.Coverage(ctx, id); err != nil {
		return r, err
	}
	if r.Model, err = a.currentModel(ctx, r.State); err != nil {
		return r, err
	}
	if r.Model == nil {
		r.Model = score.Shipped()
	}
	if r.State.Model != uuid.Nil {
		row, err := a.store.ScoreModelInfo(ctx, id, r.State.Model)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return r, err
		}
		if err == nil {
			r.Row = &row
		}
	}
	newest, err := a.store.ScoreModels(ctx, id, 1, 0)
	if err != nil || len(newest) == 0 {
		return r, err
	}
	var last score.Report
	if err := json.Unmarshal(newest[0].Report, &last); err != nil {
		return r, err
	}
	r.Last = &last
	return r, nil
}
