package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"probability/shopify"
)

// topics are those that can be subscribed to over the API. The compliance
// topics cannot.
var topics = []string{
	"app/uninstalled", "app/scopes_update", "bulk_operations/finish",
	"fulfillments/create", "fulfillments/update", "order_transactions/create",
	"orders/cancelled", "orders/create", "orders/delete", "orders/edited", "orders/fulfilled", "orders/paid",
	"orders/partially_fulfilled", "orders/updated", "refunds/create", "shop/update",
}

const textNoWebhookData = "This app is not approved to subscribe to webhook topics containing protected customer data. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."

type subscription struct {
	id               int64
	topic, address   string
	format, version  string
	created, updated time.Time
	succeeded        time.Time // last delivery that got through
}

func (sh *Shop) webhookOf(sub *subscription) shopify.Webhook {
	return shopify.Webhook{
		ID: sub.id, Topic: sub.topic, Address: sub.address, Format: sub.format, APIVersion: sub.version,
		CreatedAt: sh.stamp(sub.created), UpdatedAt: sh.stamp(sub.updated),
	}
}

// object adds the members nobody reads.
func (sh *Shop) webhookObject(sub *subscription) any {
	return struct {
		shopify.Webhook
		Fields            []string `json:"fields"`
		Namespaces        []string `json:"metafield_namespaces"`
		PrivateNamespaces []string `json:"private_metafield_namespaces"`
	}{sh.webhookOf(sub), []string{}, []string{}, []string{}}
}

// Subscriptions returns the app's webhook subscriptions, oldest first.
func (sh *Shop) Subscriptions() []shopify.Webhook {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	list := make([]shopify.Webhook, 0, len(sh.subs))
	for _, sub := range sh.subs {
		list = append(list, sh.webhookOf(sub))
	}
	return list
}

// DropSubscriptions deletes them all, as Shopify does with those that fail.
func (sh *Shop) DropSubscriptions() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.subs = nil
}

// webhooks is GET and POST webhooks.json.
func (sh *Shop) webhooks(r *http.Request, version string) *reply {
	switch r.Method {
	case http.MethodGet:
		return sh.listWebhooks(r)
	case http.MethodPost:
		return sh.createWebhook(r, version)
	}
	return errorReply(http.StatusNotFound, textNotFound)
}

var webhookFilters = []string{"topic", "address", "since_id"}

func (sh *Shop) matchWebhooks(q url.Values) []*subscription {
	since, _ := strconv.ParseInt(q.Get("since_id"), 10, 64) // unreadable: no filter, as everywhere
	var found []*subscription
	for _, sub := range sh.subs {
		if sub.id > since && (q.Get("topic") == "" || q.Get("topic") == sub.topic) &&
			(q.Get("address") == "" || q.Get("address") == sub.address) {
			found = append(found, sub)
		}
	}
	return found
}

func (sh *Shop) listWebhooks(r *http.Request) *reply {
	in, refused := readPage(r, webhookFilters)
	if refused != nil {
		return refused
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	found := sh.matchWebhooks(in.query) // ids only grow
	if c := in.cursor; c != nil {
		found = slices.DeleteFunc(found, func(sub *subscription) bool {
			return c.Direction == "next" && sub.id <= c.ID || c.Direction == "prev" && sub.id >= c.ID
		})
		if c.Direction == "prev" {
			slices.Reverse(found)
		}
	}
	p := cutPage(found, in)
	list := make([]any, 0, len(p.items))
	for _, sub := range p.items {
		list = append(list, sh.webhookObject(sub))
	}
	rep := jsonReply(http.StatusOK, map[string]any{"webhooks": list})
	if n := len(p.items); n > 0 {
		sh.link(rep, r, requestPath(r), in, webhookFilters, position{ID: p.items[0].id}, position{ID: p.items[n-1].id}, p.prev, p.next)
	}
	return rep
}

func (sh *Shop) countWebhooks(r *http.Request) *reply {
	return get(r, func() *reply {
		sh.mu.Lock()
		defer sh.mu.Unlock()
		return jsonReply(http.StatusOK, map[string]int{"count": len(sh.matchWebhooks(r.URL.Query()))})
	})
}

// webhookInput has nil for what was not sent.
type webhookInput struct {
	Webhook *struct {
		Topic   *string `json:"topic"`
		Address *string `json:"address"`
		Format  *string `json:"format"`
	} `json:"webhook"`
}

func readWebhook(r *http.Request) (webhookInput, *reply) {
	var in webhookInput
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return in, errorReply(http.StatusBadRequest, "Bad Request")
	}
	if in.Webhook == nil {
		return in, fieldReply(http.StatusBadRequest, "webhook", "Required parameter missing or invalid")
	}
	return in, nil
}

