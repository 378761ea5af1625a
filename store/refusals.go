package store

import (
	"context"
	"strings"
	"time"
)

// Refusal is how often one check refused deliveries for an integration's shop within one hour, and what the last of them
// looked like. Nothing of a body and no signature is part of it.
type Refusal struct {
	IntegrationID   int64
	Reason          string // the check
	Count           int
	FirstAt, LastAt time.Time
	Topic           string
	BodyBytes       int64
	ContentEncoding string
	Proxied         bool // it came with the headers of a proxy
	Secrets         int  // how many secrets were tried
}

const hourMillis = 60 * 60 * 1000

// AddRefusals adds to what was refused in the hour of each FirstAt. Of each integration only the newest rows are kept, at most
// so many. One that has been disconnected is left out.
func (tx *Tx) AddRefusals(ctx context.Context, rs []Refusal, most int) error {
	const op = "refusals: add"
	ids := make(map[int64]bool)
	for _, r := range rs {
		if _, err := tx.tx.ExecContext(ctx, `INSERT INTO refusals AS f (integration_id, hour, reason, refused, first_at, last_at, topic,
				body_bytes, content_encoding, proxied, secrets)
			SELECT i.id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM integrations i WHERE i.id = $1 AND i.deleted_at IS NULL
			ON CONFLICT (integration_id, hour, reason) DO UPDATE SET refused = f.refused + excluded.refused, last_at = excluded.last_at,
				topic = excluded.topic, body_bytes = excluded.body_bytes, content_encoding = excluded.content_encoding,
				proxied = excluded.proxied, secrets = excluded.secrets`,
			r.IntegrationID, r.FirstAt.UnixMilli()/hourMillis, r.Reason, r.Count, r.FirstAt.UnixMilli(), r.LastAt.UnixMilli(), r.Topic,
			r.BodyBytes, r.ContentEncoding, r.Proxied, r.Secrets); err != nil {
			return failed(op, err)
		}
		ids[r.IntegrationID] = true
	}
	for id := range ids {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM refusals WHERE integration_id = $1 AND (hour, reason) IN
			(SELECT f.hour, f.reason FROM refusals f WHERE f.integration_id = $1 ORDER BY f.hour DESC, f.reason LIMIT 9223372036854775807 OFFSET $2)`, id, most); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// Refusals lists what was refused for an integration's shop, newest first.
func (s *Store) Refusals(ctx context.Context, integrationID int64, limit, offset int) ([]Refusal, error) {
	return list(ctx, s.readers, "refusals: list", scanRefusal, `SELECT f.integration_id, f.reason, f.refused, f.first_at, f.last_at, f.topic,
			f.body_bytes, f.content_encoding, f.proxied, f.secrets
		FROM refusals f WHERE f.integration_id = $1 ORDER BY f.last_at DESC, f.reason LIMIT $2 OFFSET $3`,
		integrationID, pageSize(limit), max(offset, 0))
}

func scanRefusal(r row) (f Refusal, err error) {
	var first, last int64
	err = r.Scan(&f.IntegrationID, &f.Reason, &f.Count, &first, &last, &f.Topic, &f.BodyBytes, &f.ContentEncoding, &f.Proxied, &f.Secrets)
	f.FirstAt, f.LastAt = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
	return f, err
}

// CountRefusals counts what Refusals lists, on all pages.
func (s *Store) CountRefusals(ctx context.Context, integrationID int64) (int, error) {
	return get(ctx, s.readers, "refusals: count", scanOne[int], `SELECT count(*) FROM refusals f WHERE f.integration_id = $1`, integrationID)
}

// RefusalsSince sums up what these checks refused since a time, for each of these integrations: the count, the first and the
// last time, and the check of the last one. Those without any are left out.
func (s *Store) RefusalsSince(ctx context.Context, ids []int64, since time.Time, reasons ...string) (map[int64]Refusal, error) {
	out := make(map[int64]Refusal)
	fixed := []any{since.UnixMilli() / hourMillis, since.UnixMilli()}
	for _, r := range reasons {
		fixed = append(fixed, r)
	}
	err := eachChunk(s.dialect, ids, fixed, func(in string, args []any) error {
		rows, err := list(ctx, s.readers, "refusals: sum up", func(r row) (f Refusal, err error) {
			var first, last int64
			err = r.Scan(&f.IntegrationID, &f.Reason, &f.Count, &first, &last)
			f.FirstAt, f.LastAt = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
			return f, err
		}, `SELECT f.integration_id, f.reason, sum(f.refused) OVER w, min(f.first_at) OVER w, f.last_at FROM refusals f
			WHERE f.hour >= $1 AND f.last_at >= $2 AND f.reason IN (`+s.dialect.in(3, len(reasons))+`) AND f.integration_id IN (`+in+`)
			WINDOW w AS (PARTITION BY f.integration_id) ORDER BY f.integration_id, f.last_at`, args...)
		for _, f := range rows {
			out[f.IntegrationID] = f // the last one stays
		}
		return err
	})
	return out, err
}

// ExpireRefusals deletes what was refused before a time.
func (s *Store) ExpireRefusals(ctx context.Context, before time.Time) error {
	const op = "refusals: expire"
	hour := before.UnixMilli() / hourMillis
	old, err := get(ctx, s.work, op, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM refusals WHERE hour < $1)`, hour)
	if err != nil || !old {
		return err
	}
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `DELETE FROM refusals WHERE hour < $1`, hour)
		return failed(op, err)
	})
}

// ConnectedShops tells which of these shops are connected, and the integrations of each.
func (s *Store) ConnectedShops(ctx context.Context, shops []string) (map[string][]int64, error) {
	type connected struct {
		shop string
		id   int64
	}
	out := make(map[string][]int64)
	lower := make([]string, len(shops))
	for i, shop := range shops {
		lower[i] = strings.ToLower(shop)
	}
	err := eachChunk(s.dialect, lower, nil, func(in string, args []any) error {
		rows, err := list(ctx, s.work, "integrations: of shops", func(r row) (c connected, err error) {
			err = r.Scan(&c.shop, &c.id)
			return c, err
		}, `SELECT i.store_name, i.id FROM integrations i WHERE i.deleted_at IS NULL AND i.store_name IN (`+in+`) ORDER BY i.id`, args...)
		for _, c := range rows {
			out[c.shop] = append(out[c.shop], c.id)
		}
		return err
	})
	return out, err
}
