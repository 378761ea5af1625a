package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

// trainPause is how soon a model can be learnt again because somebody wants it: the same outcomes teach the same.
const trainPause = time.Minute

// ScoreSetup is how an integration's orders are rated, and why so.
type ScoreSetup struct {
	Own      store.ScoreSettings // the newest version of what its owner set; version 0: nothing
	Set      score.Settings      // what that says
	Defaults score.Settings      // what the installation says
	InForce  score.Settings      // both together
	State    store.ScoreState
}

// ScoreSetup tells how an integration's orders are rated.
func (a *App) ScoreSetup(ctx context.Context, id int64) (u ScoreSetup, err error) {
	u.Defaults = score.Merge(score.Defaults(), a.cfg.Scoring)
	if u.InForce, u.Own, err = a.ScoreSettings(ctx, id); err != nil {
		return u, err
	}
	if u.Own.Version > 0 {
		if u.Set, err = score.ParseSettings(u.Own.Settings); err != nil {
			return u, fmt.Errorf("settings %d of integration %d: %w", u.Own.Version, id, err)
		}
	}
	u.State, err = a.store.ScoreState(ctx, id)
	return u, err
}

// SetScoring stores what an owner sets, behind the version that they saw, and has all orders rated anew. What is in force already
// makes no new version.
func (a *App) SetScoring(ctx context.Context, userID uuid.UUID, id, seen int64, set score.Settings) error {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return err
	}
	if err := a.checkSettings(set); err != nil {
		return err
	}
	text, err := set.Canonical()
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return a.putSettings(ctx, userID, id, seen, text)
}

// RestoreScoring sets again what an earlier version said; 0 says nothing, so that the installation's settings are in force.
func (a *App) RestoreScoring(ctx context.Context, userID uuid.UUID, id, seen, version int64) error {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return err
	}
	text := []byte("{}")
	if version > 0 {
		earlier, err := a.store.ScoreSettingsOf(ctx, id, version)
		if errors.Is(err, store.ErrNotFound) {
			return &Error{Kind: Invalid, Code: "validation_failed", Fields: map[string][]FieldError{"version": {{Code: "no_such_version"}}}}
		}
		if err != nil {
			return err
		}
		set, err := score.ParseSettings(earlier.Settings)
		if err == nil {
			err = a.checkSettings(set)
		}
		if err != nil {
			return err
		}
		text = earlier.Settings
	}
	return a.putSettings(ctx, userID, id, seen, text)
}

func (a *App) putSettings(ctx context.Context, userID uuid.UUID, id, seen int64, text []byte) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		newest, err := tx.ScoreSettings(ctx, id)
		if err != nil {
			return err
		}
		if newest.Version == seen && (bytes.Equal(newest.Settings, text) || newest.Version == 0 && string(text) == "{}") {
			return nil
		}
		if _, err := tx.PutScoreSettings(ctx, store.ScoreSettings{IntegrationID: id, Version: seen, CreatedAt: a.now(), UserID: userID, Settings: text}); err != nil {
			return err
		}
		return a.rescore(ctx, tx, id)
	})
	if errors.Is(err, store.ErrConflict) {
		return &Error{Kind: Conflict, Code: "settings_changed", Err: err}
	}
	return err
}

// checkSettings looks at settings by themselves, and at what they come to with the installation's.
func (a *App) checkSettings(set score.Settings) error {
	err := set.Validate()
	if err == nil {
		err = score.Merge(score.Merge(score.Defaults(), a.cfg.Scoring), set).Validate()
	}
	wrong, ok := errors.AsType[score.SettingErrors](err)
	if !ok {
		return err
	}
	return SettingsError(wrong)
}

// SettingsError is the complaints about settings as those about any request's members.
func SettingsError(wrong score.SettingErrors) error {
	e := &Error{Kind: Invalid, Code: "validation_failed", Fields: map[string][]FieldError{}}
	for _, w := range wrong {
		path := w.Path
		if path == "" {
			path = "settings"
		}
		e.Fields[path] = append(e.Fields[path], FieldError{Code: w.Code, Params: w.Params})
	}
	return e
}

// PreviewOrders is how many of the newest orders a preview rates.
const PreviewOrders = 500

// ScorePreview is what other settings would change among the newest orders.
type ScorePreview struct {
	Orders   int                       // that were rated
	Bands    map[string]map[string]int // from band to band
	Carriers int                       // orders with another recommended carrier
	Changed  []ScoreChange             // whose score changes, the largest change first
}

// ScoreChange is one order whose score would change.
type ScoreChange struct {
	OrderID       int64
	Before, After score.Result
}

// size is by how much the score changes.
func (c ScoreChange) size() int {
	return max(c.After.Score-c.Before.Score, c.Before.Score-c.After.Score)
}

