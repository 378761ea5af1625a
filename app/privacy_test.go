package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/app"
	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// The values of the customer who is erased, and what a request says of her. Some stand in the payloads only.
const (
	herEmail  = "Rosalba.Quintero77@correo.example.com"
	herPhone  = "+573009998877"
	herStreet = "Carrera 77 # 12-34"
	herName   = "Rosalba Quintero"
	herID     = 7_000_000_777
)

var herValues = []string{
	herEmail, strings.ToLower(herEmail), "rosalba.quintero77%40correo.example.com", "3009998877", "300 999 8877", herStreet, strings.ToLower(herStreet), herName,
	strings.ToLower(herName), "Apartamento 901", "0050999", "198.51.100.77", "secret-receipt-77", "Dejar con la vecina",
}

// herOrder is an order of hers with all that an order may say of a customer.
func herOrder(id int, updated string) string {
	address := `{"first_name":"Rosalba","last_name":"Quintero","name":"` + herName + `","company":null,"address1":"` + herStreet + `","address2":"Apartamento 901","city":"Envigado","zip":"0050999","province":"Antioquia","country":"Colombia","country_code":"CO","province_code":"ANT","phone":"300 999 8877","latitude":6.17,"longitude":-75.58}`
	return fmt.Sprintf(`{"id":%d,"admin_graphql_api_id":"gid://shopify/Order/%d","name":"#%d","email":%q,"contact_email":%q,"phone":"300 999 8877","created_at":"2026-11-01T10:00:00-05:00",
 "updated_at":%q, "total_price":"1668.41","currency":"COP","financial_status":"paid","browser_ip":"198.51.100.77","note":"Dejar con la vecina","tags":"COD, Rosalba Quintero","tax_number":0.10e1,
 "note_attributes":[{"name":"Teléfono","value":"300 999 8877"}],"landing_site":"/?email=rosalba.quintero77%%40correo.example.com","client_details":{"browser_ip":"198.51.100.77"},
 "customer":{"id":%d,"email":%q,"first_name":"Rosalba","last_name":"Quintero","phone":"%s","default_address":%s},"billing_address":%s,"shipping_address":%s,
 "line_items":[{"id":1,"title":"Camiseta Rosa","price":"1668.41","quantity":1,"properties":[{"name":"Bordado","value":"Rosalba Quintero"}]}],
 "fulfillments":[{"id":2,"name":"#1.1","tracking_number":"0050999","destination":%s,"receipt":{"x":"secret-receipt-77"}}],
 "refunds":[{"id":3,"order_id":%d,"note":"Dejar con la vecina","transactions":[{"id":4,"amount":"1.00","receipt":{"payer":%q},"message":"para Rosalba Quintero"}]}]}`,
		id, id, id, herEmail, herEmail, updated, herID, herEmail, herPhone, address, address, address, address, id, herEmail)
}

func redaction(shop string, orders string) string {
	return fmt.Sprintf(`{"shop_id":954889,"shop_domain":%q,"customer":{"id":%d,"email":"ROSALBA.quintero77@correo.example.com","phone":%q},"orders_to_redact":[%s]}`, shop, herID, herPhone, orders)
}

