package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

// ConnectInput is a request to connect a store.
type ConnectInput struct {
	Credentials
	StoreName string
}

// Connected is a store that was just connected, with the run that imports its orders.
type Connected struct {
	Import      store.Import
	Integration Integration
	Shop        shopify.Shop
}

// Connect proves the credentials at the store, stores them, and enqueues the initial import in the same
// transaction. Where a public address and a secret are known it also subscribes to webhooks; a failure
// there is no failure of the connection and shows in the integration's health.
func (a *App) Connect(ctx context.Context, userID uuid.UUID, input ConnectInput) (Connected, error) {
	return a.ConnectObserved(ctx, userID, input, nil)
}

// ConnectObserved is Connect for somebody who watches: tell is called at the beginning and at the end of each step, in their order
// and one call after the other; it must be quick. It fails with the error of the last step that is told.
func (a *App) ConnectObserved(ctx context.Context, userID uuid.UUID, input ConnectInput, tell func(StepReport)) (c Connected, err error) {
	steps := tellSteps(tell)
	defer func() { steps.end(err) }()
	steps.begin(StepName)
	shop, err := input.check()
	if err != nil {
		if len(AsError(err).Fields["store_name"]) == 0 {
			steps.begin(StepCredentials) // nobody has to be asked to see that they will not do
		}
		return Connected{}, err
	}
	mine, err := a.store.Integrations(ctx, userID)
	if err != nil {
		return Connected{}, fmt.Errorf("connect: %w", err)
	}
	taken := &Error{Kind: Invalid, Code: "store_already_connected", Params: map[string]any{"Store": shop}}
	for _, in := range mine {
		if in.StoreName == shop {
			return Connected{}, taken
		}
	}
	got, err := a.try(ctx, shop, input.Credentials, steps)
	if err != nil {
		return Connected{}, err
	}
	steps.customers(ctx, a.shopify, shopify.Session{Shop: shop, Token: got.token.AccessToken})
	steps.begin(StepSave)
	now := a.now()
	in := store.Integration{
		UserID: userID, StoreName: shop, Auth: input.auth(), ClientID: input.ClientID, Active: true,
		Permissions: got.token.Scopes, CreatedAt: now, UpdatedAt: now, ServedVersion: got.served, TokenIssuedAt: now,
	}
	a.tokenInto(&in, got.token)
	run, err := a.newImport(store.KindInitial)
	if err != nil {
		return Connected{}, err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if in.ID, err = tx.InsertIntegration(ctx, in); err != nil {
			return err
		}
		if err := input.put(ctx, tx, in.ID, got.token.AccessToken, nil, now); err != nil {
			return err
		}
		if err := a.noteVersion(ctx, tx, in); err != nil {
			return err
		}
		if err := tx.SetWebhookCheckDue(ctx, in.ID, now.Add(checkLease)); err != nil { // it is looked at below
			return err
		}
		run.IntegrationID, run.Field, run.From = in.ID, store.FieldCreatedAt, now.Add(-a.cfg.InitialWindow)
		return a.enqueue(ctx, tx, &in, run)
	})
	if errors.Is(err, store.ErrConflict) { // another request was faster
		return Connected{}, taken
	}
	if err != nil {
		return Connected{}, fmt.Errorf("connect %s: %w", shop, err)
	}
	ctx = context.WithoutCancel(ctx) // it is connected, and whoever is told anything else would try again
	a.log.InfoContext(ctx, "store connected", "integration_id", in.ID, "store", shop, "auth", in.Auth)
	steps.begin(StepWebhooks)
	a.resubscribe(ctx, in)
	view, err := a.Integration(ctx, userID, in.ID)
	if err != nil {
		return Connected{}, fmt.Errorf("connect %s: %w", shop, err)
	}
	steps.webhooks(view, a.cfg.PublicURL)
	return Connected{Integration: view, Shop: got.shop, Import: run}, nil
}

