package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"probability/app"
	"probability/shopify/simulator"
	"probability/store"
)

// Whatever goes wrong wherever: steps are taken in their order, each begins and ends once, the first that fails is the last, it
// fails with the error that the caller gets, and the store is stored when saving passed and only then.
func TestConnectObserved_TellsTheWayAsItIs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.AddShop(simulator.ShopConfig{Domain: ownShop, ClientID: appID, ClientSecret: appSecret, Bucket: -1}).Generate(12, 10*days)
	faults := []simulator.FaultKind{
		"", "", simulator.FaultInternal, simulator.FaultUnauthorized, simulator.FaultPayment, simulator.FaultScope, simulator.FaultProtectedData,
		simulator.FaultForbidden, simulator.FaultNotFound, simulator.FaultNotFoundHTML, simulator.FaultInvalidList, simulator.FaultLocked,
		simulator.FaultRedirect, simulator.FaultDrop, simulator.FaultHTML, simulator.FaultEmptyBody, simulator.FaultNotInstalled, simulator.FaultBadClient,
	}
	paths := []string{"access_token", "shop.json", "access_scopes", "orders.json", "webhooks.json"}
	scopes := [][]string{{"read_orders", "read_all_orders"}, {"write_orders"}, {"read_products"}, {}}
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		shop := w.sim.Shop(ownShop)
		shop.ClearFaults()
		shop.SetScopes(rapid.SampledFrom(scopes).Draw(t, "scopes")...)
		kind, path := rapid.SampledFrom(faults).Draw(t, "fault"), rapid.SampledFrom(paths).Draw(t, "path")
		if kind != "" {
			shop.Inject(simulator.Fault{Kind: kind, Path: path})
		}
		input := app.ConnectInput{
			StoreName:   rapid.SampledFrom([]string{ownShop, ownShop, ownShop, "nobody.myshopify.com", "x"}).Draw(t, "store"),
			Credentials: app.Credentials{ClientID: appID, ClientSecret: rapid.SampledFrom([]string{appSecret, appSecret, "wrong", ""}).Draw(t, "secret")},
		}
		var told []app.StepReport
		c, err := w.app.ConnectObserved(ctx, w.user, input, func(r app.StepReport) { told = append(told, r) })
		way, at := app.ConnectSteps(), -1
		saved := false
		for i, r := range told {
			switch place := slices.Index(way, r.Step); {
			case r.State == app.StepRunning && (place <= at || i > 0 && told[i-1].State == app.StepRunning):
				t.Fatalf("%s begins at the wrong time: %+v", r.Step, told)
			case r.State == app.StepRunning:
				at = place
			case place != at || told[i-1].State != app.StepRunning:
				t.Fatalf("%s ends at the wrong time: %+v", r.Step, told)
			}
			if last := i == len(told)-1; r.State == app.StepFailed && (!last || !errors.Is(err, r.Err)) || last && r.State == app.StepRunning {
				t.Fatalf("the end is %+v, with %v", told, err)
			}
			saved = saved || r.Step == app.StepSave && r.State == app.StepPassed
		}
		if failed := told[len(told)-1].State == app.StepFailed; failed != (err != nil) {
			t.Fatalf("the last step says failed: %v, the error is %v", failed, err)
		}
		stores, listErr := w.app.Integrations(ctx, w.user)
		if listErr != nil || (len(stores) == 1) != saved || saved != (err == nil) {
			t.Fatalf("%d stores are connected after saved: %v, %v, %v", len(stores), saved, err, listErr)
		}
		if err == nil {
			shop.ClearFaults()
			if _, err := w.app.Disconnect(ctx, w.user, c.Integration.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whoever gives up while credentials are proven leaves nothing; who does so once it is stored leaves all of it.
func TestConnectObserved_GivenUpAtEachStep(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, step := range app.ConnectSteps() {
		domain := "tienda-" + string(step) + ".myshopify.com"
		w.sim.AddShop(simulator.ShopConfig{Domain: domain, Token: shopToken, APISecret: shopSecret, Bucket: -1})
		ctx, cancel := context.WithCancel(t.Context())
		last := app.StepReport{}
		c, err := w.app.ConnectObserved(ctx, w.user, app.ConnectInput{
			StoreName: domain, Credentials: app.Credentials{AccessToken: shopToken, APISecret: shopSecret},
		}, func(r app.StepReport) {
			if last = r; r.Step == step && r.State == app.StepRunning {
				cancel()
			}
		})
		cancel()
		stores, listErr := w.app.Integrations(t.Context(), w.user)
		if listErr != nil {
			t.Fatal(listErr)
		}
		switch {
		case step != app.StepWebhooks:
			if !errors.Is(err, context.Canceled) || len(stores) != 0 || last.State != app.StepFailed {
				t.Errorf("%s: %d stores, %+v, %v, want none", step, len(stores), last, err)
			}
		case err != nil || len(stores) != 1 || stores[0].WebhookStatus != app.WebhooksActive || w.runImport(t, c.Import.ID).State != store.ImportCompleted:
			t.Errorf("%s: %+v, %v, want one that is subscribed", step, stores, err)
		}
	}
}

// A store that does not answer is given up in time, and is called unreachable.
func TestConnect_GivesUpInTime(t *testing.T) {
	t.Parallel()
	w := setup(t, func(cfg *app.Config) { cfg.ProofTime = 50 * time.Millisecond })
	w.shop.Inject(simulator.Fault{Kind: simulator.FaultHang, Path: "access_scopes"})
	_, err := w.app.Connect(t.Context(), w.user, app.ConnectInput{StoreName: shopDomain, Credentials: app.Credentials{AccessToken: shopToken}})
	wantError(t, err, app.Invalid, "shopify_unreachable")
}

// New credentials take their part of the way, and a secret alone asks nobody.
func TestPatchObserved_TellsItsSteps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connect(t)
	for _, p := range []struct {
		input app.PatchInput
		want  []app.ConnectStep
		state app.StepState
	}{
		{app.PatchInput{AccessToken: new("shpat_wrong")}, []app.ConnectStep{app.StepName, app.StepStore, app.StepCredentials}, app.StepFailed},
		{app.PatchInput{AccessToken: new(shopToken)}, app.ConnectSteps(), app.StepPassed},
		{app.PatchInput{APISecret: new("another")}, []app.ConnectStep{app.StepName, app.StepSave, app.StepWebhooks}, app.StepPassed},
		{app.PatchInput{AccessToken: new("")}, []app.ConnectStep{app.StepName, app.StepCredentials}, app.StepFailed},
	} {
		var got []app.ConnectStep
		var last app.StepReport
		_, err := w.app.PatchObserved(t.Context(), w.user, c.Integration.ID, p.input, func(r app.StepReport) {
			if last = r; r.State == app.StepRunning {
				got = append(got, r.Step)
			}
		})
		if !slices.Equal(got, p.want) || last.State != p.state || (err == nil) != (p.state == app.StepPassed) {
			t.Errorf("%v ends %v with %v, want %v to end %v", got, last.State, err, p.want, p.state)
		}
	}
}
