package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// graphAnswer is what these tests read of an answer.
type graphAnswer struct {
	Data map[string]struct {
		Count     int
		Precision string
		Nodes     []map[string]any
		PageInfo  struct {
			HasNextPage bool
			EndCursor   string
		}
		BulkOperation *struct{ ID, Status string }
		UserErrors    []struct{ Code, Message string }
		Status        string
		ErrorCode     string
		URL           string
		Objects       string `json:"objectCount"`
		Roots         string `json:"rootObjectCount"`
		PartialURL    string `json:"partialDataUrl"`
	}
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct{ Code, FieldName string }
	}
	Extensions struct {
		Cost struct {
			Requested, Actual float64
			ThrottleStatus    struct{ CurrentlyAvailable float64 }
		}
	}
}

func (b *bundle) graph(query string, variables ...any) (got graphAnswer) {
	b.t.Helper()
	vars := map[string]any{}
	for i := 0; i < len(variables); i += 2 {
		vars[variables[i].(string)] = variables[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		b.t.Fatal(err)
	}
	a := b.send(http.MethodPost, api+"graphql.json", string(body), "Content-Type", "application/json")
	if a.status != http.StatusOK || a.header.Get("X-Shopify-Api-Version") != "2026-10" {
		b.t.Fatalf("status %d, version %q, body %s", a.status, a.header.Get("X-Shopify-Api-Version"), a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		b.t.Fatalf("%v in %s", err, a.body)
	}
	return got
}

// codes are those of the errors.
func (g graphAnswer) codes() string {
	var all []string
	for _, e := range g.Errors {
		all = append(all, e.Extensions.Code)
	}
	return strings.Join(all, " ")
}

func TestGraphQL_PagesAndCounts(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(130, 50*24*time.Hour)
	seen, after, pages := map[any]bool{}, any(nil), 0
	for {
		got := b.graph(`query($after: String) {orders(first: 50, after: $after, sortKey: CREATED_AT) {nodes {id legacyResourceId createdAt} pageInfo {hasNextPage endCursor}}}`, "after", after)
		page := got.Data["orders"]
		pages++
		for _, n := range page.Nodes {
			seen[n["id"]] = true
		}
		if !page.PageInfo.HasNextPage {
			break
		}
		after = page.PageInfo.EndCursor
	}
	if len(seen) != 130 || pages != 3 {
		t.Errorf("%d orders in %d pages, want 130 in 3", len(seen), pages)
	}
	for limit, want := range map[string]string{"": "{130 EXACT}", "(limit: null)": "{130 EXACT}", "(limit: 100)": "{100 AT_LEAST}"} {
		c := b.graph("{ordersCount" + limit + " {count precision}}").Data["ordersCount"]
		if got := fmt.Sprintf("{%d %s}", c.Count, c.Precision); got != want {
			t.Errorf("limit %q: %s, want %s", limit, got, want)
		}
	}
	bound := b.clock.Now().Add(-10 * 24 * time.Hour).UTC().Format(time.RFC3339)
	quoted := b.graph(`query($q: String) {ordersCount(query: $q) {count}}`, "q", "created_at:>='"+bound+"'").Data["ordersCount"].Count
	bare := b.graph(`query($q: String) {ordersCount(query: $q) {count}}`, "q", "created_at:>="+bound).Data["ordersCount"].Count
	if quoted == 0 || quoted == 130 || bare != 130 {
		t.Errorf("quoted %d, without quotes %d: want a part, and all without a word", quoted, bare)
	}
	b.shop.SetScopes("read_orders")
	b.clock.Advance(30 * 24 * time.Hour)
	if n := b.graph("{ordersCount {count}}").Data["ordersCount"].Count; n == 0 || n >= 130 {
		t.Errorf("%d orders within 60 days, want a part", n)
	}
}

func TestGraphQL_Refusals(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.Bucket = 40 })
	b.shop.Generate(20, 24*time.Hour)
	for query, want := range map[string]string{
		`{orders(first: 2) {nodes {id colour}}}`: "undefinedField",
		`{orders(first: 251) {nodes {id}}}`:      "BAD_REQUEST",
		`{orders {nodes {id}}}`:                  "BAD_REQUEST",
		`{orders(first: 250) {nodes {lineItems(first: 250) {nodes {id product {id}}}}}}`: "",
		`{orders(first: 250) {nodes {lineItems(first: 250) {nodes {id product {id} variant {id} customAttributes {key} }} app {id} customer {id} billingAddress {id} shippingAddress {id} more: lineItems(first: 250) {nodes {product {id}}} refunds {refundLineItems(first: 250) {nodes {lineItem {id}}}}}}}`: "MAX_COST_EXCEEDED",
		`{orders(first: 1, after: "what") {nodes {id}}}`: "BAD_REQUEST",
		`{`: "invalid",
	} {
		b.clock.Advance(time.Hour)
		if got := b.graph(query).codes(); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	// 431 points were requested of 2,000 for this in life; the fifth does not fit, until some came back.
	big := `{orders(first: 250) {nodes {customer {id} shippingAddress {zip} app {id} lineItems(first: 250) {nodes {id product {id} variant {id}}}}}}`
	var cost struct {
		Extensions struct {
			Cost struct {
				Requested float64 `json:"requestedQueryCost"`
			}
		}
	}
	a := b.send(http.MethodPost, api+"graphql.json", `{"query":`+mustJSON(t, big)+`}`)
	if err := json.Unmarshal([]byte(a.body), &cost); err != nil || cost.Extensions.Cost.Requested != 431 {
		t.Errorf("requested %v, %v, want 431", cost, err)
	}
	throttled := 0
	for range 60 {
		if b.graph(big).codes() == "THROTTLED" {
			throttled++
		}
	}
	if throttled == 0 || b.srv.Count429() != throttled {
		t.Errorf("throttled %d times, counted %d", throttled, b.srv.Count429())
	}
	b.clock.Advance(20 * time.Second)
	if got := b.graph(big).codes(); got != "" {
		t.Errorf("after a pause: %s", got)
	}
	b.shop.SetPersonalData(simulator.PersonalDataRefused)
	if got := b.graph(`{orders(first: 1) {nodes {id}}}`); got.codes() != "ACCESS_DENIED" || fmt.Sprint(got.Errors[0].Path) != "[orders]" {
		t.Errorf("refused: %+v", got.Errors)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each field that is withheld is an error of its own, until there are too many: then the rest of the page is missing.
func TestGraphQL_WithheldFields(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(150, 24*time.Hour)
	b.shop.SetPersonalData(simulator.PersonalDataWithheld)
	got := b.graph(`{orders(first: 2) {nodes {id email shippingAddress {city phone}}}}`)
	if len(got.Errors) < 2 || got.Errors[0].Extensions.Code != "ACCESS_DENIED" || fmt.Sprint(got.Errors[0].Path) != "[orders nodes 0 email]" || got.Data["orders"].Nodes[0]["email"] != nil {
		t.Errorf("%+v", got)
	}
	got = b.graph(`{orders(first: 150) {nodes {id email}}}`)
	last := got.Errors[len(got.Errors)-1]
	if n := len(got.Data["orders"].Nodes); len(got.Errors) != 101 || !strings.Contains(last.Message, "truncated") || n >= 150 || n < 100 {
		t.Errorf("%d errors, the last %q, %d of 150 orders", len(got.Errors), last.Message, n)
	}
}

func TestGraphQL_OrdersThatRESTRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *simulator.ShopConfig) { c.RESTRefused = true })
	b.shop.Generate(3, 24*time.Hour)
	if a := b.get("orders.json?status=any"); a.status != http.StatusForbidden || !strings.Contains(a.body, "protected customer data") {
		t.Errorf("REST: %d %s", a.status, a.body)
	}
	if got := b.graph(`{orders(first: 5) {nodes {id}}}`); len(got.Data["orders"].Nodes) != 3 {
		t.Errorf("GraphQL: %+v", got)
	}
}

