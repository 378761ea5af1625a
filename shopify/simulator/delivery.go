package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"probability/shopify"
)

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	Shop        string
	Topic       string
	Address     string
	WebhookID   string
	EventID     string
	TriggeredAt time.Time
	Attempt     int // from 1
	Status      int // 0: no answer
	Answer      []byte
	Err         error // why there was no answer
}

// OK reports a delivery that Shopify would not repeat.
func (d *Delivery) OK() bool { return d.Status >= 200 && d.Status < 300 }

const (
	deliveryTimeout = 5 * time.Second // for the whole answer
	maxAnswer       = 64 << 10        // bytes of the answer that are kept
)

// ErrNoAddress tells that nobody is subscribed to the topic and no URL was given.
var ErrNoAddress = errors.New("simulator: no subscription of this topic and no address")

// DeliverOption changes one delivery from what Shopify would send.
type DeliverOption func(*post)

// post is a delivery and how it is dressed.
type post struct {
	*message
	secret  *string // other than the store's
	mac     *string // other than the right one
	plain   bool    // header names without X-
	headers http.Header
}

// To sends to a URL instead of the subscriptions' addresses.
func To(url string) DeliverOption { return func(p *post) { p.address = url } }

// WithWebhookID sets the id that retries share.
func WithWebhookID(id string) DeliverOption { return func(p *post) { p.webhookID = id } }

// WithEventID sets the id that all deliveries of one action share; "" sends none.
func WithEventID(id string) DeliverOption { return func(p *post) { p.eventID = id } }

// WithTriggeredAt sets the time of the action.
func WithTriggeredAt(t time.Time) DeliverOption { return func(p *post) { p.triggered = t } }

// SignedWith signs with another secret than the store's.
func SignedWith(secret string) DeliverOption { return func(p *post) { p.secret = &secret } }

// WithSignature sends this text as the signature; "" sends none.
func WithSignature(mac string) DeliverOption { return func(p *post) { p.mac = &mac } }

// WithHeader sets or, with "", removes a header after all others.
func WithHeader(name, value string) DeliverOption {
	return func(p *post) { p.headers.Set(name, value) }
}

// WithoutX sends the names of the newer Events: Shopify-Topic and so on.
func WithoutX() DeliverOption { return func(p *post) { p.plain = true } }

// Sign returns the signature the store puts on a body.
func (sh *Shop) Sign(body []byte) string {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return shopify.Sign(sh.secret(), body)
}

// Deliver sends a signed body at once and without retries: to the URL given
// with To, or to the address of each subscription of the topic. A nil client
// is one with Shopify's time limits. It returns the last attempt, or the first
// that failed; a refusal is no error, its status tells.
func (sh *Shop) Deliver(ctx context.Context, client *http.Client, topic string, body []byte, opts ...DeliverOption) (*Delivery, error) {
	event := sh.srv.newID("event")
	base := message{shop: sh, topic: topic, eventID: event, triggered: sh.srv.now(), body: body}
	given := post{message: &base, headers: make(http.Header)}
	for _, opt := range opts {
		opt(&given)
	}
	addresses := []string{base.address}
	if base.address == "" {
		addresses = addresses[:0]
		for _, sub := range sh.Subscriptions() {
			if sub.Topic == topic {
				addresses = append(addresses, sub.Address)
			}
		}
	}
	if len(addresses) == 0 {
		return nil, ErrNoAddress
	}
	client = deliveryClient(client)
	var result, failed *Delivery
	for _, address := range addresses {
		m := base
		m.address = address
		if m.webhookID == "" {
			m.webhookID = sh.srv.newID("webhook")
		}
		sh.mu.Lock()
		m.version = sh.cfg.Versions[len(sh.cfg.Versions)-1]
		sh.mu.Unlock()
		p := given
		p.message = &m
		d := p.send(ctx, client)
		result = &d
		if failed == nil && !d.OK() {
			failed = &d
		}
	}
	if failed != nil {
		result = failed
	}
	return result, result.Err
}

// send makes one request and reads the answer.
func (p *post) send(ctx context.Context, client *http.Client) Delivery {
	p.tries++
	d := Delivery{
		Shop: p.shop.cfg.Domain, Topic: p.topic, Address: p.address, WebhookID: p.webhookID, EventID: p.eventID,
		TriggeredAt: p.triggered, Attempt: p.tries,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address, bytes.NewReader(p.body))
	if err != nil {
		d.Err = fmt.Errorf("simulator: deliver %s: %w", p.topic, err)
		return d
	}
	p.dress(req.Header)
	res, err := client.Do(req)
	if err != nil {
		d.Err = fmt.Errorf("simulator: deliver %s: %w", p.topic, err)
		return d
	}
	defer func() { _ = res.Body.Close() }()
	d.Answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		d.Err = fmt.Errorf("simulator: deliver %s: answer: %w", p.topic, err)
		return d
	}
	d.Status = res.StatusCode
	return d
}

// dress writes the headers of a delivery.
func (p *post) dress(h http.Header) {
	var mac string
	switch {
	case p.mac != nil:
		mac = *p.mac
	case p.secret != nil:
		mac = shopify.Sign(*p.secret, p.body)
	default:
		mac = p.shop.Sign(p.body)
	}
	prefix := "X-Shopify-"
	if p.plain {
		prefix = "Shopify-"
	}
	for name, value := range map[string]string{
		"Topic": p.topic, "Hmac-Sha256": mac, "Shop-Domain": p.shop.cfg.Domain, "Api-Version": p.version,
		"Webhook-Id": p.webhookID, "Event-Id": p.eventID,
		"Triggered-At": p.triggered.UTC().Format("2006-01-02T15:04:05.000000000Z"),
	} {
		if value != "" {
			h.Set(prefix+name, value)
		}
	}
	if strings.HasPrefix(p.topic, "orders/") {
		if id := orderOf(p.body); id != "" {
			h.Set(prefix+"Order-Id", id)
		}
	}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Shopify-Captain-Hook")
	for name, values := range p.headers {
		if values[0] == "" {
			h.Del(name)
		} else {
			h[name] = values
		}
	}
}

// deliveryClient gives a client Shopify's manners: five seconds in all, and a
// redirect is a failure.
func deliveryClient(client *http.Client) *http.Client {
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	if own.Timeout == 0 {
		own.Timeout = deliveryTimeout
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
