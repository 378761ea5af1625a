package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// States of a model (ScoreModel.State).
const (
	ModelLive       = "live"
	ModelRetired    = "retired"     // a later one is better
	ModelRefused    = "refused"     // it was not better than the one before
	ModelRolledBack = "rolled_back" // somebody went back to an older one
)

// ScoreModel is what was learnt from a store's outcomes.
type ScoreModel struct {
	ID            uuid.UUID
	IntegrationID int64
	Version       int // 1 and up, of each integration
	State         string
	Basis         string
	CreatedAt     time.Time
	ActivatedAt   time.Time // zero: never
	N             int       // outcomes
	Failed        int       // of them
	Report        []byte    // JSON
	Body          []byte    // the model itself; nil in lists, and for one that was refused
}

// keptModels is how many models of an integration are kept, the live one in any case.
const keptModels = 100

const modelColumns = `m.id, m.integration_id, m.version, m.state, m.basis, m.created_at, m.activated_at, m.n, m.failed, m.report`

func (s *Store) scanModel(body bool) func(row) (ScoreModel, error) {
	return func(r row) (m ScoreModel, err error) {
		var (
			created   int64
			activated sql.NullInt64
			packed    packedBody
		)
		dest := []any{&m.ID, &m.IntegrationID, &m.Version, &m.State, &m.Basis, &created, &activated, &m.N, &m.Failed, &m.Report}
		if body {
			dest = append(dest, &packed.codec, &packed.body)
		}
		if err := r.Scan(dest...); err != nil {
			return m, err
		}
		m.CreatedAt, m.ActivatedAt = time.UnixMilli(created).UTC(), fromMillis(activated)
		if packed.body != nil {
			m.Body, err = s.bodies.unpack(packed)
		}
		return m, err
	}
}

// ScoreModels lists the models of an integration, newest first, without their bodies.
func (s *Store) ScoreModels(ctx context.Context, integrationID int64, limit, offset int) ([]ScoreModel, error) {
	return list(ctx, s.readers, fmt.Sprintf("scores: models of integration %d", integrationID), s.scanModel(false),
		`SELECT `+modelColumns+` FROM score_models m WHERE m.integration_id = $1 ORDER BY m.version DESC LIMIT $2 OFFSET $3`,
		integrationID, pageSize(limit), max(offset, 0))
}

// CountScoreModels counts what ScoreModels lists, on all pages.
func (s *Store) CountScoreModels(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, "scores: count models", scanOne[int], `SELECT count(*) FROM score_models WHERE integration_id = $1`, integrationID)
}

// ScoreModel is one model with its body.
func (s *Store) ScoreModel(ctx context.Context, integrationID int64, id uuid.UUID) (ScoreModel, error) {
	return s.scoreModel(ctx, s.readers, integrationID, id)
}

// ScoreModelInfo is one model without its body.
func (s *Store) ScoreModelInfo(ctx context.Context, integrationID int64, id uuid.UUID) (ScoreModel, error) {
	return get(ctx, s.readers, "scores: model "+id.String(), s.scanModel(false),
		`SELECT `+modelColumns+` FROM score_models m WHERE m.id = $1 AND m.integration_id = $2`, id.String(), integrationID)
}

// ScoreModel is one model as the transaction sees it.
func (tx *Tx) ScoreModel(ctx context.Context, integrationID int64, id uuid.UUID) (ScoreModel, error) {
	return tx.store.scoreModel(ctx, tx.tx, integrationID, id)
}

func (s *Store) scoreModel(ctx context.Context, q querier, integrationID int64, id uuid.UUID) (ScoreModel, error) {
	return get(ctx, q, "scores: model "+id.String(), s.scanModel(true),
		`SELECT `+modelColumns+`, m.codec, m.body FROM score_models m WHERE m.id = $1 AND m.integration_id = $2`, id.String(), integrationID)
}

// InsertModel adds a model; its version is the next one and is returned. One that is live takes the place of the one that was.
func (tx *Tx) InsertModel(ctx context.Context, m ScoreModel) (version int, err error) {
	op := "scores: insert model " + m.ID.String()
	if _, err := tx.connected(ctx, op, m.IntegrationID); err != nil {
		return 0, err
	}
	if version, err = get(ctx, tx.tx, op, scanOne[int], `SELECT COALESCE(max(version), 0) + 1 FROM score_models WHERE integration_id = $1`, m.IntegrationID); err != nil {
		return 0, err
	}
	if m.State == ModelLive {
		if err := tx.retire(ctx, op, m.IntegrationID, m.ID, ModelRetired); err != nil {
			return 0, err
		}
	}
	var packed packedBody
	if m.Body != nil {
		packed = tx.store.bodies.pack(m.Body)
	}
	if _, err := tx.tx.ExecContext(ctx, `INSERT INTO score_models (id, integration_id, version, state, basis, created_at, activated_at, n, failed, report, codec, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, m.ID.String(), m.IntegrationID, version, m.State, m.Basis,
		m.CreatedAt.UnixMilli(), millis(m.ActivatedAt), m.N, m.Failed, string(m.Report), packed.codec, packed.body); err != nil {
		return 0, failed(op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM score_models WHERE integration_id = $1 AND state <> 'live' AND version <= $2`, m.IntegrationID, version-keptModels)
	return version, failed(op, err)
}

// ActivateModel makes a model the one that orders are rated with, as somebody going back to it; uuid.Nil: the one that the program
// ships with. ErrNotFound when there is no such model, ErrConflict when it was refused. All orders are to be rated anew then: see Rescore.
func (tx *Tx) ActivateModel(ctx context.Context, integrationID int64, id uuid.UUID, now time.Time) error {
	op := "scores: activate model " + id.String()
	if id == uuid.Nil {
		return tx.retire(ctx, op, integrationID, id, ModelRolledBack)
	}
	m, err := tx.ScoreModel(ctx, integrationID, id)
	switch {
	case err != nil:
		return err
	case m.Body == nil:
		return fmt.Errorf("%s: it was refused: %w", op, ErrConflict)
	case m.State == ModelLive:
		return nil
	}
	if err := tx.retire(ctx, op, integrationID, id, ModelRolledBack); err != nil {
		return err
	}
	_, err = tx.tx.ExecContext(ctx, `UPDATE score_models SET state = 'live', activated_at = $2 WHERE id = $1`, id.String(), now.UnixMilli())
	return failed(op, err)
}

// retire puts the model with that id in the place of the live one, which gets the state.
func (tx *Tx) retire(ctx context.Context, op string, integrationID int64, by uuid.UUID, state string) error {
	if _, err := tx.tx.ExecContext(ctx, `UPDATE score_models SET state = $2 WHERE integration_id = $1 AND state = 'live'`, integrationID, state); err != nil {
		return failed(op, err)
	}
	return tx.changeState(ctx, op, integrationID, func(s *ScoreState) error {
		s.Model = by
		return nil
	})
}
