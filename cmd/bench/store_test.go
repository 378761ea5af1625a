package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"probability/shopify"
)

// customer is the real client on the fake store.
func customer(t *testing.T) (*fakeStore, *shopify.Client) {
	t.Helper()
	s, err := newFakeStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	client, err := shopify.NewClient(shopify.Config{Endpoint: s.endpoint(), APIVersion: "2026-10"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

const testShop = "prueba.myshopify.com"

var testSession = shopify.Session{Shop: testShop, Token: shopToken}

// all walks the pages of a query.
func all(t *testing.T, client *shopify.Client, q shopify.OrdersQuery) []shopify.Order {
	t.Helper()
	var out []shopify.Order
	for cursor := ""; ; {
		page, err := client.Orders(t.Context(), testSession, q, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range page.Orders {
			o, err := shopify.ParseOrder(raw)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, o)
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

func TestFakeStore_ServesEachOrderOnce(t *testing.T) {
	t.Parallel()
	s, client := customer(t)
	c := s.open(testShop, 1001)
	for _, q := range []struct {
		name  string
		query shopify.OrdersQuery
	}{
		{"all", shopify.OrdersQuery{}},
		{"whole pages", shopify.OrdersQuery{Limit: 91}}, // 11 of them
		{"created since", shopify.OrdersQuery{CreatedAtMin: c.created(300)}},
		{"created between", shopify.OrdersQuery{CreatedAtMin: c.created(300), CreatedAtMax: c.created(700), Limit: 100}},
		{"updated between", shopify.OrdersQuery{UpdatedAtMin: c.created(300), UpdatedAtMax: c.created(700), Limit: 7}},
		{"updated since", shopify.OrdersQuery{UpdatedAtMin: c.end.AddDate(0, 0, -10)}},
		{"none", shopify.OrdersQuery{CreatedAtMin: c.end.Add(time.Hour)}},
	} {
		want := 0
		for i := range c.size {
			o := c.order(i)
			if !o.created.Before(q.query.CreatedAtMin) && (q.query.CreatedAtMax.IsZero() || !o.created.After(q.query.CreatedAtMax)) &&
				!o.updated.Before(q.query.UpdatedAtMin) && (q.query.UpdatedAtMax.IsZero() || !o.updated.After(q.query.UpdatedAtMax)) {
				want++
			}
		}
		counted, _, err := client.CountOrders(t.Context(), testSession, q.query)
		if err != nil || counted != want {
			t.Errorf("%s: counts %d, %v, want %d", q.name, counted, err, want)
		}
		seen := map[string]bool{}
		for _, o := range all(t, client, q.query) {
			if seen[o.ID] {
				t.Errorf("%s: order %s comes twice", q.name, o.ID)
			}
			seen[o.ID] = true
		}
		if len(seen) != want {
			t.Errorf("%s: got %d orders, want %d", q.name, len(seen), want)
		}
	}
}

func TestFakeStore_AnswersWhatConnectingAsks(t *testing.T) {
	t.Parallel()
	s, client := customer(t)
	s.open(testShop, 3)
	shop, err := client.Shop(t.Context(), testSession)
	if err != nil || len(shop.Raw) == 0 {
		t.Errorf("shop: %v", err)
	}
	scopes, err := client.Scopes(t.Context(), testSession)
	if err != nil || !strings.Contains(strings.Join(scopes, " "), "read_all_orders") {
		t.Errorf("scopes: got %v, %v", scopes, err)
	}
	if hooks, err := client.Webhooks(t.Context(), testSession); err != nil || len(hooks) != 0 {
		t.Errorf("webhooks: got %v, %v", hooks, err)
	}
	made, err := client.CreateWebhook(t.Context(), testSession, "orders/create", "https://orders.example/hook")
	if err != nil || made.ID == 0 {
		t.Errorf("create webhook: got %v, %v", made, err)
	}
	if err := client.DeleteWebhook(t.Context(), testSession, made.ID); err != nil {
		t.Errorf("delete webhook: %v", err)
	}
	if _, err := client.Shop(t.Context(), shopify.Session{Shop: testShop, Token: "shpat_wrong"}); shopify.KindOf(err) != shopify.KindUnauthorized {
		t.Errorf("wrong token: got %v, want a refusal", err)
	}
	if _, err := client.Shop(t.Context(), shopify.Session{Shop: "another.myshopify.com", Token: shopToken}); err == nil {
		t.Error("another store: got no error")
	}
}

func TestPayload_IsTheOrder(t *testing.T) {
	t.Parallel()
	text, err := loadTemplates()
	if err != nil {
		t.Fatal(err)
	}
	c := catalog{seed: 1, size: 300, end: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
	bytesSum := 0
	for i := range c.size + 20 {
		want := c.order(i)
		raw := text.payload(nil, &want)
		again := c.order(i)
		if !bytes.Equal(raw, text.payload(nil, &again)) {
			t.Fatalf("order %d is not the same twice", i)
		}
		if !json.Valid(raw) {
			t.Fatalf("order %d is no JSON: %s", i, raw)
		}
		bytesSum += len(raw)
		got, err := shopify.ParseOrder(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []struct{ name, got, want string }{
			{"name", got.CustomerName, want.first + " " + want.last},
			{"e-mail", got.CustomerEmail, want.email},
			{"phone", got.Phone, want.phone},
			{"city", got.City, want.place.city},
			{"province", got.Province, want.place.province},
			{"address", got.Address, want.street},
			{"financial", got.FinancialStatus, want.financial},
			{"fulfillment", got.FulfillmentStatus, want.fulfillment},
			{"gateway", got.PaymentType, want.gateway},
			{"total", got.TotalPrice, string(appendMoney(nil, want.total()))},
			{"country", got.Country, "Colombia"},
		} {
			if f.got != f.want {
				t.Errorf("order %d: %s is %q, want %q", i, f.name, f.got, f.want)
			}
		}
		if !got.CreatedAt.Equal(want.created) || !got.UpdatedAt.Equal(want.updated) || got.UpdatedAt.Before(got.CreatedAt) || got.UpdatedAt.After(c.end) {
			t.Errorf("order %d: created %v, updated %v", i, got.CreatedAt, got.UpdatedAt)
		}
	}
	if average := bytesSum / (c.size + 20); average < 5500 || average > 7500 {
		t.Errorf("a payload has %d bytes on average, want some 6,500", average)
	}
}

// The terms of the searches find what they say, and the shares are those that the filters count on.
func TestCatalog_HasTheSharesItClaims(t *testing.T) {
	t.Parallel()
	const n = 20_000
	c := catalog{seed: 2, size: n, end: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
	var bogota, gmail, cod, rare, common int
	emails := map[string]bool{}
	for i := range n {
		o := c.order(i)
		emails[o.email] = true
		searched := strings.ToLower(strings.Join([]string{o.first + " " + o.last, o.email, o.street, o.place.city}, "\n"))
		for _, pair := range absentPairs {
			if strings.Contains(searched, pair) {
				t.Fatalf("%q is not absent: %q", pair, searched)
			}
		}
		count := func(n *int, is bool) {
			if is {
				*n++
			}
		}
		count(&bogota, o.place.city == "Bogotá")
		count(&gmail, strings.HasSuffix(o.email, "@gmail.com"))
		count(&cod, strings.Contains(strings.ToLower(o.gateway), "entrega") || strings.Contains(o.gateway, "COD"))
		count(&rare, o.financial == rareState)
		count(&common, o.financial == "paid")
		if i > 0 && o.created.Before(c.order(i-1).created) {
			t.Fatalf("order %d was created before the one before", i)
		}
	}
	for _, share := range []struct {
		name          string
		got           int
		least, atMost float64
	}{
		{"bogotá", bogota, 0.27, 0.33},
		{"gmail", gmail, 0.57, 0.63},
		{"cash on delivery", cod, 0.10, 0.14},
		{"paid", common, 0.57, 0.63},
		{rareState, rare, 0.0004, 0.002},
		{"customers", len(emails), 0.5, 0.95},
	} {
		if part := float64(share.got) / n; part < share.least || part > share.atMost {
			t.Errorf("%s: got a share of %.4f, want %.4f to %.4f", share.name, part, share.least, share.atMost)
		}
	}
	if span := c.order(n - 1).created.Sub(c.order(0).created); span < 84*24*time.Hour || span > 85*24*time.Hour {
		t.Errorf("the orders are spread over %v", span)
	}
}

func TestParseTemplate_RefusesWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	if _, err := parseTemplate(`{"id":«id»,"x":«nonsense»}`); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("got %v", err)
	}
}
