package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// ErrInvalidShop refuses a name that is no store's permanent domain.
var ErrInvalidShop = errors.New("shopify: not a store domain of the form name.myshopify.com")

const (
	shopSuffix  = ".myshopify.com"
	maxShopName = 100 // bytes before the suffix; DNS itself stops at 63
)

// ParseShop returns the domain in lower case if it is exactly a label of ASCII
// letters, digits and hyphens followed by .myshopify.com. It is the guard
// between a user's text and a URL that a token is sent to, so nothing is
// trimmed, decoded or forgiven: no scheme, port, path, user or trailing dot.
func ParseShop(s string) (string, error) {
	if len(s) > maxShopName+len(shopSuffix) {
		return "", ErrInvalidShop
	}
	lower := []byte(s)
	for i, b := range lower {
		switch {
		case 'A' <= b && b <= 'Z':
			lower[i] = b + ('a' - 'A')
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '.', b == '-':
		default:
			return "", ErrInvalidShop
		}
	}
	shop := string(lower)
	name, ok := strings.CutSuffix(shop, shopSuffix)
	if !ok || name == "" || name[0] == '-' || strings.Contains(name, ".") {
		return "", ErrInvalidShop
	}
	return shop, nil
}

// Shop is what shop.json says about a store, under Shopify's own names. Raw is
// the whole object as it came.
type Shop struct {
	ID              int64           `json:"id"`
	Name            string          `json:"name"`
	Domain          string          `json:"domain"`
	MyshopifyDomain string          `json:"myshopify_domain"`
	Currency        string          `json:"currency"`
	IANATimezone    string          `json:"iana_timezone"`
	PlanName        string          `json:"plan_name"`
	PlanDisplayName string          `json:"plan_display_name"`
	CountryCode     string          `json:"country_code"`
	Raw             json.RawMessage `json:"-"`
}

// Shop reads shop.json, which needs no scope: the plainest proof that a domain
// and a token belong together.
func (c *Client) Shop(ctx context.Context, s Session) (Shop, error) {
	var shop Shop
	err := c.do(ctx, s, call{
		op: "get shop", method: http.MethodGet, path: "shop.json", versioned: true, limit: maxAnswerBytes,
	}, func(ans *answer) *Error {
		var body struct {
			Shop json.RawMessage `json:"shop"`
		}
		if err := json.Unmarshal(ans.body, &body); err != nil || !nonEmptyObject(body.Shop) {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		shop = Shop{}
		// A member of another type than usual is left out, no more.
		var odd *json.UnmarshalTypeError
		if err := json.Unmarshal(body.Shop, &shop); err != nil && !errors.As(err, &odd) {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		shop.Raw = body.Shop
		return nil
	})
	return shop, err
}
