package app

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"probability/shopify"
)

// WebhookPath is where this service takes deliveries, below its public base address.
const WebhookPath = "/api/webhooks/shopify/orders/"

// Topics are the subscriptions that a correct picture needs: orders/updated also fires on payment,
// fulfilment and edit, so the narrower topics would only bring every change twice.
var Topics = []string{TopicOrdersCreate, TopicOrdersUpdated, TopicOrdersCancelled, TopicOrdersDelete, TopicUninstalled}

// subscribedAll tells whether the topics are all that are needed.
func subscribedAll(topics []string) bool {
	return !slices.ContainsFunc(Topics, func(t string) bool { return !slices.Contains(topics, t) })
}

// Registration is the state of a store's subscriptions after they were made sure of.
type Registration struct {
	Changed  bool // something was created or mended
	Webhooks []shopify.Webhook
}

// RegisterWebhooks makes sure that every topic is subscribed at base, or at the configured public address
// when base is empty.
func (a *App) RegisterWebhooks(ctx context.Context, userID uuid.UUID, id int64, base string) (Registration, error) {
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return Registration{}, err
	}
	if base == "" {
		base = a.cfg.PublicURL
	}
	if base == "" {
		return Registration{}, invalid("public_url_required", "")
	}
	address, err := webhookAddress(base)
	if err != nil {
		return Registration{}, err
	}
	signed, err := a.canVerify(ctx, in)
	if err != nil {
		return Registration{}, err
	}
	if !signed {
		return Registration{}, invalid("webhook_secret_required", "")
	}
	reg, err := a.subscribe(ctx, in, address)
	if err == nil {
		return reg, nil
	}
	if noteErr := a.noteProblem(ctx, id, err); noteErr != nil {
		return Registration{}, noteErr
	}
	return Registration{}, notRegistered(err)
}

// notRegistered tells what became of an attempt to subscribe: under one code, for whatever reason, with what exactly Shopify said as
// the detail and with what failed as the reason.
func notRegistered(err error) error {
	e := AsError(fromShopify(err))
	if e.Kind != Invalid {
		return e
	}
	out := &Error{Kind: Invalid, Code: "shopify_error", Detail: e.Detail, Err: err, Params: e.Params}
	switch refused := asShopify(err); {
	case refused == nil || refused.Status == 0: // no answer at all
	case refused.Op == shopify.OpListWebhooks:
		out.Reason = "webhooks_not_listed"
	default:
		out.Reason = "webhook_not_created"
	}
	return out
}

// webhookAddress is the address to subscribe below base: https, or http for a loopback address only,
// where nothing but a simulated store can be.
func webhookAddress(base string) (string, error) {
	bad := &Error{Kind: Invalid, Code: "validation_failed", Fields: map[string][]FieldError{
		"public_base_url": {{Code: "must_be_https"}},
	}}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(base) > 500 {
		return "", bad
	}
	ip, err := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return "", bad
	}
	return strings.TrimRight(u.String(), "/") + WebhookPath, nil
}

// found is what a look at the store's subscriptions shows of those at address.
func (a *App) found(ctx context.Context, s shopify.Session, address string) ([]string, error) {
	hooks, err := a.shopify.Webhooks(ctx, s)
	if err != nil {
		return nil, err
	}
	topics := []string{}
	for _, h := range hooks {
		if h.Address == address && !slices.Contains(topics, h.Topic) {
			topics = append(topics, h.Topic)
		}
	}
	return topics, nil
}
