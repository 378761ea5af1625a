package shopify_test

import (
	"testing"

	"probability/shopify"
)

func TestIsUninstall(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"id":548380009,"name":"Mi tienda","myshopify_domain":"mi-tienda.myshopify.com"}`: true,
		`{"id":548380009,"name":"Mi tienda","domain":"mitienda.co"}`:                       true,
		`{"id":1,"myshopify_domain":"MI-tienda.myshopify.com"}`:                            true,
		`{}`:                          true,
		`{"id":1,"first_name":"Ana"}`: false, // a customer's
		`{"id":1,"myshopify_domain":"otra.myshopify.com"}`: false,
		`{"id":5001}`: false, // a deletion's body
		`{"id":5001,"name":"#1001","line_items":[]}`:               false, // an order's body
		`{"order":{"id":5001}}`:                                    false,
		`{"id":5001,"total_price":"10.00","myshopify_domain":"x"}`: false,
		`{"id":1,"order_id":5001,"transactions":[]}`:               false, // a refund's
		`{"shop_id":1,"shop_domain":"mi-tienda.myshopify.com"}`:    false, // a compliance request's
		`[]`:   false,
		`null`: false,
		`nope`: false,
	} {
		if got := shopify.IsUninstall([]byte(body), "mi-tienda.myshopify.com"); got != want {
			t.Errorf("IsUninstall(%s) = %v, want %v", body, got, want)
		}
	}
}
