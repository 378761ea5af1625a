package app

import (
	"context"
	"errors"
	"slices"

	"probability/shopify"
	"probability/store"
)

// The problems that an integration's health can name. Each has a sentence that says how to mend it.
const (
	ProblemAccessDenied    = "access_denied"             // Shopify forbids the orders, for another reason than a scope
	ProblemDiskLow         = "disk_low"                  // imports pause for want of room on our own disk
	ProblemDataRequest     = "data_request_open"         // a customer asked for their data, and nobody fetched it yet
	ProblemLimited         = "orders_limited_to_60_days" // read_all_orders is not granted
	ProblemMissingScope    = "missing_scope"
	ProblemDrift           = "orders_drift"           // an audit found orders that differ, and did not mend all
	ProblemNoSecret        = "webhook_secret_missing" // a public address is known, but nothing to verify webhooks with
	ProblemNoWebhooks      = "webhooks_missing"       // not every topic is subscribed
	ProblemPersonalData    = "personal_data_withheld"
	ProblemRESTRefused     = "rest_orders_refused" // the orders come by GraphQL instead, all of them: told, and no trouble
	ProblemReauthorize     = "reauthorize"
	ProblemRecreated       = "webhooks_recreated" // subscriptions were gone, and deliveries with them
	ProblemRefused         = "webhooks_refused"   // signatures that no known secret makes
	ProblemShopRedacted    = "shop_redacted"      // the store's data was erased
	ProblemSilent          = "webhooks_silent"    // topics that are silent for much longer than usual
	ProblemStoreNotFound   = "store_not_found"
	ProblemSyncFailed      = "sync_failed"
	ProblemUnavailable     = "store_unavailable"   // frozen, unpaid or locked
	ProblemUninstalled     = "app_uninstalled"     // the merchant removed the app
	ProblemUnreachable     = "shopify_unreachable" // for longer than a moment
	ProblemVersionExpired  = "api_version_expired"
	HealthDegraded         = "degraded"
	HealthNeedsAttention   = "needs_attention"
	HealthOK               = "ok"
	WebhooksActive         = "active"
	WebhooksMissing        = "missing"
	WebhooksOff            = "off"
	WebhooksUnsigned       = "unsigned"
	unreachableAfter       = 3 // consecutive failures of a page until the health says so
	maxReadableShopifyText = 300
)

// credentialProblems are those that new credentials, or a completed run, prove to be over.
var credentialProblems = []string{
	ProblemAccessDenied, ProblemMissingScope, ProblemPersonalData, ProblemReauthorize, ProblemStoreNotFound,
	ProblemUnavailable, ProblemUninstalled, ProblemUnreachable, ProblemShopRedacted,
}

// degrading problems cost something but do not stop the orders.
var degrading = []string{
	ProblemDataRequest, ProblemDiskLow, ProblemDrift, ProblemLimited, ProblemNoSecret, ProblemNoWebhooks, ProblemVersionExpired,
	ProblemUnreachable, ProblemRecreated, ProblemRefused, ProblemSilent,
}

// problemOf is the problem that a failure at Shopify means for the integration, "" for none.
func problemOf(err error) string {
	switch shopify.KindOf(err) {
	case shopify.KindUnauthorized, shopify.KindTokenKind, shopify.KindBadCredentials, shopify.KindNotInstalled, shopify.KindNotPermitted:
		return ProblemReauthorize
	case shopify.KindMissingScope:
		return ProblemMissingScope
	case shopify.KindProtectedData:
		return ProblemPersonalData
	case shopify.KindForbidden:
		return ProblemAccessDenied
	case shopify.KindNotFound:
		return ProblemStoreNotFound
	case shopify.KindPaymentRequired, shopify.KindLocked:
		return ProblemUnavailable
	case shopify.KindUnavailable, shopify.KindThrottled, shopify.KindSecurity:
		return ProblemUnreachable
	case shopify.KindInvalid, shopify.KindConflict, shopify.KindRedirected, shopify.KindForeignLink:
	}
	return ""
}

// detailOf is what Shopify said, for people: free of secrets, and short.
func detailOf(err error) string {
	e, ok := errors.AsType[*shopify.Error](err)
	if !ok {
		return ""
	}
	text := e.Error()
	if len(text) > maxReadableShopifyText {
		text = text[:maxReadableShopifyText] + "…"
	}
	return text
}

// noteProblem writes down what a failure at Shopify means for the integration, in a transaction of its own.
func (a *App) noteProblem(ctx context.Context, id int64, err error) error {
	code := problemOf(err)
	if code == "" || code == ProblemUnreachable { // one failed call is no state of the store
		return nil
	}
	return a.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		return tx.PutProblem(ctx, id, store.Problem{Code: code, Detail: detailOf(err), Since: a.now()})
	})
}

// noteVersion keeps the problem of a version that Shopify no longer serves in step with what it served last.
func (a *App) noteVersion(ctx context.Context, tx *store.Tx, in store.Integration) error {
	if in.ServedVersion == "" || in.ServedVersion == a.shopify.APIVersion() {
		return tx.ClearProblems(ctx, in.ID, ProblemVersionExpired)
	}
	return tx.PutProblem(ctx, in.ID, store.Problem{
		Code: ProblemVersionExpired, Detail: in.ServedVersion + " instead of " + a.shopify.APIVersion(), Since: a.now(),
	})
}

// health adds to the stored problems those that follow from the integration itself, and sums up.
func (a *App) health(in store.Integration, webhooks string, stored []store.Problem) (string, []store.Problem) {
	problems := slices.DeleteFunc(slices.Clone(stored), func(p store.Problem) bool { // why subscribing failed, once it has not
		return p.Code == ProblemNoWebhooks && (webhooks != WebhooksMissing || !in.Active)
	})
	add := func(code string) {
		if !slices.ContainsFunc(problems, func(p store.Problem) bool { return p.Code == code }) {
			problems = append(problems, store.Problem{Code: code, Since: in.UpdatedAt})
		}
	}
	if p, short := a.diskProblem(); short {
		problems = append(problems, p)
	}
	if in.Active {
		if len(in.Permissions) > 0 && !slices.Contains(in.Permissions, "read_all_orders") {
			add(ProblemLimited)
		}
		if in.OrdersWay == store.WayGraphQL {
			add(ProblemRESTRefused)
		}
		if webhooks == WebhooksMissing {
			add(ProblemNoWebhooks)
		}
		if webhooks == WebhooksUnsigned && a.cfg.PublicURL != "" {
			add(ProblemNoSecret)
		}
	}
	status := HealthOK
	for _, p := range problems {
		if p.Code == ProblemRESTRefused {
			continue
		}
		if !slices.Contains(degrading, p.Code) {
			return HealthNeedsAttention, problems
		}
		status = HealthDegraded
	}
	return status, problems
}
