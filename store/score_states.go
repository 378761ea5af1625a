package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ScoreState is where the scores of an integration stand.
type ScoreState struct {
	IntegrationID int64
	Model         uuid.UUID // uuid.Nil: the one that the program ships with
	Settings      int64     // version; 0: none were set
	FactsVersion  int       // orders that were read by another are read anew
	Basis         string    // digest of all that the scores rest on

	Rescoring      bool // orders are being rated anew
	RescoringSince time.Time
	Rescored       int // orders so far

	NextTraining   time.Time // zero: not yet planned
	TrainingAsked  bool      // somebody wants it now
	TrainedAt      time.Time
	TrainedSettled int // how many outcomes were known then

	below  int64 // the orders that are still to be rated anew have smaller numbers
	reread bool
	stored bool
}

// Below is the number below which orders are still to be rated anew; Reread tells that their payloads are read anew as well.
func (s ScoreState) Below() int64 { return s.below }

// Reread tells that payloads are read anew before their orders are rated.
func (s ScoreState) Reread() bool { return s.reread }

const stateColumns = `s.integration_id, s.model_id, s.settings_version, s.facts_version, s.basis, s.rescore_cursor, s.rescore_reread, s.rescore_since,
	s.rescored, s.next_training_at, s.training_asked, s.trained_at, s.trained_settled`

func scanState(r row) (s ScoreState, err error) {
	var (
		model                       uuid.NullUUID
		cursor, since, next, traind sql.NullInt64
	)
	err = r.Scan(&s.IntegrationID, &model, &s.Settings, &s.FactsVersion, &s.Basis, &cursor, &s.reread, &since,
		&s.Rescored, &next, &s.TrainingAsked, &traind, &s.TrainedSettled)
	s.Model, s.Rescoring, s.below, s.stored = model.UUID, cursor.Valid, cursor.Int64, true
	s.RescoringSince, s.NextTraining, s.TrainedAt = fromMillis(since), fromMillis(next), fromMillis(traind)
	return s, err
}

// ScoreState is where the scores of an integration stand; the zero state but for its id when nothing was rated yet.
func (s *Store) ScoreState(ctx context.Context, integrationID int64) (ScoreState, error) {
	return scoreState(ctx, s.readers, integrationID)
}

// ScoreState is the state as the transaction sees it.
func (tx *Tx) ScoreState(ctx context.Context, integrationID int64) (ScoreState, error) {
	return scoreState(ctx, tx.tx, integrationID)
}

func scoreState(ctx context.Context, q querier, integrationID int64) (ScoreState, error) {
	st, err := get(ctx, q, fmt.Sprintf("scores: state of integration %d", integrationID), scanState,
		`SELECT `+stateColumns+` FROM score_states s WHERE s.integration_id = $1`, integrationID)
	if errors.Is(err, ErrNotFound) {
		return ScoreState{IntegrationID: integrationID}, nil
	}
	return st, err
}

// ScoreStates are the states of all connected integrations, those without one too; at most 10,000.
func (s *Store) ScoreStates(ctx context.Context) ([]ScoreState, error) {
	return list(ctx, s.work, "scores: states", func(r row) (st ScoreState, err error) {
		return scanState(r)
	}, `SELECT i.id, s.model_id, COALESCE(s.settings_version, 0), COALESCE(s.facts_version, 0), COALESCE(s.basis, ''), s.rescore_cursor,
		COALESCE(s.rescore_reread, FALSE), s.rescore_since, COALESCE(s.rescored, 0), s.next_training_at, COALESCE(s.training_asked, FALSE),
		s.trained_at, COALESCE(s.trained_settled, 0)
		FROM integrations i LEFT JOIN score_states s ON s.integration_id = i.id WHERE i.deleted_at IS NULL ORDER BY i.id LIMIT $1`, maxRows)
}

