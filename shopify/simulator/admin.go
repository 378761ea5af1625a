package simulator

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

var versionForm = regexp.MustCompile(`^(?:[0-9]{4}-(?:01|04|07|10)|unstable)$`)

// serve is the Admin API of one store, past routing and faults. The order of
// the checks is the one a client can observe: token, call limit, resource.
func (sh *Shop) serve(r *http.Request, path string) *reply {
	if name, ok := strings.CutPrefix(path, storagePath+sh.cfg.Domain+"/"); ok {
		return sh.download(r, name)
	}
	rest, ok := strings.CutPrefix(path, "/admin/")
	if !ok {
		return htmlReply(http.StatusNotFound, "Not Found")
	}
	if rest == "oauth/access_token" {
		return sh.grant(r)
	}
	version, resource := "", rest
	if api, ok := strings.CutPrefix(rest, "api/"); ok {
		version, resource, ok = strings.Cut(api, "/")
		if !ok || !versionForm.MatchString(version) {
			return errorReply(http.StatusNotFound, textNotFound)
		}
	}
	if !sh.knowsToken(r.Header.Get("X-Shopify-Access-Token")) {
		return errorReply(http.StatusUnauthorized, textUnauthorized)
	}

	if resource == "graphql.json" && version != "" {
		sh.mu.Lock()
		served := sh.served(version)
		sh.mu.Unlock()
		rep := sh.graphql(r)
		rep.header.Set("X-Shopify-Api-Version", served)
		return rep
	}
	sh.mu.Lock()
	served := sh.served(version)
	used, ok := sh.bucket.take(sh.srv.now())
	limit, leak := sh.bucket.header(used), sh.bucket.leak
	sh.mu.Unlock()
	var rep *reply
	switch {
	case !ok:
		rep = tooMany(leak, retryAfter)
	case !acceptsJSON(r.Header.Values("Accept")):
		rep = bytesReply(http.StatusNotAcceptable, nil)
	default:
		rep = sh.resource(r, resource, served)
	}
	if ok {
		rep.header.Set("X-Shopify-Shop-Api-Call-Limit", limit)
	}
	rep.header.Set("X-Shopify-Api-Version", served)
	return rep
}

func (sh *Shop) resource(r *http.Request, name, version string) *reply {
	switch {
	case name == "shop.json":
		return get(r, sh.shopJSON)
	case name == "oauth/access_scopes.json":
		return get(r, sh.scopesJSON)
	case name == "orders.json":
		return sh.listOrders(r)
	case name == "orders/count.json":
		return sh.countOrders(r)
	case strings.HasPrefix(name, "orders/"):
		return sh.oneOrder(r, strings.TrimPrefix(name, "orders/"))
	case name == "webhooks.json":
		return sh.webhooks(r, version)
	case name == "webhooks/count.json":
		return sh.countWebhooks(r)
	case strings.HasPrefix(name, "webhooks/"):
		return sh.oneWebhook(r, strings.TrimPrefix(name, "webhooks/"))
	}
	return errorReply(http.StatusNotFound, textNotFound)
}

func get(r *http.Request, answer func() *reply) *reply {
	if r.Method != http.MethodGet {
		return errorReply(http.StatusNotFound, textNotFound)
	}
	return answer()
}

// served is the version an app gets for the one it asked for: Shopify does
// not refuse a version that is gone, it falls forward to the oldest there is.
// The caller holds the lock.
func (sh *Shop) served(asked string) string {
	if asked == "unstable" || slices.Contains(sh.cfg.Versions, asked) {
		return asked
	}
	return sh.cfg.Versions[0]
}

func acceptsJSON(accept []string) bool {
	if len(accept) == 0 {
		return true
	}
	for _, a := range accept {
		if a == "" || strings.Contains(a, "json") || strings.Contains(a, "*/*") || strings.Contains(a, "application/*") {
			return true
		}
	}
	return false
}

