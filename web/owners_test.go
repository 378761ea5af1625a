package web_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"probability/app"
	"probability/shopify"
	"probability/store"
	"probability/web/webtest"
)

// public are the paths that anybody may ask for: all others want an account.
var public = []string{
	"/", "/api/docs/", "/api/openapi.json", "/api/webhooks/shopify/orders/", "/healthz", "/login", "/logout", "/metrics", "/readyz", "/setup",
}

// ids are what is filled in for the parameters of a path, by their names: somebody's, and what nobody has.
type ids map[string]struct{ theirs, nobodys string }

// operation is one method of one path of the document.
type operation struct {
	method, path string
	params       []string
}

func (o operation) changes() bool { return o.method != http.MethodGet && o.method != http.MethodHead }

// fill gives the path with each parameter's value.
func (o operation) fill(value func(name string) string) string {
	path := o.path
	for _, name := range o.params {
		path = strings.ReplaceAll(path, "{"+name+"}", value(name))
	}
	return path
}

// operations are all of the document that want an account. A new one is in the tests below by itself; with a parameter that
// has no id here, or open to anybody without being named above, it fails them.
func operations(t *testing.T, known ids) []operation {
	t.Helper()
	doc, err := webtest.Load(t.Context())
	fatal(t, err)
	param := regexp.MustCompile(`\{([^}]*)\}`)
	var out []operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{method: method, path: path}
			for _, m := range param.FindAllStringSubmatch(path, -1) {
				if _, ok := known[m[1]]; !ok {
					t.Fatalf("%s: the table of ids in this test has no {%s}", path, m[1])
				}
				o.params = append(o.params, m[1])
			}
			open := op.Security == nil || len(*op.Security) == 0 ||
				slices.ContainsFunc(*op.Security, func(way openapi3.SecurityRequirement) bool { return len(way) == 0 })
			if open != slices.Contains(public, path) {
				t.Errorf("%s %s: open to anybody: %v, but the list of public paths in this test says otherwise", method, path, open)
			}
			if !open {
				out = append(out, o)
			}
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d operations for accounts", len(out))
	}
	return out
}

// owned is a store of alice's with one of everything, and the ids of all that.
func (b *bench) owned() ids {
	b.t.Helper()
	_, id := b.connected()
	b.put(id, order(1))
	runs, err := b.store.Imports(b.t.Context(), id, 1, 0)
	fatal(b.t, err)
	orders, err := b.store.Orders(b.t.Context(), store.OrderFilter{IntegrationID: id, Limit: 1})
	fatal(b.t, err)
	b.comply(id, shopify.TopicDataRequest, dataRequest)
	requests, err := b.store.PrivacyRequests(b.t.Context(), id, 1, 0)
	fatal(b.t, err)
	path := fmt.Sprintf("/api/integrations/shopify/%d/", id)
	said := b.post(fmt.Sprintf("%sorders/%d/outcomes/", path, orders[0].ID), `{"outcome":"delivered"}`).want(http.StatusCreated).at("id").(string)
	read := b.post(path+"outcomes/import/", fmt.Sprintf("id;estado\n%s;entregado\n", orders[0].Order.ID), asCSV).want(http.StatusOK).at("import", "id").(string)
	return ids{
		"outcome":        {said, uuid.NewString()},
		"outcome_import": {read, uuid.NewString()},
		"model":          {b.model(id, store.ModelRetired).String(), uuid.NewString()},

		"id":       {fmt.Sprint(id), "999999"},
		"order":    {fmt.Sprint(orders[0].ID), "999999"},
		"import":   {runs[0].ID.String(), uuid.NewString()},
		"delivery": {b.deliver(id).String(), uuid.NewString()},
		"request":  {requests[0].ID.String(), uuid.NewString()},
	}
}

// sessionOf begins a session of the account, and gives what a page of it would send.
func (b *bench) sessionOf(email string) (cookie, proof change) {
	b.t.Helper()
	u, err := b.store.UserByEmail(b.t.Context(), email)
	fatal(b.t, err)
	value, err := b.app.BeginSession(b.t.Context(), u, app.Browser{Remote: "127.0.0.1"})
	fatal(b.t, err)
	cookie = with(&http.Cookie{Name: "probability_session", Value: value})
	csrf, _ := b.get("/api/session/", cookie).want(http.StatusOK).at("csrf_token").(string)
	return cookie, header("X-CSRF-Token", csrf)
}

func TestOwners_NobodyIsLetInWithoutAnAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.owned()
	over, _ := b.sessionOf("bob@example.com")
	fatal(t, b.app.SetPassword(t.Context(), "bob@example.com", "another password"))
	for _, o := range operations(t, known) {
		path := o.fill(func(name string) string { return known[name].theirs })
		for _, nobody := range []change{anonymous, over, with(&http.Cookie{Name: "probability_session", Value: "x"})} {
			b.do(o.method, path, "", nobody).want(http.StatusUnauthorized)
		}
	}
}

// TestOwners_StrangersSeeWhatNobodySees asks for everything of alice's as bob, by token and by session, and wants the answer
// that an id gets which nobody has.
func TestOwners_StrangersSeeWhatNobodySees(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.owned()
	cookie, proof := b.sessionOf("bob@example.com")
	for _, o := range operations(t, known) {
		if len(o.params) == 0 {
			continue
		}
		path := o.fill(func(name string) string { return known[name].theirs })
		missing := o.fill(func(name string) string { return known[name].nobodys })
		ask := func(status int, changes ...change) {
			t.Helper()
			theirs := b.do(o.method, path, "", changes...).want(status)
			nobodys := b.do(o.method, missing, "", changes...).want(status)
			if a, c := string(theirs.body), string(nobodys.body); a != c {
				t.Errorf("%s %s tells a stranger's id from a missing one:\n%s\n%s", o.method, path, a, c)
			}
		}
		ask(http.StatusNotFound, as(b.bob))
		ask(http.StatusNotFound, cookie, proof)
		if o.changes() {
			ask(http.StatusForbidden, cookie, header("X-Request-Id", "same"))
		}
	}
	if got := b.get("/api/integrations/shopify/", as(b.bob)).want(http.StatusOK); string(got.body) != "[]\n" {
		t.Errorf("bob sees %s", got.body)
	}
	// They are all there, for alice.
	for _, path := range []string{"/", "/orders/" + known["order"].theirs + "/", "/imports/" + known["import"].theirs + "/"} {
		b.get("/api/integrations/shopify/" + known["id"].theirs + path).want(http.StatusOK)
	}
}

// TestOwners_IDsOfAnotherIntegrationAreNotFound asks below one's own integration for what belongs to another.
func TestOwners_IDsOfAnotherIntegrationAreNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	known := b.owned()
	own := b.post("/api/integrations/shopify/connect/", fmt.Sprintf(
		`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken), as(b.bob)).want(http.StatusCreated).at("integration", "id")
	asked := 0
	for _, o := range operations(t, known) {
		if len(o.params) < 2 {
			continue
		}
		asked++
		path := o.fill(func(name string) string {
			if name == "id" {
				return fmt.Sprint(own)
			}
			return known[name].theirs
		})
		b.do(o.method, path, "", as(b.bob)).want(http.StatusNotFound)
	}
	if asked < 5 {
		t.Errorf("only %d operations below another", asked)
	}
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
