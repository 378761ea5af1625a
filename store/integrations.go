package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Integration is one store connected by one user. ID, UserID, StoreName and CreatedAt never change.
type Integration struct {
	ID                int64
	UserID            uuid.UUID
	StoreName         string
	Auth              string // token, client_credentials or oauth
	ClientID          string
	Active            bool
	Permissions       []string
	CreatedAt         time.Time
	UpdatedAt         time.Time
	LastSync          time.Time
	Watermark         time.Time // changes up to here are stored
	NextSyncAt        time.Time // zero: never by itself
	ServedVersion     string    // the API version that the platform answers with
	TokenIssuedAt     time.Time
	TokenExpiresAt    time.Time // zero: does not expire
	WebhookAddress    string
	WebhookTopics     []string
	WebhooksCheckedAt time.Time
	OrdersWay         string    // rest or graphql: how the orders were had last; "" is rest
	RESTDueAt         time.Time // when REST is tried again although it refused the orders
}

const integrationColumns = `i.id, i.user_id, i.store_name, i.auth, i.client_id, i.active, i.permissions, i.created_at, i.updated_at,
	i.last_sync, i.watermark, i.next_sync_at, i.served_version, i.token_issued_at, i.token_expires_at,
	i.webhook_address, i.webhook_topics, i.webhooks_checked_at, i.orders_way, i.rest_due_at`

func scanIntegration(r row) (i Integration, err error) {
	var (
		permissions, topics                    string
		created, updated, last, mark, next     sql.NullInt64
		tokenIssued, tokenExpires, hooksLooked sql.NullInt64
		restDue                                sql.NullInt64
	)
	if err := r.Scan(&i.ID, &i.UserID, &i.StoreName, &i.Auth, &i.ClientID, &i.Active, &permissions, &created, &updated,
		&last, &mark, &next, &i.ServedVersion, &tokenIssued, &tokenExpires, &i.WebhookAddress, &topics, &hooksLooked, &i.OrdersWay, &restDue); err != nil {
		return Integration{}, err
	}
	if err := json.Unmarshal([]byte(permissions), &i.Permissions); err != nil {
		return Integration{}, fmt.Errorf("permissions: %w", err)
	}
	if err := json.Unmarshal([]byte(topics), &i.WebhookTopics); err != nil {
		return Integration{}, fmt.Errorf("webhook topics: %w", err)
	}
	i.CreatedAt, i.UpdatedAt = fromMillis(created), fromMillis(updated)
	i.LastSync, i.Watermark, i.NextSyncAt = fromMillis(last), fromMillis(mark), fromMillis(next)
	i.TokenIssuedAt, i.TokenExpiresAt, i.WebhooksCheckedAt = fromMillis(tokenIssued), fromMillis(tokenExpires), fromMillis(hooksLooked)
	i.RESTDueAt = fromMillis(restDue)
	return i, nil
}

// texts is a list as it is stored; never JSON null.
func texts(list []string) (string, error) {
	if list == nil {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// InsertIntegration adds a connected store and returns its new id; i.ID is not used. ErrConflict when the user has that
// store connected already.
func (tx *Tx) InsertIntegration(ctx context.Context, i Integration) (int64, error) {
	const op = "integrations: insert"
	tx.secrets = true
	permissions, err := texts(i.Permissions)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", op, err)
	}
	topics, err := texts(i.WebhookTopics)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", op, err)
	}
	return get(ctx, tx.tx, op, scanOne[int64], `INSERT INTO integrations (user_id, store_name, auth, client_id, active, permissions,
			created_at, updated_at, last_sync, watermark, next_sync_at, served_version, token_issued_at, token_expires_at,
			webhook_address, webhook_topics, webhooks_checked_at, orders_way, rest_due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) RETURNING id`,
		i.UserID.String(), i.StoreName, i.Auth, i.ClientID, i.Active, permissions,
		i.CreatedAt.UnixMilli(), i.UpdatedAt.UnixMilli(), millis(i.LastSync), millis(i.Watermark), millis(i.NextSyncAt),
		i.ServedVersion, millis(i.TokenIssuedAt), millis(i.TokenExpiresAt), i.WebhookAddress, topics, millis(i.WebhooksCheckedAt),
		cmp.Or(i.OrdersWay, WayREST), millis(i.RESTDueAt))
}

// UpdateIntegration stores everything about an integration that can change. Read it with Tx.Integration in the same
// transaction first, or another change in between is undone. ErrNotFound when it was disconnected.
func (tx *Tx) UpdateIntegration(ctx context.Context, i Integration) error {
	op := fmt.Sprintf("integrations: update %d", i.ID)
	tx.secrets = true
	permissions, err := texts(i.Permissions)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	topics, err := texts(i.WebhookTopics)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	res, err := tx.tx.ExecContext(ctx, `UPDATE integrations SET auth = $2, client_id = $3, active = $4, permissions = $5, updated_at = $6,
			last_sync = $7, watermark = $8, next_sync_at = $9, served_version = $10, token_issued_at = $11, token_expires_at = $12,
			webhook_address = $13, webhook_topics = $14, webhooks_checked_at = $15, orders_way = $16, rest_due_at = $17
		WHERE id = $1 AND deleted_at IS NULL`,
		i.ID, i.Auth, i.ClientID, i.Active, permissions, i.UpdatedAt.UnixMilli(),
		millis(i.LastSync), millis(i.Watermark), millis(i.NextSyncAt), i.ServedVersion, millis(i.TokenIssuedAt), millis(i.TokenExpiresAt),
		i.WebhookAddress, topics, millis(i.WebhooksCheckedAt), cmp.Or(i.OrdersWay, WayREST), millis(i.RESTDueAt))
	return changedOne(op, res, err)
}

// MarkIntegrationDeleted hides an integration from every other method at once, deletes its secrets and cancels its import and audit.
// Its rows stay until PurgeIntegration has cleared them away; the same user can connect the store again meanwhile.
func (tx *Tx) MarkIntegrationDeleted(ctx context.Context, id int64, at time.Time) error {
	op := fmt.Sprintf("integrations: mark deleted %d", id)
	tx.secrets = true
	res, err := tx.tx.ExecContext(ctx, `UPDATE integrations SET deleted_at = $2, updated_at = $2, active = $3
		WHERE id = $1 AND deleted_at IS NULL`, id, at.UnixMilli(), false)
	if err := changedOne(op, res, err); err != nil {
		return err
	}
	if _, err := tx.tx.ExecContext(ctx, `UPDATE imports SET state = 'cancelled', finished_at = $2
		WHERE integration_id = $1 AND state IN ('queued', 'running')`, id, at.UnixMilli()); err != nil {
		return failed(op, err)
	}
	if _, err := tx.tx.ExecContext(ctx, `UPDATE audits SET state = 'cancelled', finished_at = $2
		WHERE integration_id = $1 AND state IN ('queued', 'running')`, id, at.UnixMilli()); err != nil {
		return failed(op, err)
	}
	if c := tx.note(id); c != nil {
		c.Gone = true
	}
	return tx.DeleteSecrets(ctx, id)
}

// Integration is the integration as the transaction sees it; ErrNotFound when it was disconnected.
func (tx *Tx) Integration(ctx context.Context, id int64) (Integration, error) {
	return get(ctx, tx.tx, fmt.Sprintf("integrations: get %d", id), scanIntegration,
		`SELECT `+integrationColumns+` FROM integrations i WHERE i.id = $1 AND i.deleted_at IS NULL`, id)
}