// requests are an integration's privacy requests, newest first.
func (w *world) requests(t *testing.T, id int64) []store.PrivacyRequest {
	t.Helper()
	rs, err := w.store.PrivacyRequests(t.Context(), id, 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// carryOut does what the jobs of the integration's open requests do, until none is left.
func (w *world) carryOut(t *testing.T, id int64) {
	t.Helper()
	for _, r := range w.requests(t, id) {
		carry := w.app.Redact
		if r.Erases() {
			carry = w.app.EraseShop
		}
		for again, tries := time.Duration(0), 0; again >= 0; tries++ {
			var err error
			if again, err = carry(t.Context(), r.ID); err != nil || tries > 100 {
				t.Fatalf("%s: %v after %d tries", r.Topic, err, tries)
			}
		}
	}
}

// where tells where any of the values stands: in the database as it lies there, a payload, a stored delivery, or a search.
func (w *world) where(t *testing.T, id int64, values ...string) (found []string) {
	t.Helper()
	look := func(place string, data []byte) {
		text := string(data)
		for _, v := range values {
			if strings.Contains(text, v) {
				found = append(found, place+": "+v)
			}
		}
	}
	storetest.Raw(t, w.store, look)
	for after, done := int64(0), false; !done; {
		var err error
		after, done, err = w.store.EachPayload(t.Context(), id, after, func(o *store.Order) error {
			look("payload of "+o.Order.ID, o.Raw)
			look("columns of "+o.Order.ID, fmt.Appendf(nil, "%+v", struct{ a, b, c, d, e, f, g string }{o.CustomerName, o.CustomerEmail, o.Phone, o.Address, o.AddressComplement, o.City, o.Tags}))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ds, err := w.store.Deliveries(t.Context(), id, store.DeliveryFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		whole, err := w.store.Delivery(t.Context(), id, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		look("delivery "+d.WebhookID, whole.Body)
	}
	for _, term := range []string{herEmail, "rosalba", "Carrera 77"} {
		n, err := w.store.CountOrders(t.Context(), store.OrderFilter{IntegrationID: id, Search: term})
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			found = append(found, fmt.Sprintf("search for %s: %d", term, n))
		}
	}
	return found
}

// others are the payloads of all orders but hers.
func (w *world) others(t *testing.T, id int64) map[string]string {
	t.Helper()
	out := map[string]string{}
	for order, o := range w.orders(t, id) {
		if !strings.HasPrefix(order, "90") {
			out[order] = string(o.Raw)
		}
	}
	return out
}

func TestRedaction_LeavesNothingOfTheCustomerAndKeepsItSo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.clock.Add(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).Sub(w.clock.Now())) // or her orders are older than a first import goes back, one day
	w.shop.Generate(120, 60*24*time.Hour)
	w.shop.Add([]byte(herOrder(9001, "2026-11-02T10:00:00Z")))
	c := w.connect(t)
	id := c.Integration.ID
	w.runImport(t, c.Import.ID)
	// Hers by webhook, too, one of them deleted since, and one that she is in by her e-mail only.
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9002, "2026-11-02T10:00:00Z")))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-2", `{"orders":[`+order(77, "2026-11-01T10:00:00Z", "paid")+`,`+herOrder(9003, "2026-11-02T10:00:00Z")+`]}`))
	w.accept(t, w.incoming(app.TopicOrdersDelete, "w-3", `{"id":9003}`))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-4", `{"id":9004,"updated_at":"2026-11-02T10:00:00Z","custom":{"who":"<Rosalba.Quintero77@correo.example.com>"},"total_price":"5.00"}`))
	w.accept(t, w.incoming("customers/update", "w-5", fmt.Sprintf(`{"id":%d,"first_name":"Rosalba","last_name":"Quintero","note":"Dejar con la vecina"}`, herID)))
	w.process(t, id)
	before, others := w.where(t, id, herValues...), w.others(t, id)
	for _, place := range []string{"database", "payload of 9001", "payload of 9003", "payload of 9004", "delivery w-1", "delivery w-2", "delivery w-5", "search for"} {
		if !strings.Contains(strings.Join(before, "\n"), place) {
			t.Errorf("before: nothing of her in %s, so the test proves nothing: %v", place, before)
		}
	}

	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "w-6", redaction(shopDomain, "9001")))
	w.process(t, id)
	if r := w.requests(t, id); len(r) != 1 || r[0].State != store.PrivacyOpen {
		t.Fatalf("requests %+v, want one open", r)
	}
	w.carryOut(t, id)
	gone := func(when string) {
		t.Helper()
		if found := w.where(t, id, herValues...); len(found) > 0 {
			t.Errorf("%s, left of her:\n%s", when, strings.Join(found, "\n"))
		}
	}
	gone("after the redaction")
	r := w.requests(t, id)[0]
	if r.State != store.PrivacyCompleted || r.Orders != 4 || r.Deliveries != 4 || r.CompletedAt.IsZero() {
		t.Errorf("the request is %+v, want completed with 4 orders and 4 deliveries", r)
	}
	if after := w.others(t, id); fmt.Sprint(after) != fmt.Sprint(others) || len(after) < 120 {
		t.Error("payloads of other customers are not what they were")
	}
	hers := w.orders(t, id)["9001"]
	if hers.TotalPrice != "1668.41" || hers.Country != "Colombia" || hers.Province != "Antioquia" || hers.City != "" || hers.FinancialStatus != "paid" ||
		!strings.Contains(string(hers.Raw), `"title":"Camiseta Rosa","price":"1668.41"`) || !strings.Contains(string(hers.Raw), `"tax_number":0.10e1`) {
		t.Errorf("books lost something: %+v\n%s", hers, hers.Raw)
	}

	// What comes again.
	run := w.sync(t, id)
	if run.Updated != 0 || run.Created != 0 {
		t.Errorf("a sync takes what is erased for another state: %+v", run)
	}
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9002, "2026-11-02T10:00:00Z"))) // the same again
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "w-7", herOrder(9002, "2026-11-09T10:00:00Z")))
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "w-8", herOrder(9009, "2026-11-09T10:00:00Z"))) // an order nobody named
	gone("accepted")
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "w-9", redaction("otra-tienda.myshopify.com", "9001")))
	w.process(t, id)
	if _, err := w.app.Replay(t.Context(), w.user, id, w.delivery(t, id, "w-2").ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Replay(t.Context(), w.user, id, w.delivery(t, id, "w-6").ID); err != nil {
		t.Fatal(err)
	}
	w.process(t, id)
	w.carryOut(t, id)
	gone("after late webhooks and replays")
	if d := w.delivery(t, id, "w-9"); d.State != store.DeliveryFailed || d.ErrorCode != "another_shops_request" {
		t.Errorf("another shop's request is %s %s", d.State, d.ErrorCode)
	}
	if d := w.delivery(t, id, "w-6"); d.State != store.DeliveryProcessed || len(w.requests(t, id)) != 1 {
		t.Errorf("the replayed request is %s, of %d", d.State, len(w.requests(t, id)))
	}

	// Connected again.
	if _, err := w.app.Disconnect(t.Context(), w.user, id); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Purge(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c = w.connect(t)
	id = c.Integration.ID
	w.runImport(t, c.Import.ID)
	if n := len(w.orders(t, id)); n < 121 {
		t.Fatalf("%d orders are imported again", n)
	}
	gone("connected again")
	if log := w.log.String(); strings.Contains(log, herEmail) || strings.Contains(log, herName) || strings.Contains(log, herPhone) {
		t.Error("she is in the log")
	}
	w.wantSums(t)
}

// wantSums holds the counts by day against the orders.
func (w *world) wantSums(t *testing.T) {
	t.Helper()
	var wrong int
	err := w.store.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM (
		SELECT integration_id, financial_status, currency, sum(orders), sum(revenue_low) FROM order_days WHERE day > -9223372036854775807 AND orders <> 0 GROUP BY 1, 2, 3
		EXCEPT SELECT integration_id, COALESCE(financial_status, ''), COALESCE(currency, ''), count(*), sum(COALESCE(total_millionths, 0) % 1000000000000)
		FROM orders WHERE deleted_at IS NULL GROUP BY 1, 2, 3) x`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d sums are wrong, %v", wrong, err)
	}
}

// A redaction that was killed half-way goes on, found again by what looks for lost jobs.
func TestRedaction_GoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	for i := range 3 {
		w.accept(t, w.incoming(app.TopicOrdersCreate, fmt.Sprint("w", i), herOrder(9001+i, "2026-11-02T10:00:00Z")))
	}
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "r", redaction(shopDomain, "")))
	w.process(t, id)
	r := w.requests(t, id)[0]
	if more, err := w.store.Redact(t.Context(), r.ID); err != nil || !more { // the orders
		t.Fatalf("the first slice: %v, %v, want more", more, err)
	}
	if found := w.where(t, id, herEmail); len(found) == 0 || w.requests(t, id)[0].Orders != 3 {
		t.Fatalf("found %v after the first slice, %+v: the deliveries are still to come", found, w.requests(t, id)[0])
	}
	if _, err := w.store.Writer().ExecContext(t.Context(), `DELETE FROM river_job`); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	var jobs int
	if err := w.store.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'redact_customer'`).Scan(&jobs); err != nil || jobs != 1 {
		t.Errorf("%d jobs, %v, want the one that goes on", jobs, err)
	}
	w.carryOut(t, id)
	if found := w.where(t, id, herValues...); len(found) > 0 {
		t.Errorf("left of her: %v", found)
	}
	if r := w.requests(t, id)[0]; r.Orders != 3 || r.Deliveries != 3 || r.State != store.PrivacyCompleted {
		t.Errorf("the request is %+v, want 3 orders and 3 deliveries", r)
	}
}

