package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
)

// PrivacyUninstalled is the topic of a PrivacyRequest that nobody sent: the data of a store goes some time after its merchant
// removed the app. The other topics are Shopify's.
const PrivacyUninstalled = "app/uninstalled"

// erasingTopics are those after which nothing of the store is left.
const erasingTopics = `'` + shopify.TopicShopRedact + `', '` + PrivacyUninstalled + `'`

// States of a PrivacyRequest.
const (
	PrivacyOpen      = "open"
	PrivacyCompleted = "completed"
	PrivacyExpired   = "expired" // a request for data that nobody fetched in time, or whose customer was erased since
)

// PrivacyRequest is what was asked in somebody's name. It does not say in whose.
type PrivacyRequest struct {
	ID            uuid.UUID
	IntegrationID int64
	StoreName     string
	UserID        uuid.UUID
	Topic         string
	State         string
	ReceivedAt    time.Time
	CompletedAt   time.Time
	Orders        int // scrubbed, deleted or exported
	Deliveries    int // scrubbed or deleted
	ExpiresAt     time.Time
	HasSubject    bool // whose data was asked for can still be told

	order, delivery int64 // how far it is: the last order's and the last delivery's number
}

// Erases tells whether nothing of the store is left after the request.
func (r PrivacyRequest) Erases() bool {
	return r.Topic == shopify.TopicShopRedact || r.Topic == PrivacyUninstalled
}

const privacyColumns = `r.id, r.integration_id, r.store_name, r.user_id, r.topic, r.state, r.received_at, r.completed_at, r.orders, r.deliveries,
	r.order_cursor, r.delivery_cursor, r.subject IS NOT NULL, r.expires_at`

func scanPrivacy(row row) (r PrivacyRequest, err error) {
	var received, completed, expires sql.NullInt64
	err = row.Scan(&r.ID, &r.IntegrationID, &r.StoreName, &r.UserID, &r.Topic, &r.State, &received, &completed, &r.Orders, &r.Deliveries,
		&r.order, &r.delivery, &r.HasSubject, &expires)
	r.ReceivedAt, r.CompletedAt, r.ExpiresAt = fromMillis(received), fromMillis(completed), fromMillis(expires)
	return r, err
}

// subjectPlace binds a sealed subject to its row.
func subjectPlace(id uuid.UUID) string { return "privacy_requests|subject|" + id.String() }

