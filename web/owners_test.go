package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"probability/store"
)

// TestOwners_StrangersSeeWhatNobodySees asks for everything of alice's as bob, on every route that the
// document knows, and wants the answer that an id gets which nobody has.
func TestOwners_StrangersSeeWhatNobodySees(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1))
	delivery := b.deliver(id)
	runs, err := b.store.Imports(t.Context(), id, 1, 0)
	fatal(t, err)
	orders, err := b.store.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Limit: 1})
	fatal(t, err)
	integration, one := fmt.Sprint(id), fmt.Sprint(orders[0].ID)

	for path, methods := range ownedPaths(t, integration, one, runs[0].ID.String(), delivery.String()) {
		missing := strings.Replace(path, "/"+integration+"/", "/999999/", 1)
		for _, m := range methods {
			b.do(m, path, "", anonymous).want(http.StatusUnauthorized)
			theirs := b.do(m, path, "", as(b.bob)).want(http.StatusNotFound)
			nobodys := b.do(m, missing, "", as(b.bob)).want(http.StatusNotFound)
			if a, c := withoutRequestID(t, theirs.body), withoutRequestID(t, nobodys.body); a != c {
				t.Errorf("%s %s tells a stranger's id from a missing one:\n%s\n%s", m, path, a, c)
			}
			if len(theirs.body) > 0 {
				theirs.problem(http.StatusNotFound, "not_found")
			}
		}
	}
	if got := b.get("/api/integrations/shopify/", as(b.bob)).want(http.StatusOK); string(got.body) != "[]\n" {
		t.Errorf("bob sees %s", got.body)
	}
}

// TestOwners_IDsOfAnotherIntegrationAreNotFound asks below one's own integration for what belongs to another.
func TestOwners_IDsOfAnotherIntegrationAreNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1))
	delivery := b.deliver(id)
	runs, err := b.store.Imports(t.Context(), id, 1, 0)
	fatal(t, err)
	orders, err := b.store.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Limit: 1})
	fatal(t, err)
	own := b.post("/api/integrations/shopify/connect/", fmt.Sprintf(
		`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken), as(b.bob)).want(http.StatusCreated).at("integration", "id")
	base := fmt.Sprintf("/api/integrations/shopify/%v/", own)
	for path, method := range map[string]string{
		fmt.Sprintf("%sorders/%d/", base, orders[0].ID):          http.MethodGet,
		fmt.Sprintf("%sorders/%d/score/", base, orders[0].ID):    http.MethodGet,
		fmt.Sprintf("%simports/%s/", base, runs[0].ID):           http.MethodGet,
		fmt.Sprintf("%sdeliveries/%s/", base, delivery):          http.MethodGet,
		fmt.Sprintf("%sdeliveries/%s/replay/", base, delivery):   http.MethodPost,
		fmt.Sprintf("%sdeliveries/%s/replay/", base, uuid.New()): http.MethodPost,
	} {
		b.do(method, path, "", as(b.bob)).problem(http.StatusNotFound, "not_found")
	}
	b.get(fmt.Sprintf("/api/integrations/shopify/%d/orders/%d/", id, orders[0].ID)).want(http.StatusOK)
}

func TestOwners_OddIDsAreNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1))
	for _, odd := range []string{"0", "-1", "+1", "01", "1.0", "1e0", "abc", "%20", "9223372036854775808", "99999999999999999999", "1%00", "%F0%9F%98%80"} {
		b.get("/api/integrations/shopify/"+odd+"/").problem(http.StatusNotFound, "not_found")
		b.get(path+"orders/"+odd+"/").problem(http.StatusNotFound, "not_found")
		b.get(path+"deliveries/"+odd+"/").problem(http.StatusNotFound, "not_found")
		b.get(path+"imports/"+odd+"/").problem(http.StatusNotFound, "not_found")
		b.post(path+"deliveries/"+odd+"/replay/", "").problem(http.StatusNotFound, "not_found")
	}
	b.get(path+"imports/{"+uuid.NewString()+"}/").problem(http.StatusNotFound, "not_found")
}

// deliver stores a received webhook and returns its id.
func (b *bench) deliver(id int64) uuid.UUID {
	b.t.Helper()
	d := store.Delivery{
		ID: uuid.Must(uuid.NewV7()), IntegrationID: id, WebhookID: uuid.NewString(), EventID: "event-1", Topic: "orders/create",
		ReceivedAt: b.clock.Now(), State: store.DeliveryPending, Body: []byte(order(77)),
	}
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertDeliveries(ctx, []store.Delivery{d})
		return err
	}))
	return d.ID
}

func withoutRequestID(t *testing.T, body []byte) string {
	t.Helper()
	if len(body) == 0 {
		return ""
	}
	var m map[string]any
	fatal(t, json.Unmarshal(body, &m))
	delete(m, "request_id")
	out, err := json.Marshal(m)
	fatal(t, err)
	return string(out)
}
