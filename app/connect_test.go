package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
)

func TestConnect_StoresAndEnqueues(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	if c.Shop.MyshopifyDomain != shopDomain {
		t.Errorf("shop %q, want %q", c.Shop.MyshopifyDomain, shopDomain)
	}
	if c.Import.Kind != store.KindInitial || c.Import.State != store.ImportQueued || c.Import.Field != store.FieldCreatedAt {
		t.Errorf("import %+v, want a queued initial one by created_at", c.Import)
	}
	if got := w.clock.Now().Sub(c.Import.From).Hours() / 24; got != 90 {
		t.Errorf("the window begins %v days ago, want 90", got)
	}
	in := c.Integration
	if !in.Active || in.WebhookStatus != app.WebhooksActive || in.HealthStatus != app.HealthOK || len(in.Problems) > 0 {
		t.Errorf("integration %+v, want active, webhooks active, no problems", in)
	}
	var topics []string
	for _, h := range w.shop.Subscriptions() {
		topics = append(topics, h.Topic)
		if h.Address != publicURL+app.WebhookPath {
			t.Errorf("subscribed at %s", h.Address)
		}
	}
	if diff := cmp.Diff(len(app.Topics), len(topics)); diff != "" {
		t.Error(diff)
	}
	jobs, err := w.store.JobCounts(t.Context())
	if err != nil || jobs["available"] != 1 {
		t.Errorf("jobs %v, %v, want one available", jobs, err)
	}
}

func TestConnect_RefusesBadInput(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good := app.Credentials{AccessToken: shopToken}
	for name, c := range map[string]struct {
		input app.ConnectInput
		field string
		code  string
	}{
		"no store":           {app.ConnectInput{Credentials: good}, "store_name", "required"},
		"no suffix":          {app.ConnectInput{StoreName: "tienda.com", Credentials: good}, "store_name", "must_end_with_myshopify"},
		"path":               {app.ConnectInput{StoreName: "evil.com/.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"query":              {app.ConnectInput{StoreName: "evil.com/?.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"fragment":           {app.ConnectInput{StoreName: "evil.com#.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"userinfo":           {app.ConnectInput{StoreName: "a@b.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"port":               {app.ConnectInput{StoreName: "evil.com:443/.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"port after":         {app.ConnectInput{StoreName: "a.myshopify.com:443", Credentials: good}, "store_name", "must_end_with_myshopify"},
		"subdomain":          {app.ConnectInput{StoreName: "a.b.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"unicode dot":        {app.ConnectInput{StoreName: "evil\u3002com.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"kelvin sign":        {app.ConnectInput{StoreName: "\u212Aelvin.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"line break":         {app.ConnectInput{StoreName: "a\r\nb.myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"line break after":   {app.ConnectInput{StoreName: "a.myshopify.com\n", Credentials: good}, "store_name", "must_end_with_myshopify"},
		"empty name":         {app.ConnectInput{StoreName: ".myshopify.com", Credentials: good}, "store_name", "invalid_store_name"},
		"no credentials":     {app.ConnectInput{StoreName: shopDomain}, "access_token", "required"},
		"app secret":         {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: "shpss_123"}}, "access_token", "is_app_secret"},
		"other token":        {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: "abc"}}, "access_token", "must_begin_with_shp"},
		"header injection":   {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: "shpat_a\r\nX: y"}}, "access_token", "invalid_characters"},
		"id without secret":  {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{ClientID: "id"}}, "client_secret", "required"},
		"secret without id":  {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{ClientSecret: "s"}}, "client_id", "required"},
		"token and id":       {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken, ClientID: "id", ClientSecret: "s"}}, "access_token", "credentials_mixed"},
		"unending":           {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: "shpat_" + strings.Repeat("a", 600)}}, "access_token", "too_long"},
		"secret with spaces": {app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: "a b"}}, "api_secret", "invalid_characters"},
	} {
		_, err := w.app.Connect(t.Context(), w.user, c.input)
		e := wantError(t, err, app.Invalid, "validation_failed")
		if len(e.Fields[c.field]) == 0 || e.Fields[c.field][0].Code != c.code {
			t.Errorf("%s: fields %v, want %s: %s", name, e.Fields, c.field, c.code)
		}
	}
	if calls := w.sim.Calls(); len(calls) > 0 {
		t.Errorf("%d calls went out for input that was refused", len(calls))
	}
}

func TestConnect_TellsWhatShopifyRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault simulator.FaultKind
		code  string
	}{
		"401":       {simulator.FaultUnauthorized, "invalid_token"},
		"402":       {simulator.FaultPayment, "shopify_error"},
		"403":       {simulator.FaultForbidden, "shopify_error"},
		"404":       {simulator.FaultNotFoundHTML, "store_not_found"},
		"500":       {simulator.FaultInternal, "shopify_error"},
		"silence":   {simulator.FaultDrop, "shopify_unreachable"},
		"elsewhere": {simulator.FaultRedirect, "shopify_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.shop.Inject(simulator.Fault{Kind: c.fault, Path: "shop.json"})
			_, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
			wantError(t, err, app.Invalid, c.code)
			if ins, err := w.app.Integrations(t.Context(), w.user); err != nil || len(ins) > 0 {
				t.Errorf("%d integrations after a refusal, %v", len(ins), err)
			}
		})
	}
}
