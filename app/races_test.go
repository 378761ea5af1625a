package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
)

func TestImport_TakesShopifysTimeForTheEndOfItsWindow(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"behind": -2 * time.Hour, "ahead": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *app.Config) {
				right := c.Now
				c.Now = func() time.Time { return right().Add(skew) }
			})
			w.shop.Generate(20, 10*days)
			w.shop.NewOrder()
			c := w.connect(t)
			if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || len(w.orders(t, c.Integration.ID)) != 21 {
				t.Errorf("run %+v, %d orders, want 21 with the newest", run, len(w.orders(t, c.Integration.ID)))
			}
			if mark := w.integration(t, c.Integration.ID).Watermark; !mark.Equal(w.clock.Now()) {
				t.Errorf("watermark %v at Shopify's %v", mark, w.clock.Now())
			}
		})
	}
}

func TestClientCredentials_ARenewalDoesNotUndoAnUninstallation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	shop, c := w.connectApp(t, 10)
	id := c.Integration.ID
	w.clock.Add(time.Hour)
	shop.ExpireTokens()
	gone := false
	w.after = func(r *http.Request) {
		if gone || !strings.HasSuffix(r.URL.Path, "/oauth/access_token") {
			return
		}
		gone = true
		body := fmt.Sprintf(`{"id":1,"myshopify_domain":"%s"}`, ownShop)
		w.accept(t, app.Incoming{Shop: ownShop, Topic: app.TopicUninstalled, WebhookID: "u", Body: []byte(body), HMAC: shopify.Sign(appSecret, []byte(body))})
		w.process(t, id)
	}
	if res, err := w.app.Test(t.Context(), w.user, id); err == nil && res.Err == nil {
		t.Error("the test of an uninstalled app succeeds")
	}
	if _, err := w.store.Secret(t.Context(), id, store.SecretAccessToken); err == nil || !gone {
		t.Errorf("a renewal stored a token after the uninstallation (%v)", gone)
	}
}

func TestPatch_AnotherWayToConnectKeepsTheFormerSecretForADay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const domain = "tienda-tres.myshopify.com"
	w.sim.AddShop(simulator.ShopConfig{Domain: domain, Token: shopToken, APISecret: shopSecret, ClientID: appID, ClientSecret: appSecret, Bucket: -1})
	c, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{
		StoreName: domain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := w.app.Patch(t.Context(), w.user, c.Integration.ID, app.PatchInput{ClientID: new(appID), ClientSecret: new(appSecret)})
	if err != nil || in.Auth != store.AuthClientCredentials {
		t.Fatalf("patch: %+v, %v", in, err)
	}
	body := order(1, "2026-11-01T10:00:00Z", "paid")
	d := app.Incoming{Shop: domain, Topic: app.TopicOrdersCreate, WebhookID: "w", Body: []byte(body), HMAC: shopify.Sign(shopSecret, []byte(body))}
	w.accept(t, d)
	w.clock.Add(25 * time.Hour)
	wantError(t, w.app.Accept(t.Context(), d), app.Unauthorized, "webhook_signature_invalid")
	d.HMAC = shopify.Sign(appSecret, d.Body)
	w.accept(t, d)
}
