package shopify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"probability/shopify"
)

// compareSplit holds the other readers of a body against encoding/json.
func compareSplit(t *testing.T, raw []byte) {
	t.Helper()
	valid := json.Valid(raw)
	orders, err := shopify.SplitOrders(raw)
	if err == nil && !valid {
		t.Fatalf("SplitOrders(%q) took what is no JSON", raw)
	}
	for _, order := range orders {
		if !json.Valid(order) || !bytes.Contains(raw, order) || len(bytes.TrimSpace(order)) != len(order) {
			t.Fatalf("SplitOrders(%q) gave %q", raw, order)
		}
	}
	want, ok := wantOrders(raw)
	if (err == nil) != ok || len(orders) != len(want) {
		t.Fatalf("SplitOrders(%q) gave %d orders and %v, want %d", raw, len(orders), err, len(want))
	}
	for i := range want {
		if !bytes.Equal(orders[i], want[i]) {
			t.Fatalf("SplitOrders(%q): order %d is %q, want %q", raw, i, orders[i], want[i])
		}
	}
	compareBoth(t, raw)
	if items := shopify.LineItems(raw); !json.Valid(items) || items[0] != '[' {
		t.Fatalf("LineItems(%q) = %q", raw, items)
	}
	if ids, ok := shopify.ParseDeletions(raw); ok && (!valid || len(ids) == 0 || slices.Contains(ids, "")) {
		t.Fatalf("ParseDeletions(%q) = %q", raw, ids)
	}
}

// wantOrders splits a body with encoding/json; ok is false when it has none.
func wantOrders(body []byte) (orders []json.RawMessage, ok bool) {
	body = bytes.Trim(body, " \t\r\n")
	if !json.Valid(body) || body[0] != '[' && body[0] != '{' {
		return nil, false
	}
	if json.Unmarshal(body, &orders) == nil {
		return orders, true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil, false
	}
	var order map[string]json.RawMessage
	if json.Unmarshal(members["order"], &order) == nil && len(order) > 0 {
		return []json.RawMessage{members["order"]}, true
	}
	if list := members["orders"]; len(list) > 0 && list[0] == '[' {
		return orders, json.Unmarshal(list, &orders) == nil
	}
	return []json.RawMessage{body}, true
}

// compareBoth holds ParseOrders against the two steps that it stands for.
func compareBoth(t *testing.T, body []byte) {
	t.Helper()
	raws, wantErr := shopify.SplitOrders(body)
	n, orders, err := shopify.ParseOrders(body)
	if !errors.Is(err, wantErr) || n != len(raws) {
		t.Fatalf("ParseOrders(%q): %d, %v; want %d, %v", body, n, err, len(raws), wantErr)
	}
	if err != nil {
		return
	}
	i := 0
	for order, err := range orders {
		want, wantErr := shopify.ParseOrder(raws[i])
		if diff := cmp.Diff(want, order); diff != "" || !errors.Is(err, wantErr) {
			t.Fatalf("ParseOrders(%q), order %d: got %v, want %v (-want +got):\n%s", body, i, err, wantErr, diff)
		}
		i++
	}
	if i != n {
		t.Fatalf("ParseOrders(%q) promised %d orders and gave %d", body, n, i)
	}
}