// The log is only empty when nobody reads; until then the request stays open.
func TestRedaction_WaitsForReaders(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w", herOrder(9001, "2026-11-02T10:00:00Z")))
	w.process(t, id)
	reader, err := w.store.Reader().BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var seen int
	if err := reader.QueryRowContext(t.Context(), `SELECT count(*) FROM orders`).Scan(&seen); err != nil || seen != 1 {
		t.Fatalf("the reader sees %d orders, %v", seen, err)
	}
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "r", redaction(shopDomain, "")))
	w.process(t, id)
	r := w.requests(t, id)[0]
	if again, err := w.app.Redact(t.Context(), r.ID); err != nil || again <= 0 || w.requests(t, id)[0].State != store.PrivacyOpen {
		t.Errorf("with a reader: again %v, %v, %s, want open and a wait", again, err, w.requests(t, id)[0].State)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	w.carryOut(t, id)
	if found := w.where(t, id, herValues...); len(found) > 0 {
		t.Errorf("left of her: %v", found)
	}
}

// Pages that were prepared before the redaction, and written after it, are caught inside the transaction.
func TestRedaction_CatchesPagesThatWereOnTheirWay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	o, err := shopify.ParseOrder([]byte(herOrder(9001, "2026-11-02T10:00:00Z")))
	if err != nil {
		t.Fatal(err)
	}
	vs := []store.Version{{Order: o, ObservedAt: w.clock.Now()}}
	w.store.Prepare(vs)
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "r", redaction(shopDomain, "")))
	w.process(t, id)
	w.carryOut(t, id)
	err = w.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.PutOrders(ctx, id, vs, w.clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(w.orders(t, id)) != 1 {
		t.Error("the order is not there")
	}
	if found := w.where(t, id, herValues...); len(found) > 0 {
		t.Errorf("left of her: %v", found)
	}
}

