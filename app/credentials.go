package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"probability/shopify"
	"probability/store"
)

// previousSecretLife is how long a replaced secret still verifies webhooks. Shopify signs with the old one
// for up to an hour after a rotation and repeats a delivery for four; a day covers both with room.
const previousSecretLife = 24 * time.Hour

// Credentials are what a merchant has to reach a store: a pasted token, with the secret of the app it
// belongs to when webhooks are wanted, or the id and the secret of an app of their own.
type Credentials struct {
	AccessToken  string
	APISecret    string
	ClientID     string
	ClientSecret string
}

// maxCredential is far above what Shopify hands out, in bytes.
const maxCredential = 512

// check adds the complaints about the credentials' form. Whether they work only Shopify knows.
func (c Credentials) check(bad fieldErrors) {
	for field, value := range map[string]string{
		"access_token": c.AccessToken, "api_secret": c.APISecret, "client_id": c.ClientID, "client_secret": c.ClientSecret,
	} {
		switch {
		case len(value) > maxCredential:
			bad.add(field, "too_long", "Max", maxCredential)
		case strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }):
			bad.add(field, "invalid_characters")
		}
	}
	switch {
	case c.AccessToken != "" && (c.ClientID != "" || c.ClientSecret != ""):
		bad.add("access_token", "credentials_mixed")
	case strings.HasPrefix(c.AccessToken, "shpss_"):
		bad.add("access_token", "is_app_secret")
	case c.AccessToken != "" && !strings.HasPrefix(c.AccessToken, "shp"):
		bad.add("access_token", "must_begin_with_shp")
	}
	if c.APISecret != "" && (c.ClientID != "" || c.ClientSecret != "") {
		bad.add("api_secret", "credentials_mixed")
	}
}

// auth is the way to connect that the credentials mean.
func (c Credentials) auth() string {
	if c.ClientID != "" || c.ClientSecret != "" {
		return store.AuthClientCredentials
	}
	return store.AuthToken
}

// reach is what the store answered to the credentials.
type reach struct {
	token  shopify.Token // Scopes nil: the store would not tell them
	shop   shopify.Shop
	served string // API version
}

// defaultProofTime is how long the store may take over all that proves credentials. Somebody waits for it, and a client's own
// tries and time-outs come to minutes. Many programs wait for half a minute and no longer.
const defaultProofTime = 25 * time.Second

// try proves the credentials at the store: token, shop.json, scopes. Nothing is stored.
func (a *App) try(ctx context.Context, shop string, c Credentials, steps *stepTeller) (reach, error) {
	proof, cancel := context.WithTimeout(ctx, a.cfg.ProofTime)
	defer cancel()
	got, err := a.proveReach(proof, shop, c, steps)
	if err != nil && proof.Err() != nil && ctx.Err() == nil {
		err = &Error{Kind: Invalid, Code: "shopify_unreachable", Detail: "no answer within " + a.cfg.ProofTime.String(), Err: err}
	}
	return got, err
}

func (a *App) proveReach(ctx context.Context, shop string, c Credentials, steps *stepTeller) (reach, error) {
	steps.begin(StepStore)
	r := reach{token: shopify.Token{AccessToken: c.AccessToken}}
	if c.auth() == store.AuthClientCredentials {
		t, err := a.shopify.Token(ctx, shop, c.ClientID, c.ClientSecret)
		if err != nil {
			steps.refused(err)
			return reach{}, fromShopify(err)
		}
		steps.begin(StepCredentials)
		r.token = t
	}
	return a.look(ctx, shopify.Session{Shop: shop, Token: r.token.AccessToken}, r, steps)
}

// look asks the store who it is and what the token may do.
func (a *App) look(ctx context.Context, s shopify.Session, r reach, steps *stepTeller) (reach, error) {
	shop, err := a.shopify.Shop(ctx, s)
	if err != nil {
		steps.refused(err)
		return reach{}, fromShopify(err)
	}
	steps.begin(StepCredentials)
	steps.note(NoteStore, StepPassed, "Name", shop.Name)
	steps.begin(StepScopes)
	scopes, err := a.shopify.Scopes(ctx, s)
	switch kind := shopify.KindOf(err); {
	case err == nil:
		r.token.Scopes = scopes
	case kind == shopify.KindNotFound || kind == shopify.KindForbidden:
		// No list of scopes to be had: the token's own answer, if it brought one, or the import will tell.
	default:
		return reach{}, fromShopify(err)
	}
	steps.scopes(r.token.Scopes)
	r.shop, r.served = shop, a.shopify.ServedVersion(s.Shop)
	if r.token.Scopes != nil && !canReadOrders(r.token.Scopes) {
		return reach{}, &Error{Kind: Invalid, Code: "missing_scope", Params: map[string]any{"Scope": "read_orders"}}
	}
	return r, nil
}

// canReadOrders tells whether the scopes let orders be read; a write scope includes its read scope.
func canReadOrders(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool {
		return s == "read_orders" || s == "write_orders" || s == "read_all_orders"
	})
}

// put stores the credentials of an integration. Secrets that they replace go on verifying webhooks for
// previousSecretLife.
func (c Credentials) put(ctx context.Context, tx *store.Tx, id int64, token string, old map[string]string, now time.Time) error {
	secrets := []struct{ kind, value string }{
		{store.SecretAccessToken, token}, {store.SecretAPI, c.APISecret}, {store.SecretClient, c.ClientSecret},
	}
	previous := map[string]string{store.SecretAPI: store.SecretPreviousAPI, store.SecretClient: store.SecretPreviousClient}
	for _, s := range secrets {
		if s.value == "" {
			continue
		}
		if was := old[s.kind]; was != "" && was != s.value && previous[s.kind] != "" {
			if err := tx.PutSecret(ctx, id, previous[s.kind], was, now.Add(previousSecretLife)); err != nil {
				return err
			}
		}
		if err := tx.PutSecret(ctx, id, s.kind, s.value, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}
