package shopify

import (
	"encoding/json"
	"strings"
)

// IsUninstall tells whether the body of an app/uninstalled delivery is about the shop: a shop object that does
// not name another, or an empty one. The topic of a delivery is not signed, so the body of an order, a refund, a
// deletion or a compliance request, sent again under this topic, must not end a store's connection; no topic of
// Shopify's has an empty body that could be recorded.
func IsUninstall(body []byte, shop string) bool {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		return false
	}
	var domain string
	if raw, ok := all["myshopify_domain"]; ok && json.Unmarshal(raw, &domain) == nil && domain != "" {
		return strings.EqualFold(domain, shop)
	}
	for _, name := range [...]string{"domain", "plan_name", "shop_owner", "iana_timezone", "money_format"} {
		if _, ok := all[name]; ok { // only a shop has these
			return true
		}
	}
	return len(all) == 0
}