// Who made a secret up erases nobody in another user's integration of the same shop; who connects the shop later gets her erased.
func TestRedaction_ReachesWhomItIsFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := w.connect(t).Integration.ID
	theirs := w.rival(t, "made-up")
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w", herOrder(9001, "2026-11-02T10:00:00Z")))
	w.process(t, mine)
	w.process(t, theirs)
	forged := w.incoming(shopify.TopicCustomersRedact, "r", redaction(shopDomain, "9001"))
	forged.HMAC = shopify.Sign("made-up", forged.Body)
	w.accept(t, forged)
	w.process(t, mine)
	w.process(t, theirs)
	w.carryOut(t, theirs)
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "w2", herOrder(9001, "2026-11-03T10:00:00Z")))
	w.process(t, mine)
	w.process(t, theirs)
	if o := w.orders(t, mine)["9001"]; o.CustomerEmail != herEmail || len(w.requests(t, mine)) != 0 {
		t.Errorf("a made-up secret erased %q of another user", herEmail)
	}
	if o := w.orders(t, theirs)["9001"]; o.CustomerEmail != "" {
		t.Errorf("the rival still has %q", o.CustomerEmail)
	}
	third := w.addUser(t, "third@example.com")
	c, err := w.app.Connect(t.Context(), third, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret}})
	if err != nil {
		t.Fatal(err)
	}
	w.accept(t, w.incoming(app.TopicOrdersUpdated, "w3", herOrder(9001, "2026-11-04T10:00:00Z")))
	w.process(t, c.Integration.ID)
	if o, ok := w.orders(t, c.Integration.ID)["9001"]; !ok || o.CustomerEmail != "" {
		t.Errorf("connected later, there is %q, %v", o.CustomerEmail, ok)
	}
}

const shopRedaction = `{"shop_id":954889,"shop_domain":"` + shopDomain + `"}`