// putState makes the row of a state, or changes it.
func (tx *Tx) putState(ctx context.Context, op string, s ScoreState) error {
	cursor := sql.NullInt64{Int64: s.below, Valid: s.Rescoring}
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO score_states (integration_id, model_id, settings_version, facts_version, basis, rescore_cursor,
			rescore_reread, rescore_since, rescored, next_training_at, training_asked, trained_at, trained_settled)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (integration_id) DO UPDATE SET model_id = excluded.model_id, settings_version = excluded.settings_version,
			facts_version = excluded.facts_version, basis = excluded.basis, rescore_cursor = excluded.rescore_cursor,
			rescore_reread = excluded.rescore_reread, rescore_since = excluded.rescore_since, rescored = excluded.rescored,
			next_training_at = excluded.next_training_at, training_asked = excluded.training_asked, trained_at = excluded.trained_at,
			trained_settled = excluded.trained_settled`,
		s.IntegrationID, uuid.NullUUID{UUID: s.Model, Valid: s.Model != uuid.Nil}, s.Settings, s.FactsVersion, s.Basis, cursor,
		s.reread, millis(s.RescoringSince), s.Rescored, millis(s.NextTraining), s.TrainingAsked, millis(s.TrainedAt), s.TrainedSettled)
	return failed(op, err)
}

// changeState changes the state of a connected integration within the transaction.
func (tx *Tx) changeState(ctx context.Context, op string, integrationID int64, change func(*ScoreState) error) error {
	if _, err := tx.connected(ctx, op, integrationID); err != nil {
		return err
	}
	st, err := tx.ScoreState(ctx, integrationID)
	if err != nil {
		return err
	}
	if err := change(&st); err != nil {
		return err
	}
	return tx.putState(ctx, op, st)
}

// Rescore notes that all orders of an integration are to be rated anew, from the newest on. basis is what they will rest on. Orders
// that were read by another version than this program's, or never, are read anew first.
func (tx *Tx) Rescore(ctx context.Context, integrationID int64, basis string, now time.Time) error {
	op := fmt.Sprintf("scores: rescore integration %d", integrationID)
	return tx.changeState(ctx, op, integrationID, func(s *ScoreState) error {
		last, err := get(ctx, tx.tx, op, scanOne[int64], `SELECT COALESCE(max(id), 0) FROM orders`)
		if err != nil {
			return err
		}
		s.Rescoring, s.RescoringSince, s.Rescored, s.below, s.Basis = true, now, 0, last+1, basis
		s.reread = s.reread || s.FactsVersion != tx.store.readingVersion
		tx.noteUnlisted(integrationID)
		return nil
	})
}

// Rescored notes how far the rating of all orders is: next is the number below which it goes on, 0 when it is done. It changes
// nothing when somebody began anew since from was read.
func (tx *Tx) Rescored(ctx context.Context, from ScoreState, next int64, orders int) error {
	op := fmt.Sprintf("scores: rescored of integration %d", from.IntegrationID)
	return tx.changeState(ctx, op, from.IntegrationID, func(s *ScoreState) error {
		if !s.sameRescoring(from) {
			return nil
		}
		s.below, s.Rescored = next, s.Rescored+orders
		switch {
		case next > 0:
		case s.reread: // all are read now, and those that were not due for it are still to be rated
			last, err := get(ctx, tx.tx, op, scanOne[int64], `SELECT COALESCE(max(id), 0) FROM orders`)
			if err != nil {
				return err
			}
			s.reread, s.FactsVersion, s.below, s.Rescored = false, tx.store.readingVersion, last+1, 0
		default:
			s.Rescoring = false
			tx.noteUnlisted(from.IntegrationID) // lists, and what is said of the score, show all of it anew
		}
		return nil
	})
}

// sameRescoring tells whether a rating of all orders stands where it was.
func (s ScoreState) sameRescoring(other ScoreState) bool {
	return s.Rescoring && other.Rescoring && s.below == other.below && s.reread == other.reread && s.Basis == other.Basis && s.RescoringSince.Equal(other.RescoringSince)
}

// SameRescoring tells whether the rating of all orders still stands where it was when from was read.
func (tx *Tx) SameRescoring(ctx context.Context, from ScoreState) (bool, error) {
	st, err := tx.ScoreState(ctx, from.IntegrationID)
	return st.sameRescoring(from), err
}

// PlanTraining notes when a model is next learnt; asked: now, because somebody wants it.
func (tx *Tx) PlanTraining(ctx context.Context, integrationID int64, at time.Time, asked bool) error {
	return tx.changeState(ctx, fmt.Sprintf("scores: plan training of integration %d", integrationID), integrationID, func(s *ScoreState) error {
		s.NextTraining, s.TrainingAsked = at, asked
		return nil
	})
}

// Trained notes that it was learnt from so many outcomes, and when the next time is.
func (tx *Tx) Trained(ctx context.Context, integrationID int64, settled int, now, next time.Time) error {
	return tx.changeState(ctx, fmt.Sprintf("scores: trained integration %d", integrationID), integrationID, func(s *ScoreState) error {
		s.TrainedAt, s.TrainedSettled, s.NextTraining, s.TrainingAsked = now, settled, next, false
		return nil
	})
}

// IntegrationsWithDueScores lists the integrations that have orders whose score is due; at most 10,000.
func (s *Store) IntegrationsWithDueScores(ctx context.Context) ([]int64, error) {
	return list(ctx, s.work, "scores: integrations with due ones", scanOne[int64], `SELECT i.id FROM integrations i WHERE i.deleted_at IS NULL
		AND EXISTS (SELECT 1 FROM order_facts f`+s.dialect.indexed("order_facts_due")+` WHERE f.integration_id = i.id AND f.due = 1) ORDER BY i.id LIMIT $1`, maxRows)
}

// DueTrainings lists the integrations whose next training has come; at most 10,000.
func (s *Store) DueTrainings(ctx context.Context, now time.Time) ([]int64, error) {
	return list(ctx, s.work, "scores: due trainings", scanOne[int64], `SELECT i.id FROM score_states t JOIN integrations i ON i.id = t.integration_id
		WHERE t.next_training_at <= $1 AND i.deleted_at IS NULL ORDER BY i.id LIMIT $2`, now.UnixMilli(), maxRows)
}
