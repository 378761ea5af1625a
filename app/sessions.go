package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"probability/shopify"
	"probability/store"
)

// renewAt is the share of a token's life after which it is renewed.
const renewAt = 0.8

// renewTimeout bounds one renewal, whoever waits for it.
const renewTimeout = 30 * time.Second

// call runs fn with the store's token. Where the token comes from the client credentials grant, it is
// renewed when most of its life is over, and once more when Shopify refuses it all the same.
func (a *App) call(ctx context.Context, in store.Integration, fn func(shopify.Session) error) error {
	token, err := a.token(ctx, in)
	if err != nil {
		return err
	}
	err = fn(shopify.Session{Shop: in.StoreName, Token: token})
	if shopify.KindOf(err) != shopify.KindUnauthorized {
		return err
	}
	refused := err
	var again string
	if in.Auth == store.AuthClientCredentials {
		if again, err = a.renew(ctx, in, token); err != nil {
			return err
		}
	} else if again, err = a.store.Secret(ctx, in.ID, store.SecretAccessToken); err != nil {
		return refused
	}
	if again == token { // not replaced meanwhile: there is no other to try
		return refused
	}
	return fn(shopify.Session{Shop: in.StoreName, Token: again})
}

func (a *App) token(ctx context.Context, in store.Integration) (string, error) {
	token, err := a.store.Secret(ctx, in.ID, store.SecretAccessToken)
	if errors.Is(err, store.ErrNotFound) {
		if in.Auth == store.AuthClientCredentials && in.Active {
			return a.renew(ctx, in, "")
		}
		return "", &shopify.Error{Kind: shopify.KindUnauthorized, Op: "token", Messages: []string{"no token is stored"}}
	}
	if err != nil {
		return "", fmt.Errorf("token of integration %d: %w", in.ID, err)
	}
	if in.Auth != store.AuthClientCredentials {
		return token, nil
	}
	// Read after the token: should another caller renew in between, this one sees an old token that
	// still works, never a new one that looks old and would be renewed again.
	if in, err = a.store.IntegrationByID(ctx, in.ID); err != nil {
		return "", fmt.Errorf("token of integration: %w", err)
	}
	if in.TokenExpiresAt.IsZero() {
		return token, nil
	}
	now := a.now()
	life := in.TokenExpiresAt.Sub(in.TokenIssuedAt)
	if now.Before(in.TokenIssuedAt.Add(time.Duration(renewAt * float64(life)))) {
		return token, nil
	}
	fresh, err := a.renew(ctx, in, token)
	if err != nil && now.Before(in.TokenExpiresAt) { // the old one still works: no reason to stop
		a.log.WarnContext(ctx, "the token could not be renewed early; the present one is used on",
			"integration_id", in.ID, "expires_at", in.TokenExpiresAt, "error", err)
		return token, nil
	}
	return fresh, err
}

// renew asks for a new token, one request at a time for an integration, and stores it before anybody
// uses it. stale is the token that is to be replaced: when another caller has replaced it already,
// that newer one is the answer and Shopify is not asked.
func (a *App) renew(ctx context.Context, in store.Integration, stale string) (string, error) {
	ch := a.renewals.DoChan(strconv.FormatInt(in.ID, 10), func() (any, error) {
		// Not the caller's context: others wait for the same answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
		defer cancel()
		current, err := a.store.Secret(ctx, in.ID, store.SecretAccessToken)
		if err == nil && current != stale {
			return current, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		secret, err := a.store.Secret(ctx, in.ID, store.SecretClient)
		if err != nil {
			return "", fmt.Errorf("client secret of integration %d: %w", in.ID, err)
		}
		t, err := a.shopify.Token(ctx, in.StoreName, in.ClientID, secret)
		if err != nil {
			return "", err
		}
		err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			row, err := tx.Integration(ctx, in.ID)
			if err != nil {
				return err
			}
			// Shopify took its time: the app may be uninstalled, or the credentials others.
			stored, err := tx.Secret(ctx, in.ID, store.SecretAccessToken)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if !row.Active || row.Auth != in.Auth || row.ClientID != in.ClientID || stored != stale {
				return errSuperseded
			}
			a.tokenInto(&row, t)
			if err := tx.PutSecret(ctx, in.ID, store.SecretAccessToken, t.AccessToken, time.Time{}); err != nil {
				return err
			}
			return tx.UpdateIntegration(ctx, row)
		})
		if errors.Is(err, errSuperseded) {
			return a.store.Secret(ctx, in.ID, store.SecretAccessToken)
		}
		if err != nil {
			return "", fmt.Errorf("store the renewed token of integration %d: %w", in.ID, err)
		}
		a.log.InfoContext(ctx, "token renewed", "integration_id", in.ID, "store", in.StoreName)
		return t.AccessToken, nil
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case res := <-ch:
		if res.Err != nil {
			return "", res.Err
		}
		token, _ := res.Val.(string)
		return token, nil
	}
}

// tokenInto notes the life and the scopes of a token from the client credentials grant.
func (a *App) tokenInto(in *store.Integration, t shopify.Token) {
	in.TokenIssuedAt, in.TokenExpiresAt = a.now(), time.Time{}
	if t.ExpiresIn > 0 {
		in.TokenExpiresAt = in.TokenIssuedAt.Add(t.ExpiresIn)
	}
	if len(t.Scopes) > 0 {
		in.Permissions = t.Scopes
	}
	in.UpdatedAt = a.now()
}
