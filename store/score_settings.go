package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ScoreSettings is a version of what a merchant set for the score.
type ScoreSettings struct {
	IntegrationID int64
	Version       int64 // 0: nothing was set
	CreatedAt     time.Time
	UserID        uuid.UUID
	Settings      []byte // JSON; nil with version 0
}

const settingsColumns = `t.integration_id, t.version, t.created_at, t.user_id, t.settings`

func scanSettings(r row) (t ScoreSettings, err error) {
	var created int64
	err = r.Scan(&t.IntegrationID, &t.Version, &created, &t.UserID, &t.Settings)
	t.CreatedAt = time.UnixMilli(created).UTC()
	return t, err
}

// ScoreSettings are the newest settings of an integration; version 0 when nothing was set.
func (s *Store) ScoreSettings(ctx context.Context, integrationID int64) (ScoreSettings, error) {
	return newestSettings(ctx, s.readers, integrationID)
}

// ScoreSettings are the newest settings as the transaction sees them.
func (tx *Tx) ScoreSettings(ctx context.Context, integrationID int64) (ScoreSettings, error) {
	return newestSettings(ctx, tx.tx, integrationID)
}

func newestSettings(ctx context.Context, q querier, integrationID int64) (ScoreSettings, error) {
	t, err := get(ctx, q, fmt.Sprintf("scores: settings of integration %d", integrationID), scanSettings,
		`SELECT `+settingsColumns+` FROM score_settings t WHERE t.integration_id = $1 ORDER BY t.version DESC LIMIT 1`, integrationID)
	if errors.Is(err, ErrNotFound) {
		return ScoreSettings{IntegrationID: integrationID}, nil
	}
	return t, err
}

// ScoreSettingsOf is one version of the settings; ErrNotFound when there is none of that number.
func (s *Store) ScoreSettingsOf(ctx context.Context, integrationID, version int64) (ScoreSettings, error) {
	return get(ctx, s.readers, fmt.Sprintf("scores: settings %d of integration %d", version, integrationID), scanSettings,
		`SELECT `+settingsColumns+` FROM score_settings t WHERE t.integration_id = $1 AND t.version = $2`, integrationID, version)
}

// ScoreSettingsVersions lists the versions of the settings, newest first.
func (s *Store) ScoreSettingsVersions(ctx context.Context, integrationID int64, limit, offset int) ([]ScoreSettings, error) {
	return list(ctx, s.readers, fmt.Sprintf("scores: settings versions of integration %d", integrationID), scanSettings,
		`SELECT `+settingsColumns+` FROM score_settings t WHERE t.integration_id = $1 ORDER BY t.version DESC LIMIT $2 OFFSET $3`,
		integrationID, pageSize(limit), max(offset, 0))
}

// CountScoreSettings counts the versions of the settings.
func (s *Store) CountScoreSettings(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, "scores: count settings", scanOne[int], `SELECT count(*) FROM score_settings WHERE integration_id = $1`, integrationID)
}

// keptSettings is how many versions of an integration's settings are kept.
const keptSettings = 200

// PutScoreSettings stores a new version of the settings behind t.Version, which has to be the newest, and returns it; ErrConflict
// when somebody stored another meanwhile. All orders are to be rated anew then: see Rescore.
func (tx *Tx) PutScoreSettings(ctx context.Context, t ScoreSettings) (ScoreSettings, error) {
	op := fmt.Sprintf("scores: put settings of integration %d", t.IntegrationID)
	newest, err := tx.ScoreSettings(ctx, t.IntegrationID)
	if err != nil {
		return t, err
	}
	if newest.Version != t.Version {
		return t, fmt.Errorf("%s: version %d is stored: %w", op, newest.Version, ErrConflict)
	}
	t.Version++
	err = tx.changeState(ctx, op, t.IntegrationID, func(s *ScoreState) error {
		s.Settings = t.Version
		return nil
	})
	if err != nil {
		return t, err
	}
	if _, err := tx.tx.ExecContext(ctx, `INSERT INTO score_settings (integration_id, version, created_at, user_id, settings) VALUES ($1, $2, $3, $4, $5)`,
		t.IntegrationID, t.Version, t.CreatedAt.UnixMilli(), t.UserID.String(), string(t.Settings)); err != nil {
		return t, failed(op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM score_settings WHERE integration_id = $1 AND version <= $2`, t.IntegrationID, t.Version-keptSettings)
	return t, failed(op, err)
}