// shopObject is the store as shop.json and app/uninstalled show it.
type shopObject struct {
	ID                   int64    `json:"id"`
	Name                 string   `json:"name"`
	Email                string   `json:"email"`
	Domain               string   `json:"domain"`
	Country              string   `json:"country"`
	CountryCode          string   `json:"country_code"`
	CountryName          string   `json:"country_name"`
	City                 string   `json:"city"`
	Province             *string  `json:"province"`
	Phone                *string  `json:"phone"`
	CreatedAt            string   `json:"created_at"`
	UpdatedAt            string   `json:"updated_at"`
	CustomerEmail        string   `json:"customer_email"`
	Currency             string   `json:"currency"`
	EnabledCurrencies    []string `json:"enabled_presentment_currencies"`
	Timezone             string   `json:"timezone"`
	IANATimezone         string   `json:"iana_timezone"`
	ShopOwner            string   `json:"shop_owner"`
	MoneyFormat          string   `json:"money_format"`
	WeightUnit           string   `json:"weight_unit"`
	TaxesIncluded        bool     `json:"taxes_included"`
	PlanDisplayName      string   `json:"plan_display_name"`
	PlanName             string   `json:"plan_name"`
	MyshopifyDomain      string   `json:"myshopify_domain"`
	PrimaryLocale        string   `json:"primary_locale"`
	PrimaryLocationID    int64    `json:"primary_location_id"`
	PasswordEnabled      bool     `json:"password_enabled"`
	HasStorefront        bool     `json:"has_storefront"`
	EligibleForPayments  bool     `json:"eligible_for_payments"`
	MultiLocationEnabled bool     `json:"multi_location_enabled"`
	SetupRequired        bool     `json:"setup_required"`
}

func (sh *Shop) object() shopObject {
	p := placeOf(sh.cfg.Country)
	sh.mu.Lock()
	plan := sh.cfg.PlanName
	sh.mu.Unlock()
	display := plan
	if plan != "" {
		display = strings.ToUpper(plan[:1]) + plan[1:]
	}
	name := strings.TrimSuffix(sh.cfg.Domain, domainSuffix)
	return shopObject{
		ID: sh.id, Name: sh.cfg.Name, Email: "owner@" + name + ".example.com", Domain: name + ".example.com",
		Country: p.code, CountryCode: p.code, CountryName: p.name, City: p.cities[0].name,
		CreatedAt: "2023-02-01T09:00:00" + offsetText(p.offset), UpdatedAt: "2026-06-01T09:00:00" + offsetText(p.offset),
		CustomerEmail: "hola@" + name + ".example.com", Currency: sh.cfg.Currency, EnabledCurrencies: []string{sh.cfg.Currency},
		Timezone: "(GMT" + offsetText(p.offset) + ") " + p.cities[0].name, IANATimezone: p.zone,
		ShopOwner: "Dueña de " + sh.cfg.Name, MoneyFormat: "${{amount}}", WeightUnit: "kg", TaxesIncluded: true,
		PlanDisplayName: display, PlanName: plan, MyshopifyDomain: sh.cfg.Domain, PrimaryLocale: "es",
		PrimaryLocationID: sh.id + 7, HasStorefront: true, EligibleForPayments: true, MultiLocationEnabled: true,
	}
}

func (sh *Shop) shopJSON() *reply {
	return jsonReply(http.StatusOK, map[string]any{"shop": sh.object()})
}

func (sh *Shop) shopBody() []byte {
	body, err := json.Marshal(sh.object())
	if err != nil { // plain fields only
		return []byte("{}")
	}
	return body
}

func (sh *Shop) scopesJSON() *reply {
	type scope struct {
		Handle string `json:"handle"`
	}
	sh.mu.Lock()
	scopes := make([]scope, 0, len(sh.cfg.Scopes))
	for _, s := range sh.cfg.Scopes {
		scopes = append(scopes, scope{s})
	}
	sh.mu.Unlock()
	return jsonReply(http.StatusOK, map[string]any{"access_scopes": scopes})
}

// stamp writes a time as Shopify does: whole seconds in the store's own zone.
func (sh *Shop) stamp(t time.Time) string {
	return t.In(placeOf(sh.cfg.Country).location()).Format("2006-01-02T15:04:05-07:00")
}