// InsertPrivacyRequest adds an open request. subject is whose data it asks for, sealed until ExpiresAt; nil for none.
func (tx *Tx) InsertPrivacyRequest(ctx context.Context, r PrivacyRequest, subject *shopify.Person) error {
	op := "privacy: insert " + r.ID.String()
	var sealed []byte
	if subject != nil {
		plain, err := json.Marshal(subject)
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		if sealed, err = tx.seal(ctx, subjectPlace(r.ID), plain); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO privacy_requests (id, integration_id, store_name, user_id, topic, state, received_at, orders,
			deliveries, order_cursor, delivery_cursor, subject, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, $8, $9)`,
		r.ID.String(), r.IntegrationID, r.StoreName, r.UserID.String(), r.Topic, PrivacyOpen, r.ReceivedAt.UnixMilli(), sealed, millis(r.ExpiresAt))
	return failed(op, err)
}

// PrivacyRequest is one request of an integration.
func (s *Store) PrivacyRequest(ctx context.Context, integrationID int64, id uuid.UUID) (PrivacyRequest, error) {
	return get(ctx, s.readers, "privacy: get "+id.String(), scanPrivacy,
		`SELECT `+privacyColumns+` FROM privacy_requests r WHERE r.id = $1 AND r.integration_id = $2`, id.String(), integrationID)
}

// PrivacyRequestByID is a request of whichever integration: for jobs, never for a caller from outside.
func (s *Store) PrivacyRequestByID(ctx context.Context, id uuid.UUID) (PrivacyRequest, error) {
	return get(ctx, s.work, "privacy: get "+id.String(), scanPrivacy, `SELECT `+privacyColumns+` FROM privacy_requests r WHERE r.id = $1`, id.String())
}

// privacyRequest is a request as the transaction sees it.
func (tx *Tx) privacyRequest(ctx context.Context, id uuid.UUID) (PrivacyRequest, error) {
	return get(ctx, tx.tx, "privacy: get "+id.String(), scanPrivacy, `SELECT `+privacyColumns+` FROM privacy_requests r WHERE r.id = $1`, id.String())
}

// PrivacyRequests lists the requests of an integration, newest first.
func (s *Store) PrivacyRequests(ctx context.Context, integrationID int64, limit, offset int) ([]PrivacyRequest, error) {
	return list(ctx, s.readers, "privacy: list", scanPrivacy, `SELECT `+privacyColumns+` FROM privacy_requests r WHERE r.integration_id = $1
		ORDER BY r.received_at DESC, r.id DESC LIMIT $2 OFFSET $3`, integrationID, pageSize(limit), max(offset, 0))
}

// CountPrivacyRequests counts what PrivacyRequests lists, on all pages.
func (s *Store) CountPrivacyRequests(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, "privacy: count", scanOne[int], `SELECT count(*) FROM privacy_requests WHERE integration_id = $1`, integrationID)
}

// OpenErasures lists the open requests that a job works on, all but those for data.
func (s *Store) OpenErasures(ctx context.Context) ([]PrivacyRequest, error) {
	return list(ctx, s.work, "privacy: open erasures", scanPrivacy, `SELECT `+privacyColumns+` FROM privacy_requests r
		WHERE r.state = 'open' AND r.topic <> '`+shopify.TopicDataRequest+`' ORDER BY r.received_at, r.id LIMIT $1`, maxRows)
}

// Erasing tells whether the rows of an integration are being erased just now.
func (tx *Tx) Erasing(ctx context.Context, integrationID int64) (bool, error) {
	return get(ctx, tx.tx, "privacy: erasing", scanOne[bool], `SELECT EXISTS (SELECT 1 FROM privacy_requests
		WHERE integration_id = $1 AND state = 'open' AND topic IN (`+erasingTopics+`))`, integrationID)
}

// CompletePrivacyRequest notes that an open request is done; orders is added to what is counted. One that is not open is left.
func (tx *Tx) CompletePrivacyRequest(ctx context.Context, id uuid.UUID, orders int, now time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `UPDATE privacy_requests SET state = 'completed', completed_at = $2, orders = orders + $3
		WHERE id = $1 AND state = 'open'`, id.String(), now.UnixMilli(), orders)
	return failed("privacy: complete "+id.String(), err)
}

// PrivacySubject is whose data a request asks for; ErrNotFound when that is no longer known.
func (s *Store) PrivacySubject(ctx context.Context, id uuid.UUID) (shopify.Person, error) {
	return s.privacySubject(ctx, s.work, id)
}

func (s *Store) privacySubject(ctx context.Context, q querier, id uuid.UUID) (p shopify.Person, err error) {
	op := "privacy: subject of " + id.String()
	var plain []byte
	err = s.withKey(ctx, q, func(k *keyring) error {
		sealed, err := get(ctx, q, op, scanOne[[]byte], `SELECT subject FROM privacy_requests WHERE id = $1 AND subject IS NOT NULL`, id.String())
		if err != nil {
			return err
		}
		if plain, err = k.open(subjectPlace(id), sealed); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(plain, &p); err != nil {
		return p, fmt.Errorf("%s: %w", op, err)
	}
	return p, nil
}

// forgetSubject takes away whose data a request asked for.
const forgetSubject = `UPDATE privacy_requests SET subject = NULL, completed_at = COALESCE(completed_at, $1),
	state = CASE state WHEN 'open' THEN 'expired' ELSE state END WHERE subject IS NOT NULL AND `

// ForgetSubjects takes away the subjects whose time is over, and names the integrations that had any.
func (tx *Tx) ForgetSubjects(ctx context.Context, now time.Time) ([]int64, error) {
	return list(ctx, tx.tx, "privacy: forget subjects", scanOne[int64], forgetSubject+`expires_at <= $1 RETURNING integration_id`, now.UnixMilli())
}

// HasOldSubjects tells whether ForgetSubjects would find any.
func (s *Store) HasOldSubjects(ctx context.Context, now time.Time) (bool, error) {
	return get(ctx, s.work, "privacy: old subjects", scanOne[bool],
		`SELECT EXISTS (SELECT 1 FROM privacy_requests WHERE subject IS NOT NULL AND expires_at <= $1)`, now.UnixMilli())
}

// ForgetSubject takes away the subjects of an integration's requests that are about a person who is erased.
func (tx *Tx) ForgetSubject(ctx context.Context, integrationID int64, erased shopify.Person, now time.Time) error {
	const op = "privacy: forget a subject"
	ids, err := list(ctx, tx.tx, op, scanOne[uuid.UUID],
		`SELECT id FROM privacy_requests WHERE integration_id = $1 AND subject IS NOT NULL LIMIT $2`, integrationID, maxRows)
	if err != nil {
		return err
	}
	marks := make(map[string]bool)
	for _, m := range erased.Marks() {
		marks[m] = true
	}
	for _, id := range ids {
		p, err := tx.store.privacySubject(ctx, tx.tx, id)
		if err != nil {
			return err
		}
		if len(shopify.Hits(p.Marks(), func(m string) bool { return marks[m] })) == 0 {
			continue
		}
		if _, err := tx.tx.ExecContext(ctx, forgetSubject+`id = $2`, now.UnixMilli(), id.String()); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// OpenDataRequests counts an integration's requests for data that nobody fetched yet.
func (tx *Tx) OpenDataRequests(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, tx.tx, "privacy: open data requests", scanOne[int], `SELECT count(*) FROM privacy_requests
		WHERE integration_id = $1 AND state = 'open' AND topic = '`+shopify.TopicDataRequest+`'`, integrationID)
}
