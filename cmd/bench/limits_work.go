package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"probability/shopify"
)

// limitHMAC is what verifying takes at least.
func (b *bench) limitHMAC(context.Context) (result, error) {
	bodies, i := b.payloads(), 0
	return timed(b.opt.time()/5, func() error {
		mac := hmac.New(sha256.New, []byte(shopSecret))
		mac.Write(bodies[i%samples])
		mac.Sum(nil)
		i++
		return nil
	})
}

// limitJSON decodes the members that are listed, which is what most programs would do.
func (b *bench) limitJSON(context.Context) (result, error) {
	bodies, i := b.payloads(), 0
	return timed(b.opt.time()/5, func() error {
		type address struct {
			FirstName string `json:"first_name"`
			LastName  string `json:"last_name"`
			Address1  string `json:"address1"`
			Address2  string `json:"address2"`
			City      string `json:"city"`
			Province  string `json:"province"`
			Country   string `json:"country"`
			Phone     string `json:"phone"`
		}
		var o struct {
			ID                json.Number     `json:"id"`
			Name              string          `json:"name"`
			Email             string          `json:"email"`
			Phone             string          `json:"phone"`
			TotalPrice        string          `json:"total_price"`
			Currency          string          `json:"currency"`
			CreatedAt         time.Time       `json:"created_at"`
			UpdatedAt         time.Time       `json:"updated_at"`
			FinancialStatus   string          `json:"financial_status"`
			FulfillmentStatus string          `json:"fulfillment_status"`
			SourceName        string          `json:"source_name"`
			Tags              string          `json:"tags"`
			Gateways          []string        `json:"payment_gateway_names"`
			LineItems         json.RawMessage `json:"line_items"`
			Shipping          address         `json:"shipping_address"`
			Customer          address         `json:"customer"`
		}
		i++
		return json.Unmarshal(bodies[i%samples], &o)
	})
}

// limitParse decodes them as the program does.
func (b *bench) limitParse(context.Context) (result, error) {
	bodies, i := b.payloads(), 0
	return timed(b.opt.time()/5, func() error {
		i++
		_, err := shopify.ParseOrder(bodies[i%samples])
		return err
	})
}

// limitFeed is how fast our own store serves orders to a client that throws them away: an import cannot be faster.
func (b *bench) limitFeed(ctx context.Context) (result, error) {
	const shop, n = "feed.myshopify.com", 1_000_000
	b.shops.open(shop, n)
	c, err := dial(ctx, b.shops.addr())
	if err != nil {
		return result{}, err
	}
	defer func() { _ = c.Close() }()
	// One page again and again costs as much as one after another.
	request := fmt.Appendf(nil, "GET /%s/admin/api/2026-10/orders.json?status=any&limit=250 HTTP/1.1\r\nHost: %s\r\nX-Shopify-Access-Token: %s\r\n\r\n", shop, b.shops.addr(), shopToken)
	r, err := timed(b.opt.time()/5, func() error {
		status, err := c.exchange(request, nil)
		if err == nil && status != 200 {
			err = fmt.Errorf("status %d", status)
		}
		return err
	})
	r.Value *= maxLimit
	return r, err
}