func (sh *Shop) createWebhook(r *http.Request, version string) *reply {
	in, refused := readWebhook(r)
	if refused != nil {
		return refused
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := sh.srv.now()
	sub := &subscription{format: "json", version: version, created: now, updated: now}
	if in.Webhook.Topic != nil {
		sub.topic = *in.Webhook.Topic
	}
	if refused := sh.checkTopic(sub.topic); refused != nil {
		return refused
	}
	if refused := sh.applyWebhook(sub, in); refused != nil {
		return refused
	}
	sh.nextSub += 7
	sub.id = sh.nextSub
	sh.subs = append(sh.subs, sub)
	return jsonReply(http.StatusCreated, map[string]any{"webhook": sh.webhookObject(sub)})
}

func (sh *Shop) checkTopic(topic string) *reply {
	order := strings.HasPrefix(topic, "orders/") || strings.HasPrefix(topic, "refunds/") ||
		strings.HasPrefix(topic, "fulfillments/") || strings.HasPrefix(topic, "order_transactions/")
	switch {
	case topic == "":
		return invalidReply("topic", "can't be blank")
	case !slices.Contains(topics, topic), order && !sh.hasScope("read_orders"):
		return invalidReply("topic", "Invalid topic specified: "+topic+". Does it exist? Are you missing an access scope? Topics allowed: "+strings.Join(topics, ", "))
	case order && sh.cfg.PersonalData == PersonalDataRefused:
		return errorReply(http.StatusForbidden, textNoWebhookData)
	}
	return nil
}

// applyWebhook checks and sets address and format.
func (sh *Shop) applyWebhook(sub *subscription, in webhookInput) *reply {
	address, format := sub.address, sub.format
	if in.Webhook.Address != nil {
		address = *in.Webhook.Address
	}
	if in.Webhook.Format != nil {
		format = *in.Webhook.Format
	}
	u, err := url.Parse(address)
	switch {
	case address == "":
		return invalidReply("address", "can't be blank")
	case err != nil || u.Host == "" && u.Scheme != "pubsub" && !strings.HasPrefix(address, "arn:"):
		return invalidReply("address", "is invalid")
	case u.Scheme == "http" && !sh.srv.allowHTTP:
		return invalidReply("address", "protocol http:// is not supported")
	case u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "pubsub" && u.Scheme != "arn":
		return invalidReply("address", "is invalid")
	case format != "json" && format != "xml":
		return invalidReply("format", "is not included in the list")
	}
	for _, other := range sh.subs {
		if other != sub && other.topic == sub.topic && other.address == address {
			return invalidReply("address", textTaken)
		}
	}
	sub.address, sub.format = address, format
	return nil
}

// oneWebhook is GET, PUT and DELETE webhooks/{id}.json.
func (sh *Shop) oneWebhook(r *http.Request, name string) *reply {
	text, ok := strings.CutSuffix(name, ".json")
	id, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return errorReply(http.StatusNotFound, textNotFound)
	}
	var in webhookInput
	if r.Method == http.MethodPut {
		var refused *reply
		if in, refused = readWebhook(r); refused != nil {
			return refused
		}
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	at := slices.IndexFunc(sh.subs, func(sub *subscription) bool { return sub.id == id })
	if at < 0 {
		return errorReply(http.StatusNotFound, textNotFound)
	}
	sub := sh.subs[at]
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		if refused := sh.applyWebhook(sub, in); refused != nil {
			return refused
		}
		sub.updated = sh.srv.now()
	case http.MethodDelete:
		sh.subs = slices.Delete(sh.subs, at, at+1)
		return bytesReply(http.StatusOK, []byte("{}"))
	default:
		return errorReply(http.StatusNotFound, textNotFound)
	}
	return jsonReply(http.StatusOK, map[string]any{"webhook": sh.webhookObject(sub)})
}
