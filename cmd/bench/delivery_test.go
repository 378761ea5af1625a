package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"probability/shopify"
)

func TestDeliveries_AreSignedAndAllDifferent(t *testing.T) {
	t.Parallel()
	text, err := loadTemplates()
	if err != nil {
		t.Fatal(err)
	}
	d := newDeliveries(text, testShop, "127.0.0.1:1", catalog{seed: 3, size: 10, end: time.Now().Truncate(time.Second)})
	requests := d.pool(50).requests
	one, id := d.fresh()
	requests = append(requests, one)
	seen := map[string]bool{}
	for i, request := range requests {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || int64(len(body)) != r.ContentLength {
			t.Fatalf("body: %d bytes, %v, want %d", len(body), err, r.ContentLength)
		}
		if _, err := shopify.Verify([]string{shopSecret}, body, r.Header.Get("X-Shopify-Hmac-Sha256")); err != nil {
			t.Error(err)
		}
		o, err := shopify.ParseOrder(body)
		if err != nil {
			t.Fatal(err)
		}
		if i == len(requests)-1 && o.ID != id {
			t.Errorf("the fresh order is %s, want %s", o.ID, id)
		}
		for _, unique := range []string{o.ID, o.Number, r.Header.Get("X-Shopify-Webhook-Id")} {
			if unique == "" || seen[unique] {
				t.Errorf("%q comes twice", unique)
			}
			seen[unique] = true
		}
		if r.Header.Get("X-Shopify-Topic") != "orders/create" || r.Header.Get("X-Shopify-Shop-Domain") != testShop {
			t.Errorf("headers: %v", r.Header)
		}
	}
}