func (input ConnectInput) check() (shop string, err error) {
	bad := fieldErrors{}
	switch {
	case input.StoreName == "":
		bad.add("store_name", "required")
	case !strings.HasSuffix(strings.ToLower(input.StoreName), ".myshopify.com"):
		bad.add("store_name", "must_end_with_myshopify")
	default:
		if shop, err = shopify.ParseShop(input.StoreName); err != nil {
			bad.add("store_name", "invalid_store_name")
		}
	}
	input.Credentials.check(bad)
	switch {
	case input.AccessToken == "" && input.ClientID == "" && input.ClientSecret == "":
		bad.add("access_token", "required")
	case input.ClientID != "" && input.ClientSecret == "":
		bad.add("client_secret", "required")
	case input.ClientID == "" && input.ClientSecret != "":
		bad.add("client_id", "required")
	}
	return shop, bad.err()
}

// PatchInput changes an integration; nil leaves a member as it is.
type PatchInput struct {
	Active       *bool
	AccessToken  *string
	APISecret    *string
	ClientID     *string
	ClientSecret *string
}

// credentials gives what is to change, on top of what the integration has.
func (p PatchInput) credentials(in store.Integration) (c Credentials, changes bool, err error) {
	bad := fieldErrors{}
	for _, m := range []struct {
		name string
		from *string
		to   *string
	}{
		{"access_token", p.AccessToken, &c.AccessToken},
		{"api_secret", p.APISecret, &c.APISecret},
		{"client_id", p.ClientID, &c.ClientID},
		{"client_secret", p.ClientSecret, &c.ClientSecret},
	} {
		if m.from == nil {
			continue
		}
		if *m.from == "" {
			bad.add(m.name, "required")
		}
		*m.to, changes = *m.from, true
	}
	c.check(bad)
	if c.ClientSecret != "" && c.ClientID == "" {
		if c.ClientID = in.ClientID; c.ClientID == "" {
			bad.add("client_id", "required")
		}
	}
	if c.ClientID != "" && c.ClientSecret == "" {
		bad.add("client_secret", "required")
	}
	if c.APISecret != "" && c.AccessToken == "" && in.Auth == store.AuthClientCredentials {
		bad.add("api_secret", "credentials_mixed")
	}
	return c, changes, bad.err()
}

// Patch switches an integration on or off and replaces its credentials, which are proven at the store
// first. New credentials clear what the old ones were blamed for, and a sync is due at once.
func (a *App) Patch(ctx context.Context, userID uuid.UUID, id int64, p PatchInput) (Integration, error) {
	return a.PatchObserved(ctx, userID, id, p, nil)
}

// PatchObserved is Patch for somebody who watches those of ConnectSteps that there is reason to take, as in ConnectObserved. Subscriptions
// are made sure of at once then, and not a moment later.
func (a *App) PatchObserved(ctx context.Context, userID uuid.UUID, id int64, p PatchInput, tell func(StepReport)) (_ Integration, err error) {
	steps := tellSteps(tell)
	defer func() { steps.end(err) }()
	steps.begin(StepName)
	in, err := a.Owned(ctx, userID, id)
	if err != nil {
		return Integration{}, err
	}
	c, changes, err := p.credentials(in)
	if err != nil {
		steps.begin(StepCredentials)
		return Integration{}, err
	}
	reconnects := c.AccessToken != "" || c.ClientSecret != ""
	var got reach
	old := map[string]string{}
	if changes {
		if old, err = a.secrets(ctx, id, store.SecretAPI, store.SecretClient); err != nil {
			return Integration{}, err
		}
	}
	if reconnects {
		if got, err = a.try(ctx, in.StoreName, c, steps); err != nil {
			return Integration{}, err
		}
		steps.customers(ctx, a.shopify, shopify.Session{Shop: in.StoreName, Token: got.token.AccessToken})
	}
	steps.begin(StepSave)
	now := a.now()
	back := p.Active != nil && *p.Active && !in.Active
	if reconnects && !in.Active && p.Active == nil {
		if back, err = a.wasUninstalled(ctx, id); err != nil { // connected again: that is what the new credentials are for
			return Integration{}, err
		}
		if back {
			p.Active = &back
		}
	}
	subscribes := back
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Integration(ctx, id)
		if err != nil {
			return err
		}
		if erasing, err := tx.Erasing(ctx, id); err != nil || erasing {
			return cmp.Or(err, error(&Error{Kind: Busy, Code: "erasure_under_way", RetryAfter: 10 * time.Second}))
		}
		row.UpdatedAt = now
		if err := c.put(ctx, tx, id, got.token.AccessToken, old, now); err != nil {
			return err
		}
		if reconnects {
			if err := a.reconnected(ctx, tx, &row, c, got, old); err != nil {
				return err
			}
		}
		if changes || back {
			due := now
			subscribes = back || steps != nil && row.Active
			if subscribes { // it is looked at below
				due = due.Add(checkLease)
			}
			if err := tx.SetWebhookCheckDue(ctx, id, due); err != nil {
				return err
			}
		}
		if p.Active != nil {
			if err := a.switched(ctx, tx, &row, *p.Active); err != nil {
				return err
			}
		}
		return tx.UpdateIntegration(ctx, row)
	})
	if err != nil {
		return Integration{}, err
	}
	if steps != nil {
		ctx = context.WithoutCancel(ctx) // it is stored, and whoever is told anything else would try again
	}
	if back {
		// At once, also when periodic syncs are off: this brings what came in between.
		if _, err := a.start(ctx, id, store.KindManual, time.Time{}); err != nil {
			return Integration{}, err
		}
	}
	if subscribes {
		steps.begin(StepWebhooks)
		if in, err = a.Owned(ctx, userID, id); err != nil {
			return Integration{}, err
		}
		a.resubscribe(ctx, in)
	}
	view, err := a.Integration(ctx, userID, id)
	if err == nil && subscribes {
		steps.webhooks(view, a.cfg.PublicURL)
	}
	return view, err
}