func TestShopRedact_ErasesAlsoAnInactiveStore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(1100, 60*24*time.Hour) // more than two slices
	c := w.connect(t)
	id := c.Integration.ID
	w.runImport(t, c.Import.ID)
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9001, "2026-11-02T10:00:00Z")))
	w.process(t, id)
	w.accept(t, w.incoming(app.TopicUninstalled, "w-2", `{"id":1,"myshopify_domain":"`+shopDomain+`"}`))
	w.process(t, id)
	w.clock.Add(48 * time.Hour)
	if w.integration(t, id).Active {
		t.Fatal("still active")
	}
	values := herValues
	for _, o := range w.orders(t, id) {
		if o.CustomerEmail != "" && len(values) < 40 {
			values = append(values, o.CustomerEmail)
		}
	}
	if found := w.where(t, id, values...); len(found) < 40 {
		t.Fatalf("%d values to erase", len(found))
	}
	w.accept(t, w.incoming(shopify.TopicShopRedact, "w-3", shopRedaction))
	w.process(t, id)
	in := w.integration(t, id)
	if in.Active || !problems(in)[app.ProblemShopRedacted] || problems(in)[app.ProblemUninstalled] {
		t.Errorf("at once: %+v", in)
	}
	for _, kind := range []string{store.SecretAccessToken, store.SecretAPI, store.SecretClient, store.SecretPreviousAPI} {
		if _, err := w.store.Secret(t.Context(), id, kind); err == nil {
			t.Errorf("the %s is still there", kind)
		}
	}
	token := shopToken
	_, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{AccessToken: &token})
	wantError(t, err, app.Busy, "erasure_under_way")
	w.carryOut(t, id)
	if found := w.where(t, id, append(values, "Medellín")...); len(found) > 0 {
		t.Errorf("left: %v", found[:min(len(found), 9)])
	}
	for table, want := range map[string]int{"orders": 0, "order_payloads": 0, "deliveries": 1, "imports": 0, "problems": 1, "secrets": 0, "order_days": 0, "order_totals": 0, "privacy_requests": 1, "integrations": 1} {
		var n int
		if err := w.store.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows of %s, %v, want %d", n, table, err, want)
		}
	}
	if r := w.requests(t, id)[0]; r.State != store.PrivacyCompleted || r.Orders != 1101 || r.Deliveries != 2 {
		t.Errorf("the record is %+v, want 1101 orders and 2 deliveries", r)
	}
	// Late ones have no effect: nobody's secret is known any more.
	wantError(t, w.app.Accept(t.Context(), w.incoming(app.TopicOrdersCreate, "w-4", herOrder(9001, "2026-11-09T10:00:00Z"))), app.Unauthorized, "webhook_signature_invalid")
	// New credentials connect it again, from the beginning.
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{AccessToken: &token}); err != nil {
		t.Fatal(err)
	}
	if in := w.integration(t, id); !in.Active || problems(in)[app.ProblemShopRedacted] {
		t.Errorf("connected again: %+v", in)
	}
	runs, err := w.store.Imports(t.Context(), id, 1, 0)
	if err != nil || len(runs) != 1 || runs[0].Field != store.FieldCreatedAt {
		t.Fatalf("runs %+v, %v, want one over the initial window", runs, err)
	}
	w.runImport(t, runs[0].ID)
	if n := len(w.orders(t, id)); n < 1000 {
		t.Errorf("%d orders are there again", n)
	}
}

func TestShopRedact_WithTheAppsSecretALateWebhookHasNoEffect(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.AppSecret = shopSecret })
	c, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
	if err != nil {
		t.Fatal(err)
	}
	id := c.Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9001, "2026-11-02T10:00:00Z")))
	w.process(t, id)
	w.accept(t, w.incoming(shopify.TopicShopRedact, "w-2", shopRedaction))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-3", herOrder(9002, "2026-11-02T10:00:00Z"))) // still before the erasure is known
	w.process(t, id)
	w.process(t, id)
	w.carryOut(t, id)
	for n, topic := range []string{app.TopicOrdersCreate, app.TopicOrdersUpdated, shopify.TopicShopRedact} {
		body := herOrder(9003, "2026-11-02T10:00:00Z")
		if topic == shopify.TopicShopRedact {
			body = shopRedaction
		}
		w.accept(t, w.incoming(topic, fmt.Sprint("late", n), body))
	}
	w.process(t, id)
	w.carryOut(t, id)
	if found := w.where(t, id, herValues...); len(found) > 0 || len(w.orders(t, id)) > 0 {
		t.Errorf("left: %v, %d orders", found, len(w.orders(t, id)))
	}
}

