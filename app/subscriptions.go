package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

// WebhookPath is where this service takes deliveries, below its public base address.
const WebhookPath = "/api/webhooks/shopify/orders/"

// Topics are the subscriptions that a correct picture needs: orders/updated also fires on payment,
// fulfilment and edit, so the narrower topics would only bring every change twice.
var Topics = []string{TopicOrdersCreate, TopicOrdersUpdated, TopicOrdersCancelled, TopicOrdersDelete, TopicUninstalled}

// subscribeTimeout bounds the subscribing that is part of connecting a store.
const subscribeTimeout = 15 * time.Second

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
	e := AsError(fromShopify(err))
	if e.Kind == Invalid { // the contract knows one code here; what exactly Shopify said is in the detail
		e = &Error{Kind: Invalid, Code: "shopify_error", Detail: e.Detail, Err: err, Params: e.Params}
	}
	return Registration{}, e
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

// subscribe lists what is there, mends what this service made for another address before, creates what
// is missing, and notes the outcome.
func (a *App) subscribe(ctx context.Context, in store.Integration, address string) (Registration, error) {
	var reg Registration
	formerly := in.WebhookAddress
	shared, err := a.sharesSubscriptions(ctx, in)
	if err != nil {
		return Registration{}, err
	}
	if shared { // what is there may be the other's: it is not moved
		formerly = ""
	}
	err = a.call(ctx, in, func(s shopify.Session) error {
		reg = Registration{}
		hooks, err := a.shopify.Webhooks(ctx, s)
		if err != nil {
			return err
		}
		for _, topic := range Topics {
			hook, changed, err := a.ensure(ctx, s, hooks, topic, address, formerly)
			if err != nil {
				return fmt.Errorf("subscribe %s: %w", topic, err)
			}
			reg.Webhooks = append(reg.Webhooks, hook)
			reg.Changed = reg.Changed || changed
		}
		return nil
	})
	if err != nil {
		return Registration{}, err
	}
	err = a.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Integration(ctx, in.ID)
		if err != nil {
			return err
		}
		row.WebhookAddress, row.WebhooksCheckedAt, row.WebhookTopics = address, a.now(), nil
		for _, h := range reg.Webhooks {
			row.WebhookTopics = append(row.WebhookTopics, h.Topic)
		}
		return tx.UpdateIntegration(ctx, row)
	})
	return reg, err
}

// ensure gives the subscription of topic at address, made or mended if need be. formerly is the address
// that this service subscribed before; subscriptions at any other address belong to somebody else.
func (a *App) ensure(ctx context.Context, s shopify.Session, hooks []shopify.Webhook, topic, address, formerly string) (shopify.Webhook, bool, error) {
	at := func(where string) func(shopify.Webhook) bool {
		return func(h shopify.Webhook) bool { return h.Topic == topic && h.Address == where }
	}
	if i := slices.IndexFunc(hooks, at(address)); i >= 0 {
		if hooks[i].Format == "json" || hooks[i].Format == "" {
			return hooks[i], false, nil
		}
		// The format of a subscription cannot be changed, and another than JSON cannot be read here.
		if err := a.shopify.DeleteWebhook(ctx, s, hooks[i].ID); err != nil {
			return shopify.Webhook{}, false, err
		}
	} else if i := slices.IndexFunc(hooks, at(formerly)); formerly != "" && i >= 0 {
		h, err := a.shopify.UpdateWebhook(ctx, s, hooks[i].ID, address)
		return h, true, err
	}
	h, err := a.shopify.CreateWebhook(ctx, s, topic, address)
	if shopify.KindOf(err) != shopify.KindConflict {
		return h, true, err
	}
	// Somebody was faster, which is as good.
	hooks, err = a.shopify.Webhooks(ctx, s)
	if err != nil {
		return shopify.Webhook{}, false, err
	}
	if i := slices.IndexFunc(hooks, at(address)); i >= 0 {
		return hooks[i], false, nil
	}
	// Taken, yet not in this app's list: by another app or by hand in the admin. It is delivered all the same.
	return shopify.Webhook{Topic: topic, Address: address, Format: "json"}, false, nil
}

// resubscribe makes sure of the subscriptions of a store that was just connected or switched on, if all that is
// needed is known. A failure is none of the connection: the health says webhooks_missing until it is made good.
func (a *App) resubscribe(ctx context.Context, in store.Integration) {
	base := a.cfg.PublicURL
	if base == "" {
		base = strings.TrimSuffix(in.WebhookAddress, WebhookPath)
	}
	signed, err := a.canVerify(ctx, in)
	if err == nil && base != "" && signed {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), subscribeTimeout)
		defer cancel()
		var address string
		if address, err = webhookAddress(base); err == nil {
			_, err = a.subscribe(ctx, in, address)
		}
	}
	if err != nil {
		a.log.WarnContext(ctx, "webhooks could not be subscribed", "integration_id", in.ID, "error", err)
	}
}

// checkEvery is how often a store's subscriptions are looked at, with the sync that is due then.
const checkEvery = time.Hour

// checkSubscriptions makes sure, now and then, that the subscriptions are still there: Shopify deletes those whose
// deliveries failed too often, and tells nobody here.
func (a *App) checkSubscriptions(ctx context.Context, id int64) {
	in, err := a.store.IntegrationByID(ctx, id)
	if err == nil && in.WebhookAddress != "" && a.now().Sub(in.WebhooksCheckedAt) >= checkEvery {
		a.resubscribe(ctx, in)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		a.log.WarnContext(ctx, "subscriptions could not be checked", "integration_id", id, "error", err)
	}
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
