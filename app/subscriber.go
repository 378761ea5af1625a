package app

import (
	"context"
	"fmt"
	"slices"

	"probability/shopify"
)

// subscriber makes sure of one store's subscriptions at an address.
type subscriber struct {
	address  string
	formerly string // where this service subscribed before; what is at any other address belongs to somebody else
	shopify  *shopify.Client

	changed bool              // something was created, mended or deleted
	created []string          // topics that nothing of ours was subscribed to
	kept    []shopify.Webhook // what was made sure of
	listed  []shopify.Webhook // what the store told; nil: nothing yet
}

// topics are those that are known to be subscribed at the address, also after a failure half-way.
func (b *subscriber) topics() []string {
	topics := []string{}
	for _, topic := range Topics {
		at := func(h shopify.Webhook) bool { return h.Topic == topic && h.Address == b.address && readable(h) }
		if slices.ContainsFunc(b.kept, at) || slices.ContainsFunc(b.listed, at) {
			topics = append(topics, topic)
		}
	}
	return topics
}

// readable tells whether what a subscription delivers can be read here. The format of one cannot be changed.
func readable(h shopify.Webhook) bool { return h.Format == "json" || h.Format == "" }

// run lists what is there, moves what this service made for another address before, creates what is missing, and deletes
// doubles of ours. It may be run again, and keeps in mind what it has created.
func (b *subscriber) run(ctx context.Context, s shopify.Session) (err error) {
	b.kept = nil
	if b.listed, err = b.shopify.Webhooks(ctx, s); err != nil {
		return err
	}
	for _, topic := range Topics {
		hook, err := b.ensure(ctx, s, topic)
		if err != nil {
			return fmt.Errorf("subscribe %s: %w", topic, err)
		}
		b.kept = append(b.kept, hook)
	}
	return nil
}

// ensure gives the subscription of topic at the address, made or mended if need be.
func (b *subscriber) ensure(ctx context.Context, s shopify.Session, topic string) (shopify.Webhook, error) {
	var here, former []shopify.Webhook
	for _, h := range b.listed {
		switch {
		case h.Topic != topic:
		case h.Address == b.address:
			here = append(here, h)
		case b.formerly != "" && h.Address == b.formerly:
			former = append(former, h)
		}
	}
	var hook shopify.Webhook
	found := false
	for _, h := range slices.Concat(here, former) {
		switch {
		case found || !readable(h): // a double, or of no use
			if err := b.shopify.DeleteWebhook(ctx, s, h.ID); err != nil {
				return hook, err
			}
			b.forget(h)
			b.changed = true
		case h.Address == b.address:
			hook, found = h, true
		default:
			var err error
			if hook, err = b.shopify.UpdateWebhook(ctx, s, h.ID, b.address); err != nil {
				return hook, err
			}
			b.changed, found = true, true
		}
	}
	if found {
		return hook, nil
	}
	return b.create(ctx, s, topic)
}

// forget takes what was deleted out of what the store told.
func (b *subscriber) forget(gone shopify.Webhook) {
	b.listed = slices.DeleteFunc(b.listed, func(h shopify.Webhook) bool { return h.ID == gone.ID })
}

func (b *subscriber) create(ctx context.Context, s shopify.Session, topic string) (shopify.Webhook, error) {
	h, err := b.shopify.CreateWebhook(ctx, s, topic, b.address)
	if err == nil {
		b.changed, b.created = true, append(b.created, topic)
		return h, nil
	}
	if shopify.KindOf(err) != shopify.KindConflict {
		return h, err
	}
	// Somebody was faster, which is as good.
	hooks, err := b.shopify.Webhooks(ctx, s)
	if err != nil {
		return shopify.Webhook{}, err
	}
	if i := slices.IndexFunc(hooks, func(h shopify.Webhook) bool { return h.Topic == topic && h.Address == b.address }); i >= 0 {
		return hooks[i], nil
	}
	// Taken, yet not in this app's list: by another app or by hand in the admin. It is delivered all the same.
	return shopify.Webhook{Topic: topic, Address: b.address, Format: "json"}, nil
}