func TestUninstalled_IsErasedWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *app.Config) { c.EraseAfterUninstall = 48 * time.Hour })
	id := w.connect(t).Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9001, "2026-11-02T10:00:00Z")))
	uninstall := func(webhook string) {
		w.accept(t, w.incoming(app.TopicUninstalled, webhook, `{"id":1,"myshopify_domain":"`+shopDomain+`"}`))
		w.process(t, id)
	}
	sweep := func(after time.Duration) {
		t.Helper()
		w.clock.Add(after)
		if err := w.app.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	uninstall("w-2")
	sweep(47 * time.Hour)
	if n := len(w.orders(t, id)); n != 1 || len(w.requests(t, id)) != 0 {
		t.Fatalf("%d orders, %d requests before the time", n, len(w.requests(t, id)))
	}
	token := shopToken
	if _, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{AccessToken: &token}); err != nil { // installed again
		t.Fatal(err)
	}
	sweep(72 * time.Hour)
	if len(w.requests(t, id)) != 0 {
		t.Fatal("a store that was connected again is erased")
	}
	uninstall("w-3")
	sweep(48 * time.Hour)
	w.carryOut(t, id)
	r := w.requests(t, id)
	if len(r) != 1 || r[0].Topic != store.PrivacyUninstalled || r[0].State != store.PrivacyCompleted || len(w.orders(t, id)) != 0 {
		t.Errorf("requests %+v, %d orders", r, len(w.orders(t, id)))
	}
	sweep(time.Hour)
	if n := len(w.requests(t, id)); n != 1 {
		t.Errorf("%d requests after another look", n)
	}
}

// The record of a request has nobody's data, also not sealed once its time is over.
func TestDataRequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-1", herOrder(9001, "2026-11-02T10:00:00Z")))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-2", order(77, "2026-11-02T10:00:00Z", "paid")))
	w.accept(t, w.incoming(app.TopicOrdersCreate, "w-3", order(78, "2026-11-02T10:00:00Z", "paid")))
	w.process(t, id)
	ask := func(webhook string) uuid.UUID {
		t.Helper()
		w.accept(t, w.incoming(shopify.TopicDataRequest, webhook, fmt.Sprintf(
			`{"shop_id":1,"shop_domain":%q,"orders_requested":[78],"customer":{"id":%d,"email":%q,"phone":null},"data_request":{"id":9999}}`, shopDomain, herID, herEmail)))
		w.process(t, id)
		return w.requests(t, id)[0].ID
	}
	first := ask("d-1")
	if in := w.integration(t, id); !problems(in)[app.ProblemDataRequest] || in.HealthStatus == app.HealthNeedsAttention {
		t.Errorf("health %s %v, want %s", in.HealthStatus, in.Problems, app.ProblemDataRequest)
	}
	if d, err := w.store.Delivery(t.Context(), id, w.delivery(t, id, "d-1").ID); err != nil || strings.Contains(string(d.Body), "uintero") {
		t.Errorf("the request's delivery still has %s, %v", d.Body, err)
	}
	e, err := w.app.DataExport(t.Context(), w.user, id, first)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := e.Each(t.Context(), func(o app.CustomerOrder) error { got = append(got, o.Order.Order.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != "[9001 78]" || e.Person.Email != herEmail {
		t.Errorf("orders %v of %+v, want hers and the one that was named", got, e.Person)
	}
	if err := e.Fetched(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := w.requests(t, id)[0]; r.State != store.PrivacyCompleted || r.Orders != 2 || problems(w.integration(t, id))[app.ProblemDataRequest] {
		t.Errorf("after it was fetched: %+v", r)
	}
	second := ask("d-2")
	w.clock.Add(60 * 24 * time.Hour)
	_, err = w.app.DataExport(t.Context(), w.user, id, second)
	wantError(t, err, app.Gone, "privacy_export_expired")
	if err := w.app.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := w.requests(t, id)[0]; r.State != store.PrivacyExpired || r.HasSubject || problems(w.integration(t, id))[app.ProblemDataRequest] {
		t.Errorf("after 60 days: %+v", r)
	}
	third := ask("d-3")
	w.accept(t, w.incoming(shopify.TopicCustomersRedact, "r", redaction(shopDomain, "")))
	w.process(t, id)
	_, err = w.app.DataExport(t.Context(), w.user, id, third)
	wantError(t, err, app.Gone, "privacy_export_expired")
	_, err = w.app.DataExport(t.Context(), w.user, id, w.requests(t, id)[0].ID) // the redaction itself
	wantError(t, err, app.NotFound, "not_found")
	if problems(w.integration(t, id))[app.ProblemDataRequest] {
		t.Error("a request whose customer is erased still waits")
	}
}
