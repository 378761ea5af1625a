package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

// The topics that have an effect.
const (
	TopicOrdersCancelled = "orders/cancelled"
	TopicOrdersCreate    = "orders/create"
	TopicOrdersDelete    = "orders/delete"
	TopicOrdersUpdated   = "orders/updated"
	TopicUninstalled     = "app/uninstalled"
)

// maxHeader bounds what is kept of a delivery's header values, in bytes.
const maxHeader = 255

// Incoming is one delivery as it came in. Only Body is signed; the rest is believed no further than that.
type Incoming struct {
	APIVersion      string
	Body            []byte // not used any more when Accept returns
	BodyBytes       int64  // of a body that was not kept
	ContentEncoding string
	EventID         string
	HMAC            string
	Proxied         bool // it came with the headers of a proxy
	Shop            string
	Topic           string
	TriggeredAt     string // RFC 3339
	WebhookID       string
}

// Accept verifies a delivery and stores it, together with the job that will process it, for every active
// integration of its shop that it is for. It returns nil only when that is on the disk, or when the shop is known and
// paused. Its errors are Unauthorized (no known
// secret signed the body), NotFound (signed, but nobody has that shop), Invalid (signed, but no JSON) and Busy
// (not stored, or not known to be within the time that Shopify waits: it must send it again).
func (a *App) Accept(ctx context.Context, d Incoming) error {
	ctx, cancel := context.WithTimeout(ctx, a.inbox.patience)
	defer cancel()
	// An unparsable shop is nobody's; the app's own secret is still tried, so that it cannot be told
	// from an unknown one without a signature.
	shop, shopErr := shopify.ParseShop(d.Shop)
	var owners []store.ShopSecrets
	if shopErr == nil {
		var err error
		if owners, err = a.store.ShopSecrets(ctx, shop, a.now()); err != nil {
			return notStored(err)
		}
	}
	targets, err := a.verified(owners, d)
	if err != nil {
		a.refuseOwn(d, owners, err)
		return &Error{Kind: Unauthorized, Code: "webhook_signature_invalid", Err: err}
	}
	if len(owners) == 0 {
		a.refuseOwn(d, nil, nil)
		return &Error{Kind: NotFound, Code: "webhook_shop_unknown"}
	}
	if !shopify.ValidJSON(d.Body) {
		a.refuseOwn(d, owners, nil)
		return invalid("invalid_json", "the body is signed, but no JSON in UTF-8")
	}
	if len(targets) == 0 { // paused: the sync that switching on starts brings what came meanwhile
		return nil
	}
	if a.Disk() == DiskFull {
		e := notStored(ErrDiskFull)
		e.RetryAfter = diskFullRetry
		return e
	}
	rows := make([]store.Delivery, len(targets))
	for i, id := range targets {
		if rows[i], err = a.delivery(id, d); err != nil {
			return notStored(err)
		}
	}
	a.store.PrepareDeliveries(rows)
	if err := a.inbox.put(ctx, rows); err != nil {
		return notStored(err)
	}
	return nil
}

func notStored(err error) *Error {
	return &Error{Kind: Busy, Code: "webhook_not_stored", Err: err, RetryAfter: 5 * time.Second}
}

// verified tries the secrets of every integration of the shop, and the app's own, and gives the integrations that
// the delivery is for: active ones, and of the compliance topics all.
//
// Orders go to every active integration of the shop, whichever active one's secret signed them: whoever connected a
// shop has shown a token of it. But a pasted secret is nobody's proven one, so what cannot be undone by the next sync
// needs more: a deletion and the compliance topics are for those whose own secret, or the app's, signed it, and an
// uninstallation only for those whose app was uninstalled.
func (a *App) verified(owners []store.ShopSecrets, d Incoming) (targets []int64, err error) {
	err = shopify.ErrNoSecret
	if a.cfg.AppSecret != "" {
		_, err = shopify.Verify([]string{a.cfg.AppSecret}, d.Body, d.HMAC)
	}
	byApp := err == nil
	signed, vouched := byApp, false
	own := make([]bool, len(owners))
	for i, o := range owners {
		_, e := shopify.Verify(o.Secrets, d.Body, d.HMAC)
		own[i] = e == nil
		signed = signed || own[i]
		vouched = vouched || own[i] && o.Active
		if !signed && !errors.Is(e, shopify.ErrNoSecret) {
			err = e
		}
	}
	if !signed {
		return nil, err
	}
	for i, o := range owners {
		bare := len(o.Secrets) == 0
		takes := own[i] ||
			byApp && (bare || d.Topic != TopicUninstalled) ||
			vouched && carriesOrders(d.Topic)
		// What is stored of a paused store is somebody's data all the same, and shop/redact comes two days after the app was removed.
		if takes && (o.Active || shopify.IsCompliance(d.Topic)) {
			targets = append(targets, o.IntegrationID)
		}
	}
	return targets, nil
}

// carriesOrders tells whether the topic's deliveries are whole orders. One without a topic is taken for such, as the
// original backend did.
func carriesOrders(topic string) bool {
	switch topic {
	case TopicOrdersCreate, TopicOrdersUpdated, TopicOrdersCancelled, "":
		return true
	default:
		return false
	}
}

func (a *App) delivery(integration int64, d Incoming) (store.Delivery, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return store.Delivery{}, fmt.Errorf("deliveries: id: %w", err)
	}
	now := a.now()
	row := store.Delivery{
		ID: id, IntegrationID: integration, State: store.DeliveryPending, ReceivedAt: now, Body: d.Body,
		APIVersion: header(d.APIVersion), EventID: header(d.EventID), Topic: header(d.Topic), WebhookID: webhookID(d.WebhookID),
	}
	if t, err := time.Parse(time.RFC3339Nano, d.TriggeredAt); err == nil {
		// Nothing was triggered after it arrived; an unsigned time must not outrank what comes later.
		row.TriggeredAt = t.UTC()
		if row.TriggeredAt.After(now) {
			row.TriggeredAt = now
		}
	}
	return row, nil
}

// header makes a header's value fit for a column: valid text of bounded length.
func header(v string) string { return bounded(v, maxHeader) }

// webhookID is header for an id, of which two must stay two: one that cannot be kept as it is ends in its digest.
func webhookID(v string) string {
	if header(v) == v {
		return v
	}
	sum := sha256.Sum256([]byte(v))
	digest := hex.EncodeToString(sum[:])
	return bounded(v, maxHeader-len(digest)) + digest
}

// bounded is v as valid text of at most so many bytes.
func bounded(v string, most int) string {
	v = strings.ToValidUTF8(strings.ReplaceAll(v, "\x00", ""), "\uFFFD")
	if len(v) <= most {
		return v
	}
	v = v[:most]
	for !utf8.ValidString(v) {
		v = v[:len(v)-1]
	}
	return v
}
