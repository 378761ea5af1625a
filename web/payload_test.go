package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"

	"probability/shopify"
)

// order is a payload with the number n, created n hours before noon and totalling n00.00.
func order(n int, more ...map[string]any) string {
	created := noon.Add(-time.Duration(n) * time.Hour)
	o := map[string]any{
		"id": 5_000_000_000_000 + n, "name": fmt.Sprintf("#%d", n), "total_price": fmt.Sprintf("%d00.00", n), "currency": "COP",
		"created_at": created.Format(time.RFC3339), "updated_at": created.Add(time.Minute).Format(time.RFC3339),
		"financial_status": "paid", "email": fmt.Sprintf("cliente%d@example.com", n), "line_items": []any{},
	}
	for _, m := range more {
		maps.Copy(o, m)
	}
	out, err := json.Marshal(o)
	if err != nil {
		panic(err) // only maps and text go in
	}
	return string(out)
}

// signed gives a delivery the headers that Shopify sends.
func signed(body string, more ...string) change {
	headers := map[string]string{
		"X-Shopify-Hmac-Sha256": shopify.Sign(shopSecret, []byte(body)), "X-Shopify-Shop-Domain": shopDomain,
		"X-Shopify-Topic": "orders/create", "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
		"X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5", "X-Shopify-Triggered-At": noon.Format(time.RFC3339Nano),
		"X-Shopify-API-Version": "2026-10",
	}
	for i := 0; i+1 < len(more); i += 2 {
		headers[more[i]] = more[i+1]
	}
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		for name, value := range headers {
			if value == "" {
				r.Header.Del(name)
				continue
			}
			r.Header.Set(name, value)
		}
	}
}