// PreviewScoring tells what settings would change among the newest orders. Nothing is stored.
func (a *App) PreviewScoring(ctx context.Context, id int64, set score.Settings) (p ScorePreview, err error) {
	if err := a.checkSettings(set); err != nil {
		return p, err
	}
	st, err := a.store.ScoreState(ctx, id)
	if err != nil {
		return p, err
	}
	before, err := a.Scorer(ctx, id)
	if err != nil {
		return p, err
	}
	model, err := a.currentModel(ctx, st)
	if err != nil {
		return p, err
	}
	orders, err := a.store.NewestFacts(ctx, id, PreviewOrders)
	if err != nil {
		return p, err
	}
	after := score.NewScorer(model, score.Merge(score.Merge(score.Defaults(), a.cfg.Scoring), set))
	p.Bands = make(map[string]map[string]int)
	for _, o := range orders {
		facts, err := score.ParseFacts(o.Facts)
		if err != nil || o.Version == 0 { // it has no score, now or then
			continue
		}
		h := historyOf(o.History, o.Mark)
		c := ScoreChange{OrderID: o.OrderID, Before: before.Score(facts, h), After: after.Score(facts, h)}
		p.Orders++
		if p.Bands[c.Before.Band] == nil {
			p.Bands[c.Before.Band] = make(map[string]int)
		}
		p.Bands[c.Before.Band][c.After.Band]++
		if c.Before.Carrier != c.After.Carrier {
			p.Carriers++
		}
		if c.Before.Score != c.After.Score {
			p.Changed = append(p.Changed, c)
		}
	}
	slices.SortStableFunc(p.Changed, func(a, b ScoreChange) int { return cmp.Compare(b.size(), a.size()) })
	return p, nil
}

// ActivateModel makes an earlier model the one that orders are rated with, uuid.Nil the one that the program ships with, and has
// all orders rated anew.
func (a *App) ActivateModel(ctx context.Context, userID uuid.UUID, id int64, model uuid.UUID) error {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return err
	}
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		st, err := tx.ScoreState(ctx, id)
		if err != nil || st.Model == model {
			return err
		}
		if err := tx.ActivateModel(ctx, id, model, a.now()); err != nil {
			return err
		}
		return a.rescore(ctx, tx, id)
	})
	if errors.Is(err, store.ErrConflict) {
		return &Error{Kind: Conflict, Code: "model_refused", Err: err}
	}
	return err
}

// AskTraining lets a model be learnt from an integration's outcomes soon; not again at once from as many as a moment ago.
func (a *App) AskTraining(ctx context.Context, userID uuid.UUID, id int64) error {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return err
	}
	settled, err := a.settled(ctx, id)
	if err != nil {
		return err
	}
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		st, err := tx.ScoreState(ctx, id)
		if err != nil {
			return err
		}
		if st.TrainingAsked { // it is on its way
			return nil
		}
		if since := a.now().Sub(st.TrainedAt); since >= 0 && since < trainPause && settled == st.TrainedSettled {
			return &Error{Kind: TooMany, Code: "trained_just_now", RetryAfter: trainPause - since}
		}
		return a.StartTraining(ctx, tx, id)
	})
}

// ScoreExplanation is the score of one order with all that it was made of, and what is known of its end.
type ScoreExplanation struct {
	score.Explanation
	Facts    store.OrderFacts
	State    store.ScoreState
	ModelRow *store.ScoreModel // nil: the one that the program ships with
	Report   *store.Report     // that counts; nil: nobody reported anything
	Mark     *store.OrderMark
	UpToDate bool // what is stored, and shown in lists, is what this says
}

// ExplainScore rates an order anew and says why.
func (a *App) ExplainScore(ctx context.Context, id, orderID int64) (e ScoreExplanation, err error) {
	order, err := a.store.Order(ctx, id, orderID)
	if err != nil {
		return e, err
	}
	if e.Facts, err = a.store.OrderFacts(ctx, id, orderID); err != nil {
		return e, unread(err)
	}
	facts, err := score.ParseFacts(e.Facts.Facts)
	if err != nil || e.Facts.Version == 0 {
		return e, &Error{Kind: Invalid, Code: codeUnscored, Err: err}
	}
	if e.State, err = a.store.ScoreState(ctx, id); err != nil {
		return e, err
	}
	scorer, _, err := a.scorerOf(ctx, a.store, e.State)
	if err != nil {
		return e, err
	}
	e.Explanation = scorer.Explain(facts, historyOf(e.Facts.History, e.Facts.Mark), scoreOrder(order.Order, shopify.ReadDetails(order.Raw)))
	e.UpToDate = e.Facts.Score != nil && *e.Facts.Score == e.Score && e.Facts.Probability == e.Band && !e.Facts.Due
	return e, a.tellKnown(ctx, id, orderID, &e)
}

// markInForce is the mark that an order is rated with. That of its customer may have been set, or changed, at another order of theirs.
func markInForce(said store.OrderMark, f store.OrderFacts) *store.OrderMark {
	now := store.OrderMark{Mark: f.Mark, Scope: store.MarkOrder}
	if f.Mark == 0 {
		now = store.OrderMark{Mark: f.History.Mark, Scope: store.MarkCustomer}
	}
	switch {
	case now.Mark == 0:
		return nil
	case said.Mark == now.Mark && said.Scope == now.Scope:
		return &said
	}
	return &now
}

// tellKnown adds what else is known of an order.
func (a *App) tellKnown(ctx context.Context, id, orderID int64, e *ScoreExplanation) error {
	report, err := a.store.CountingReport(ctx, id, orderID)
	if err == nil {
		e.Report = &report
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	mark, err := a.store.OrderMark(ctx, id, orderID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	e.Mark = markInForce(mark, e.Facts)
	if e.State.Model == uuid.Nil {
		return nil
	}
	model, err := a.store.ScoreModelInfo(ctx, id, e.State.Model)
	if err != nil {
		return err
	}
	e.ModelRow = &model
	return nil
}
