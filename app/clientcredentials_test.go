package app_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"probability/app"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

const (
	appID     = "0123456789abcdef0123456789abcdef"
	appSecret = "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"
	ownShop   = "tienda-dos.myshopify.com"
)

// connectApp adds a store with an app of the merchant's own, and connects it.
func (w *world) connectApp(t *testing.T, orders int) (*simulator.Shop, app.Connected) {
	t.Helper()
	shop := w.sim.AddShop(simulator.ShopConfig{Domain: ownShop, ClientID: appID, ClientSecret: appSecret, Bucket: -1})
	shop.Generate(orders, 80*days)
	c, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{
		StoreName: ownShop, Credentials: app.Credentials{ClientID: appID, ClientSecret: appSecret},
	})
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	return shop, c
}

// grants counts the requests for a token.
func (w *world) grants() int {
	n := 0
	for _, c := range w.sim.Calls() {
		if strings.HasSuffix(c.Path, "/oauth/access_token") {
			n++
		}
	}
	return n
}

func TestClientCredentials_RenewedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, c := w.connectApp(t, 300)
	if c.Integration.Auth != store.AuthClientCredentials || c.Integration.WebhookStatus != app.WebhooksActive {
		t.Errorf("auth %s, webhooks %s: the app's secret signs webhooks", c.Integration.Auth, c.Integration.WebhookStatus)
	}
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || w.grants() != 1 {
		t.Fatalf("run %+v after %d grants, want completed after 1", run, w.grants())
	}
	w.clock.Add(18 * time.Hour) // three quarters of 24
	w.sync(t, c.Integration.ID)
	if got := w.grants(); got != 1 {
		t.Errorf("%d grants after three quarters of the token's life, want 1", got)
	}
	w.clock.Add(2 * time.Hour)
	w.sync(t, c.Integration.ID)
	if got := w.grants(); got != 2 {
		t.Errorf("%d grants after more than four fifths, want 2", got)
	}
}

func TestClientCredentials_OneGrantForAll(t *testing.T) {
	t.Parallel()
	w := setup(t)
	shop, c := w.connectApp(t, 300)
	shop.ExpireTokens()
	callers := storetest.Size(1000, 250)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for {
				res, err := w.app.Test(t.Context(), w.user, c.Integration.ID)
				if err == nil && res.Err != nil && shopify.KindOf(res.Err) == shopify.KindThrottled {
					continue // until the new token's first answer nobody knows how many calls the store takes
				}
				if err != nil || res.Err != nil {
					t.Errorf("test: %v, %v", res.Err, err)
				}
				return
			}
		})
	}
	all.Wait()
	if got := w.grants(); got != 2 {
		t.Errorf("%d grants for %d callers whose token was refused, want 1 more than at the connection", got, callers)
	}
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted {
		t.Errorf("run %+v, want completed", run)
	}
}

func TestClientCredentials_ExpiredInTheMiddleOfAnImport(t *testing.T) {
	t.Parallel()
	w := setup(t)
	shop, c := w.connectApp(t, 1000)
	shop.Inject(simulator.Fault{Kind: simulator.FaultUnauthorized, Path: "orders.json", Page: 2, Times: 1})
	if run := w.runImport(t, c.Import.ID); run.State != store.ImportCompleted || run.Fetched != 1000 || w.grants() != 2 {
		t.Errorf("run %+v after %d grants, want completed after 2", run, w.grants())
	}
}

func TestClientCredentials_RefusedForGood(t *testing.T) {
	t.Parallel()
	w := setup(t)
	shop, c := w.connectApp(t, 300)
	shop.RotateSecret("shpss_another")
	shop.ExpireTokens()
	run := w.runImport(t, c.Import.ID)
	if run.State != store.ImportFailed || run.ErrorCode != app.ProblemReauthorize {
		t.Fatalf("run %+v, want failed: reauthorize", run)
	}
	fresh := "shpss_another"
	in, err := w.app.Patch(t.Context(), w.user, c.Integration.ID, app.PatchInput{ClientSecret: &fresh})
	if err != nil || len(in.Problems) > 0 {
		t.Fatalf("patch: %+v, %v, want no problem left", in.Problems, err)
	}
	if run := w.sync(t, in.ID); run.State != store.ImportCompleted {
		t.Errorf("run %+v, want completed", run)
	}
}

