package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
)

// This file keeps the list of those who were erased. What a request names comes again, with the next page or webhook; so each
// order is held against the list before it is stored, and scrubbed when it is on it.
//
// The list has keyed hashes only. It counts for the user whose integration a request was for, and for whoever connects the
// store later; not for another user's integration that was there already, since the secret that signed the request is nobody's
// proven one.

// suppressionKeyName is the row of meta with the key of the hashes.
const suppressionKeyName = "suppression_key"

// suppressionBytes is how much of a hash is kept.
const suppressionBytes = 16

// suppressedValue is what the list has of a mark.
func suppressedValue(key []byte, storeName, mark string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(shopify.MarkKind(mark) + "|" + storeName + "|" + mark))
	return h.Sum(nil)[:suppressionBytes]
}

// Suppress puts a person on the list of a store, for the user whose integration the request was for.
func (tx *Tx) Suppress(ctx context.Context, storeName string, userID uuid.UUID, p shopify.Person) error {
	op := "suppressions: add for " + storeName
	key, err := tx.makeInstallKey(ctx, &tx.store.suppression)
	if err != nil {
		return err
	}
	for _, mark := range p.Marks() {
		if _, err := tx.tx.ExecContext(ctx, `INSERT INTO suppressions (store_name, value, user_id, kind, newest_integration)
			VALUES ($1, $2, $3, $4, (SELECT COALESCE(max(id), 0) FROM integrations))
			ON CONFLICT (store_name, value, user_id) DO NOTHING`,
			storeName, suppressedValue(key, storeName, mark), userID.String(), shopify.MarkKind(mark)); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// guard is what is to be known of an integration before something of a customer is stored in it.
type guard struct {
	id        int64
	storeName string
	userID    string
	any       bool // somebody is on its list
	erasing   bool // its rows are being erased: no order is stored any more
	redacting bool // somebody on its list is still to be taken out of what is stored
}

// suppressionsOf is the condition for the entries that count for an integration i.
const suppressionsOf = `p.store_name = i.store_name AND (p.user_id = i.user_id OR p.newest_integration < i.id)`

// guarded reads the guards of connected integrations; the rest of a condition on the id follows.
const guarded = `SELECT i.id, i.store_name, i.user_id, EXISTS (SELECT 1 FROM suppressions p WHERE ` + suppressionsOf + `),
	EXISTS (SELECT 1 FROM privacy_requests r WHERE r.integration_id = i.id AND r.state = 'open' AND r.topic IN (` + erasingTopics + `)),
	EXISTS (SELECT 1 FROM privacy_requests r WHERE r.integration_id = i.id AND r.state = 'open' AND r.topic = '` + shopify.TopicCustomersRedact + `')
	FROM integrations i WHERE i.deleted_at IS NULL AND i.id `

func scanGuard(r row) (g guard, err error) {
	err = r.Scan(&g.id, &g.storeName, &g.userID, &g.any, &g.erasing, &g.redacting)
	return g, err
}

// suppressed tells which of the marks are on the integration's list.
func (s *Store) suppressed(ctx context.Context, q querier, g guard, marks []string) (func(mark string) bool, error) {
	const op = "suppressions: look up"
	if !g.any || len(marks) == 0 {
		return func(string) bool { return false }, nil
	}
	key, err := s.readInstallKey(ctx, q, &s.suppression)
	if err != nil {
		return nil, err
	}
	byValue := make(map[string]string, len(marks))
	values := make([][]byte, 0, len(marks))
	for _, mark := range marks {
		v := suppressedValue(key, g.storeName, mark)
		if _, twice := byValue[string(v)]; !twice {
			byValue[string(v)] = mark
			values = append(values, v)
		}
	}
	hits := make(map[string]bool)
	err = eachChunk(s.dialect, values, []any{g.storeName, g.userID, g.id}, func(in string, args []any) error {
		found, err := list(ctx, q, op, scanOne[[]byte], `SELECT p.value FROM suppressions p
			WHERE p.store_name = $1 AND (p.user_id = $2 OR p.newest_integration < $3) AND p.value IN (`+in+`)`, args...)
		for _, v := range found {
			hits[byValue[string(v)]] = true
		}
		return err
	})
	return func(mark string) bool { return hits[mark] }, err
}

// guardVersions prepares those versions anew, without their customer, who is on the integration's list.
func (tx *Tx) guardVersions(ctx context.Context, g guard, ready []*preparedOrder) error {
	if !g.any {
		return nil
	}
	marks := make([][]string, len(ready))
	var all []string
	for i, p := range ready {
		marks[i] = append(shopify.Marks(p.order.Raw), shopify.OrderMark(p.order.ID))
		all = append(all, marks[i]...)
	}
	hit, err := tx.store.suppressed(ctx, txQuerier{tx.tx}, g, all)
	if err != nil {
		return err
	}
	for i, p := range ready {
		if hits := shopify.Hits(marks[i], hit); len(hits) > 0 {
			ready[i] = tx.store.prepare(Version{Order: p.order.Scrubbed(hits), ObservedAt: time.UnixMilli(p.key.observed)})
		}
	}
	return nil
}

// guardDeliveries scrubs the bodies of deliveries, but for those of the compliance topics, which are still to be carried out.
func (tx *Tx) guardDeliveries(ctx context.Context, guards map[int64]guard, ds []Delivery) error {
	for i := range ds {
		d, g := &ds[i], guards[ds[i].IntegrationID]
		if !g.any || shopify.IsCompliance(d.Topic) {
			continue
		}
		body := d.Body
		if body == nil {
			var err error
			if body, err = tx.store.bodies.unpack(d.packed); err != nil {
				return fmt.Errorf("deliveries: scrub: %w", err)
			}
		}
		scrubbed, changed, err := tx.store.scrubBody(ctx, txQuerier{tx.tx}, g, d.Topic, body)
		if err != nil {
			return err
		}
		if changed {
			d.Body, d.packed = nil, tx.store.bodies.pack(scrubbed)
		}
	}
	return nil
}

// scrubBody scrubs the parts of a delivery's body that are about somebody on the list.
func (s *Store) scrubBody(ctx context.Context, q querier, g guard, topic string, body []byte) (scrubbed []byte, changed bool, err error) {
	parts := shopify.Parts(topic, body)
	var marks []string
	for _, p := range parts {
		marks = append(marks, p.Marks...)
	}
	hit, err := s.suppressed(ctx, q, g, marks)
	if err != nil {
		return nil, false, err
	}
	scrubbed, changed = shopify.ScrubParts(body, parts, hit)
	return scrubbed, changed, nil
}
