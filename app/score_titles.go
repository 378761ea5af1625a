package app

import (
	"context"
	"strings"

	"probability/shopify"
	"probability/store"
)

// titledOrders is how many of the newest orders are looked through for what products are called. A model knows products by their ids.
const titledOrders = 100

// ProductTitles tells what products are called, by their keys in a model, as far as the newest orders have them.
func (a *App) ProductTitles(ctx context.Context, id int64, keys []string) (map[string]string, error) {
	titles := make(map[string]string, len(keys))
	if len(keys) == 0 {
		return titles, nil
	}
	orders, err := a.store.Orders(ctx, store.OrderFilter{
		IntegrationID: id, Limit: titledOrders, Order: store.OrderBy{Field: store.ByCreatedAt, Desc: true}, Payload: true,
	})
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]bool, len(keys))
	for _, key := range keys {
		wanted[key] = true
	}
	for _, o := range orders {
		for _, item := range scoreOrder(o.Order, shopify.ReadDetails(o.Raw)).Items {
			key := strings.ToLower(strings.TrimSpace(item.Product))
			if wanted[key] && item.Title != "" {
				titles[key] = item.Title
				delete(wanted, key)
			}
		}
		if len(wanted) == 0 {
			break
		}
	}
	return titles, nil
}