func TestClientCredentials_TellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for kind, want := range map[simulator.FaultKind][2]string{
		simulator.FaultNotInstalled: {"shopify_error", "app_not_installed"},
		simulator.FaultNotPermitted: {"shopify_error", "shop_not_permitted"},
		simulator.FaultBadClient:    {"invalid_token", "invalid_client_credentials"},
		simulator.FaultHTML:         {"shopify_error", ""},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			shop := w.sim.AddShop(simulator.ShopConfig{Domain: ownShop, ClientID: appID, ClientSecret: appSecret})
			shop.Inject(simulator.Fault{Kind: kind, Path: "access_token"})
			_, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{
				StoreName: ownShop, Credentials: app.Credentials{ClientID: appID, ClientSecret: appSecret},
			})
			if e := wantError(t, err, app.Invalid, want[0]); e.Reason != want[1] {
				t.Errorf("reason %q, want %q", e.Reason, want[1])
			}
		})
	}
}

func TestPatch_SwitchingTheWayToConnect(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	for name, p := range map[string]app.PatchInput{
		"empty token":        {AccessToken: new("")},
		"app secret":         {AccessToken: new("shpss_x")},
		"id without secret":  {ClientID: new(appID)},
		"secret without id":  {ClientSecret: new(appSecret)},
		"token and id":       {AccessToken: new(shopToken), ClientID: new(appID), ClientSecret: new(appSecret)},
		"injection":          {APISecret: new("a\nb")},
		"spaces in a secret": {APISecret: new("a b")},
	} {
		_, err := w.app.Patch(t.Context(), w.user, c.Integration.ID, p)
		if app.KindOf(err) != app.Invalid {
			t.Errorf("%s: %v, want refused", name, err)
		}
	}
	_, err := w.app.Patch(t.Context(), w.user, c.Integration.ID, app.PatchInput{AccessToken: new("shpat_wrong")})
	wantError(t, err, app.Invalid, "invalid_token")
	if got, err := w.store.Secret(t.Context(), c.Integration.ID, store.SecretAccessToken); err != nil || got != shopToken {
		t.Errorf("the token that works was replaced by one that does not (%v)", err)
	}
	off := false
	in, err := w.app.Patch(t.Context(), w.user, c.Integration.ID, app.PatchInput{Active: &off})
	if err != nil || in.Active || !in.NextSyncAt.IsZero() {
		t.Errorf("switched off: %+v, %v", in, err)
	}
	if run, err := w.store.ImportByID(t.Context(), c.Import.ID); err != nil || run.State != store.ImportCancelled {
		t.Errorf("the run is %s, %v, want cancelled", run.State, err)
	}
	on := true
	if in, err = w.app.Patch(t.Context(), w.user, in.ID, app.PatchInput{Active: &on}); err != nil || !in.Active || in.NextSyncAt.IsZero() {
		t.Errorf("switched on: %+v, %v, want a sync due", in, err)
	}
	if err := w.app.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if active, err := w.store.ActiveImports(t.Context()); err != nil || len(active) != 1 {
		t.Errorf("%d runs after switching on, %v, want 1", len(active), err)
	}
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.shop.Generate(300, 80*days)
	c := w.connect(t)
	w.runImport(t, c.Import.ID)
	other := w.addUser(t, "luis@example.com")
	_, err := w.app.Disconnect(t.Context(), other, c.Integration.ID)
	wantError(t, err, app.NotFound, "not_found")
	name, err := w.app.Disconnect(t.Context(), w.user, c.Integration.ID)
	if err != nil || name != shopDomain {
		t.Fatalf("disconnect: %q, %v", name, err)
	}
	if left := w.shop.Subscriptions(); len(left) != 0 {
		t.Errorf("%d subscriptions left at Shopify", len(left))
	}
	_, err = w.app.Integration(t.Context(), w.user, c.Integration.ID)
	wantError(t, err, app.NotFound, "not_found")
	again := w.connect(t)
	if again.Integration.ID == c.Integration.ID {
		t.Error("the id of a disconnected store is used again")
	}
	if err := w.app.Purge(t.Context(), c.Integration.ID); err != nil {
		t.Fatal(err)
	}
	if got := len(w.orders(t, c.Integration.ID)); got != 0 {
		t.Errorf("%d orders left", got)
	}
	if err := w.app.Process(t.Context(), c.Integration.ID); err != nil {
		t.Errorf("a job of the disconnected store fails: %v", err)
	}
}

func TestDisconnect_WhenShopifyIsGone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultInternal})
	if _, err := w.app.Disconnect(t.Context(), w.user, c.Integration.ID); err != nil {
		t.Errorf("disconnect: %v, want done all the same", err)
	}
}