func TestGraphQL_BulkOperations(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(12, 24*time.Hour)
	run := `mutation($q: String!, $g: Boolean!) {bulkOperationRunQuery(query: $q, groupObjects: $g) {bulkOperation {id status} userErrors {code message}}}`
	for query, want := range map[string]string{
		`{orders {edges {node {id refunds {refundLineItems(first: 5) {nodes {quantity}}}}}}}`: "within a list",
		`{shop {name}}`:     "at least one connection",
		`{orders {colour}}`: "colour",
	} {
		if got := b.graph(run, "q", query, "g", true).Data["bulkOperationRunQuery"]; got.BulkOperation != nil || len(got.UserErrors) != 1 || !strings.Contains(got.UserErrors[0].Message, want) {
			t.Errorf("%s: %+v", query, got)
		}
	}
	look := `query($id: ID!) {bulkOperation(id: $id) {status errorCode url partialDataUrl objectCount rootObjectCount}}`
	fetch := func(grouped bool) (first, last string, lines int) {
		t.Helper()
		began := b.graph(run, "q", `{orders {edges {node {id lineItems {edges {node {id quantity}}}}}}}`, "g", grouped).Data["bulkOperationRunQuery"].BulkOperation
		for range 5 {
			op := b.graph(look, "id", began.ID).Data["bulkOperation"]
			if op.Status != "COMPLETED" {
				continue
			}
			a := b.send(http.MethodGet, op.URL, "", "X-Shopify-Access-Token", "")
			all := strings.Split(strings.TrimSuffix(a.body, "\n"), "\n")
			if op.Roots != "12" || op.Objects != fmt.Sprint(len(all)) {
				t.Errorf("%+v of %d lines", op, len(all))
			}
			part := b.send(http.MethodGet, op.URL, "", "Range", fmt.Sprintf("bytes=%d-", len(a.body)-5))
			if part.status != http.StatusPartialContent || part.body != a.body[len(a.body)-5:] {
				t.Errorf("a range: %d %q", part.status, part.body)
			}
			return all[0], all[1], len(all)
		}
		t.Fatal("it does not end")
		return "", "", 0
	}
	order, child, lines := fetch(true)
	if !strings.Contains(order, `"id":"gid://shopify/Order/`) || !strings.Contains(child, `"__parentId":"gid://shopify/Order/`) || lines < 24 {
		t.Errorf("grouped: %s\n%s\n%d lines", order, child, lines)
	}
	if _, second, _ := fetch(false); strings.Contains(second, "__parentId") {
		t.Errorf("not grouped: the second line is %s", second)
	}
	b.shop.SetBulk(simulator.BulkPlan{Looks: 1, Error: "TIMEOUT", Whole: 5})
	began := b.graph(run, "q", `{orders {edges {node {id}}}}`, "g", true).Data["bulkOperationRunQuery"].BulkOperation
	if op := b.graph(look, "id", began.ID).Data["bulkOperation"]; op.Status != "FAILED" || op.ErrorCode != "TIMEOUT" || op.URL != "" || op.PartialURL == "" || op.Roots != "5" {
		t.Errorf("failed: %+v", op)
	}
	b.shop.SetBulk(simulator.BulkPlan{Looks: 1})
	cancelled := b.graph(run, "q", `{orders {edges {node {id}}}}`, "g", true).Data["bulkOperationRunQuery"].BulkOperation
	b.graph(`mutation($id: ID!) {bulkOperationCancel(id: $id) {bulkOperation {id}}}`, "id", cancelled.ID)
	if op := b.graph(look, "id", cancelled.ID).Data["bulkOperation"]; op.Status != "CANCELED" {
		t.Errorf("cancelled: %+v", op)
	}
}
