package shopify

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Webhook is one subscription of a store: deliveries of Topic go to Address.
type Webhook struct {
	ID         int64  `json:"id"`
	Topic      string `json:"topic"`
	Address    string `json:"address"`
	Format     string `json:"format"`
	APIVersion string `json:"api_version"`
	CreatedAt  string `json:"created_at"`
	UpdatedAt  string `json:"updated_at"`
}

// maxSubscriptionPages bounds a list that an honest store ends on its first or
// second page.
const maxSubscriptionPages = 20

// OpListWebhooks is the Op of an Error of Webhooks.
const OpListWebhooks = "list webhooks"

// Webhooks lists the subscriptions that this app made in the store through the
// Admin API. Those from a configuration file or made by hand are not shown.
func (c *Client) Webhooks(ctx context.Context, s Session) ([]Webhook, error) {
	const op = OpListWebhooks
	all := []Webhook{}
	query := "limit=" + strconv.Itoa(maxPageSize)
	for range maxSubscriptionPages {
		var page []Webhook
		var next string
		err := c.do(ctx, s, call{
			op: op, method: http.MethodGet, path: "webhooks.json", versioned: true, query: query,
			limit: maxAnswerBytes, retryGone: true,
		}, func(ans *answer) *Error {
			var body struct {
				Webhooks *[]Webhook `json:"webhooks"`
			}
			if err := json.Unmarshal(ans.body, &body); err != nil || body.Webhooks == nil {
				return &Error{Kind: KindUnavailable, Err: errBadBody}
			}
			page = *body.Webhooks
			var kind Kind
			var err error
			if next, kind, err = nextCursor(ans.header.Values("Link"), ans.url, strings.ToLower(s.Shop)); err != nil {
				return &Error{Kind: kind, Err: err}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" {
			return all, nil
		}
		query = next
	}
	return nil, &Error{Kind: KindUnavailable, Op: op, Err: errManyPages}
}

// CreateWebhook subscribes an address to a topic. One that is there already is
// KindConflict; that may also be our own first try, whose answer got lost.
func (c *Client) CreateWebhook(ctx context.Context, s Session, topic, address string) (Webhook, error) {
	return c.putWebhook(ctx, s, "create webhook", http.MethodPost, "webhooks.json",
		map[string]any{"topic": topic, "address": address, "format": "json"})
}

// UpdateWebhook moves a subscription to another address.
func (c *Client) UpdateWebhook(ctx context.Context, s Session, id int64, address string) (Webhook, error) {
	return c.putWebhook(ctx, s, "update webhook", http.MethodPut, webhookPath(id), map[string]any{"id": id, "address": address})
}

// DeleteWebhook ends a subscription; one that is gone already is no error.
func (c *Client) DeleteWebhook(ctx context.Context, s Session, id int64) error {
	err := c.do(ctx, s, call{
		op: "delete webhook", method: http.MethodDelete, path: webhookPath(id), versioned: true, limit: maxAnswerBytes,
	}, func(*answer) *Error { return nil })
	if KindOf(err) == KindNotFound {
		return nil
	}
	return err
}

func (c *Client) putWebhook(ctx context.Context, s Session, op, method, path string, webhook map[string]any) (Webhook, error) {
	body, err := json.Marshal(map[string]any{"webhook": webhook})
	if err != nil {
		return Webhook{}, &Error{Kind: KindInvalid, Op: op, Err: err}
	}
	var made Webhook
	err = c.do(ctx, s, call{
		op: op, method: method, path: path, versioned: true, body: body, contentType: "application/json", limit: maxAnswerBytes,
	}, func(ans *answer) *Error {
		var body struct {
			Webhook *Webhook `json:"webhook"`
		}
		if err := json.Unmarshal(ans.body, &body); err != nil || body.Webhook == nil || body.Webhook.ID == 0 {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		made = *body.Webhook
		return nil
	})
	return made, err
}

func webhookPath(id int64) string { return "webhooks/" + strconv.FormatInt(id, 10) + ".json" }