// wasUninstalled tells whether the integration is inactive because the merchant removed the app, or its data was erased after that.
func (a *App) wasUninstalled(ctx context.Context, id int64) (bool, error) {
	problems, err := a.store.Problems(ctx, []int64{id})
	return slices.ContainsFunc(problems[id], func(p store.Problem) bool {
		return p.Code == ProblemUninstalled || p.Code == ProblemShopRedacted
	}), err
}

func (a *App) reconnected(ctx context.Context, tx *store.Tx, row *store.Integration, c Credentials, got reach, old map[string]string) error {
	row.Auth, row.ClientID, row.Permissions, row.ServedVersion = c.auth(), c.ClientID, got.token.Scopes, got.served
	a.tokenInto(row, got.token)
	// The secret of the way to connect that was left would otherwise go on verifying webhooks for ever.
	former, previous := store.SecretAPI, store.SecretPreviousAPI
	if row.Auth == store.AuthToken {
		former, previous = store.SecretClient, store.SecretPreviousClient
	}
	if old[former] != "" {
		if err := tx.PutSecret(ctx, row.ID, previous, old[former], a.now().Add(previousSecretLife)); err != nil {
			return err
		}
		if err := tx.DeleteSecrets(ctx, row.ID, former); err != nil {
			return err
		}
	}
	if err := tx.ClearProblems(ctx, row.ID, credentialProblems...); err != nil {
		return err
	}
	if err := a.noteVersion(ctx, tx, *row); err != nil {
		return err
	}
	row.NextSyncAt, row.RESTDueAt = a.nextSync(a.now(), 0), time.Time{}
	return tx.SetUninstalled(ctx, row.ID, time.Time{})
}

// switched turns the integration on or off. Off cancels the run in hand; on makes a sync due at once,
// which brings what came in between.
func (a *App) switched(ctx context.Context, tx *store.Tx, row *store.Integration, active bool) error {
	if row.Active == active {
		return nil
	}
	row.Active = active
	if active {
		row.NextSyncAt = a.nextSync(a.now(), 0)
		if err := tx.SetUninstalled(ctx, row.ID, time.Time{}); err != nil {
			return err
		}
		return tx.ClearProblems(ctx, row.ID, ProblemUninstalled, ProblemShopRedacted)
	}
	row.NextSyncAt = time.Time{}
	return a.cancelRuns(ctx, tx, row.ID, "integration_inactive")
}

// secrets reads the named secrets of an integration; those that do not exist are left out.
func (a *App) secrets(ctx context.Context, id int64, kinds ...string) (map[string]string, error) {
	out := make(map[string]string, len(kinds))
	for _, kind := range kinds {
		value, err := a.store.Secret(ctx, id, kind)
		switch {
		case err == nil:
			out[kind] = value
		case !errors.Is(err, store.ErrNotFound):
			return nil, fmt.Errorf("secrets of integration %d: %w", id, err)
		}
	}
	return out, nil
}
