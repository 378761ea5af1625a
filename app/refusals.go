package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"probability/shopify"
	"probability/store"
)

// The checks that refuse a delivery. Each has a sentence that says how to mend it.
const (
	RefusedIncomplete  = "incomplete_body"
	RefusedJSON        = "invalid_json"
	RefusedMalformed   = "malformed_signature"
	RefusedNoSecret    = "no_secret"
	RefusedNotSigned   = "not_signed"
	RefusedTooLarge    = "too_large"
	RefusedWrongSecret = "wrong_signature"
)

const (
	// refusalsEvery is the time between two writes of what was refused: not one transaction a refusal.
	refusalsEvery = 10 * time.Second
	// maxRefused bounds what is gathered between two writes for shops that are known to be connected.
	maxRefused = 4096
	// maxStrange bounds what is gathered for shops that nobody looked up. Anybody can name any shop.
	maxStrange = 256
	// mostRefusals is how many rows of refusals an integration keeps.
	mostRefusals = 200
	// maxEncoding bounds the text of a content encoding, in bytes.
	maxEncoding = 64
)

// refusals gathers why deliveries were refused, for the owners of the shops that they named. Noting one costs no database.
type refusals struct {
	mu      sync.Mutex
	own     map[refusalKey]store.Refusal // of integrations that accepting has found
	strange map[strangerKey]store.Refusal
	dropped int // neither of a connected shop nor gathered
	written time.Time
}

type refusalKey struct {
	integration int64
	reason      string
	hour        int64
}

type strangerKey struct {
	shop, reason string
	hour         int64
}

// Refuse notes that a delivery was refused before anybody looked its shop up. If the shop turns out to be connected, its
// owners are told.
func (a *App) Refuse(d Incoming, reason string) {
	shop, err := shopify.ParseShop(d.Shop)
	r := a.refusal(d, reason)
	a.refused.mu.Lock()
	defer a.refused.mu.Unlock()
	key := strangerKey{shop: strings.Clone(shop), reason: reason, hour: r.FirstAt.Unix() / 3600}
	if err != nil || !gather(&a.refused.strange, key, r, maxStrange) {
		a.refused.dropped++
	}
}

// refuseOwn notes that a delivery was refused for integrations that accepting has read.
func (a *App) refuseOwn(d Incoming, owners []store.ShopSecrets, err error) {
	r := a.refusal(d, "")
	a.refused.mu.Lock()
	defer a.refused.mu.Unlock()
	if len(owners) == 0 {
		a.refused.dropped++
	}
	for _, o := range owners {
		r.IntegrationID, r.Secrets = o.IntegrationID, len(o.Secrets)
		if a.cfg.AppSecret != "" {
			r.Secrets++
		}
		switch {
		case err == nil:
			r.Reason = RefusedJSON
		case errors.Is(err, shopify.ErrNotSigned):
			r.Reason = RefusedNotSigned
		case errors.Is(err, shopify.ErrMalformedSignature):
			r.Reason = RefusedMalformed
		case r.Secrets == 0:
			r.Reason = RefusedNoSecret
		default:
			r.Reason = RefusedWrongSecret
		}
		key := refusalKey{integration: o.IntegrationID, reason: r.Reason, hour: r.FirstAt.Unix() / 3600}
		if !gather(&a.refused.own, key, r, maxRefused) {
			a.refused.dropped++
		}
	}
}

func (a *App) refusal(d Incoming, reason string) store.Refusal {
	now := a.now()
	return store.Refusal{ // the texts are copied: a part of a header would keep all of it in memory
		Reason: reason, Count: 1, FirstAt: now, LastAt: now, Topic: strings.Clone(header(d.Topic)),
		BodyBytes:       max(d.BodyBytes, int64(len(d.Body))),
		ContentEncoding: strings.Clone(bounded(d.ContentEncoding, maxEncoding)), Proxied: d.Proxied,
	}
}

// gather adds r to what is known under the key, unless that would be more than most keys.
func gather[K comparable](in *map[K]store.Refusal, key K, r store.Refusal, most int) bool {
	was, known := (*in)[key]
	if !known && len(*in) >= most {
		return false
	}
	if *in == nil {
		*in = make(map[K]store.Refusal)
	}
	if known {
		r.Count, r.FirstAt = was.Count+1, was.FirstAt
	}
	(*in)[key] = r
	return true
}

// take gives what was gathered, and begins anew.
func (r *refusals) take() (own map[refusalKey]store.Refusal, strange map[strangerKey]store.Refusal, dropped int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	own, strange, dropped = r.own, r.strange, r.dropped
	r.own, r.strange, r.dropped = nil, nil, 0
	return own, strange, dropped
}

// due tells whether it is time to write, and takes the turn. A clock that was set back does not stop the writing.
func (r *refusals) due(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := now.Sub(r.written); since >= 0 && since < refusalsEvery || len(r.own)+len(r.strange)+r.dropped == 0 {
		return false
	}
	r.written = now
	return true
}

// WriteRefusals writes down what was gathered. What cannot be written is lost: it explains, and holds no delivery.
func (a *App) WriteRefusals(ctx context.Context) error {
	own, strange, strangers := a.refused.take()
	var rows []store.Refusal
	for _, r := range own {
		rows = append(rows, r)
	}
	shops := make([]string, 0, len(strange))
	seen := make(map[string]bool, len(strange))
	for k := range strange {
		if !seen[k.shop] {
			seen[k.shop], shops = true, append(shops, k.shop)
		}
	}
	connected, err := a.store.ConnectedShops(ctx, shops)
	if err != nil {
		return fmt.Errorf("write refusals: %w", err)
	}
	for k, r := range strange {
		if len(connected[k.shop]) == 0 {
			strangers += r.Count
		}
		for _, id := range connected[k.shop] {
			r.IntegrationID = id
			rows = append(rows, r)
		}
	}
	if strangers > 0 {
		a.log.InfoContext(ctx, "deliveries for shops that are not connected were refused", "deliveries", strangers)
	}
	if len(rows) == 0 {
		return nil
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.AddRefusals(ctx, rows, mostRefusals) })
	if err != nil {
		return fmt.Errorf("write refusals: %w", err)
	}
	return nil
}

// keepRefusals is how long refusals are kept.
const keepRefusals = 7 * 24 * time.Hour

// refusedLately is for how long a refused signature is a problem of the integration.
const refusedLately = 24 * time.Hour

// refusedProblem is the problem that refused signatures are, unless a delivery was taken since.
func refusedProblem(r store.Refusal, received time.Time) (store.Problem, bool) {
	if r.Count == 0 || received.After(r.LastAt) {
		return store.Problem{}, false
	}
	return store.Problem{
		Code: ProblemRefused, Since: r.FirstAt,
		Detail: fmt.Sprintf("%s, %d in all, last at %s", r.Reason, r.Count, r.LastAt.Format(time.RFC3339)),
	}, true
}
