package app

import (
	"context"
	"slices"
	"time"

	"probability/shopify"
)

// ConnectStep is a part of the way from credentials to a connected store.
type ConnectStep string

// The steps, each with what it proves. Those of new credentials are the same, of a store that is connected.
const (
	StepName        ConnectStep = "name"        // the name can be a store's, and the account has not connected it yet, or has
	StepStore       ConnectStep = "store"       // there is such a store, and it answers
	StepCredentials ConnectStep = "credentials" // Shopify takes the token, or gave one for id and secret
	StepScopes      ConnectStep = "scopes"      // the token may read orders
	StepCustomers   ConnectStep = "customers"   // orders come with their customers; looked at for an observer only
	StepSave        ConnectStep = "save"        // store, credentials and first import are stored, or new credentials, all of it or nothing
	StepWebhooks    ConnectStep = "webhooks"    // every topic is subscribed, or it is known what that lacks
)

// ConnectSteps gives the steps in the order in which Connect takes them.
func ConnectSteps() []ConnectStep {
	return []ConnectStep{StepName, StepStore, StepCredentials, StepScopes, StepCustomers, StepSave, StepWebhooks}
}

// StepState is how far a step is. It only ever goes up.
type StepState int

// The states of a step. Only StepFailed ends the way.
const (
	StepWaiting StepState = iota // not tried
	StepRunning
	StepPassed
	StepWarned // passed, but something is lost
	StepFailed
)

// What a note says.
const (
	NoteStore            = "store_is"        // Params: Name
	NoteScopeOrders      = "scope_orders"    // read_orders
	NoteScopeAll         = "scope_all"       // read_all_orders
	NoteScopesUnknown    = "scopes_unknown"  // the store does not tell what the token may do
	NoteCustomersNone    = "customers_none"  // there is no order yet by which to tell
	NoteCustomersHidden  = "customers_empty" // Params: Orders, the newest ones, none of which has a customer's data
	NoteCustomersRefused = "customers_refused"
	NoteCustomersUnknown = "customers_unknown" // could not be looked at
	NoteNoAddress        = "no_address"        // no public address is configured
	NoteNoSecret         = "no_secret"         // nothing to verify webhooks with
	NoteNotSubscribed    = "not_subscribed"    // Params: Detail, may be empty
)

// StepNote is something that a step found.
type StepNote struct {
	Code   string
	Params map[string]any
	State  StepState // StepPassed, StepWarned or StepFailed
}

// StepReport is how a step stands.
type StepReport struct {
	Err   error // why it failed
	Notes []StepNote
	State StepState
	Step  ConnectStep
}

// stepTeller tells an observer of the steps while they are taken. A nil one tells nobody.
type stepTeller struct {
	now  StepReport // the step in hand
	tell func(StepReport)
}

func tellSteps(tell func(StepReport)) *stepTeller {
	if tell == nil {
		return nil
	}
	return &stepTeller{tell: tell}
}

// begin ends the step in hand, which went well, and takes the next.
func (t *stepTeller) begin(step ConnectStep) {
	if t == nil || t.now.Step == step {
		return
	}
	t.end(nil)
	t.now = StepReport{State: StepRunning, Step: step}
	t.tell(t.now)
}

// note adds what the step in hand found; it is told with its end.
func (t *stepTeller) note(code string, state StepState, params ...any) {
	if t == nil {
		return
	}
	named := map[string]any{}
	for i := 0; i+1 < len(params); i += 2 {
		if name, ok := params[i].(string); ok {
			named[name] = params[i+1]
		}
	}
	t.now.Notes = append(t.now.Notes, StepNote{Code: code, Params: named, State: state})
}

// end ends the step in hand.
func (t *stepTeller) end(err error) {
	if t == nil || t.now.State != StepRunning {
		return
	}
	switch {
	case err != nil:
		t.now.State, t.now.Err = StepFailed, err
	case slices.ContainsFunc(t.now.Notes, func(n StepNote) bool { return n.State != StepPassed }):
		t.now.State = StepWarned
	default:
		t.now.State = StepPassed
	}
	t.tell(t.now)
}

// refused takes the step that a failure of the first call to a store belongs to: whoever refuses credentials has answered.
func (t *stepTeller) refused(err error) {
	switch shopify.KindOf(err) {
	case shopify.KindUnauthorized, shopify.KindTokenKind, shopify.KindBadCredentials, shopify.KindNotInstalled, shopify.KindNotPermitted,
		shopify.KindMissingScope, shopify.KindProtectedData, shopify.KindForbidden:
		t.begin(StepCredentials)
	case shopify.KindPaymentRequired, shopify.KindNotFound, shopify.KindInvalid, shopify.KindConflict, shopify.KindLocked,
		shopify.KindThrottled, shopify.KindSecurity, shopify.KindUnavailable, shopify.KindRedirected, shopify.KindForeignLink:
	}
}

// scopes notes what is granted of what is wanted; nil: the store does not tell.
func (t *stepTeller) scopes(granted []string) {
	if granted == nil {
		t.note(NoteScopesUnknown, StepWarned)
		return
	}
	orders, all := StepPassed, StepPassed
	if !canReadOrders(granted) {
		orders = StepFailed
	}
	if !slices.Contains(granted, "read_all_orders") {
		all = StepWarned
	}
	t.note(NoteScopeOrders, orders)
	t.note(NoteScopeAll, all)
}

const (
	customersTime   = 10 * time.Second
	customersOrders = 10 // that one does without a customer happens, that all do hardly
)

// customers looks whether the newest orders come with their customers. Nothing depends on it, so it is a call for observers only,
// and what goes wrong with it is told and no more.
func (t *stepTeller) customers(ctx context.Context, client *shopify.Client, s shopify.Session) {
	if t == nil {
		return
	}
	t.begin(StepCustomers)
	ctx, cancel := context.WithTimeout(ctx, customersTime)
	defer cancel()
	page, err := client.Orders(ctx, s, shopify.OrdersQuery{
		Limit: customersOrders, Fields: []string{"id", "email", "phone", "customer", "billing_address", "shipping_address"},
	}, "")
	switch {
	case shopify.KindOf(err) == shopify.KindProtectedData:
		t.note(NoteCustomersRefused, StepWarned)
	case err != nil:
		t.note(NoteCustomersUnknown, StepWarned)
	case len(page.Orders) == 0:
		t.note(NoteCustomersNone, StepPassed)
	default:
		for _, raw := range page.Orders {
			o, err := shopify.ParseOrder(raw)
			if err == nil && (o.CustomerName != "" || o.CustomerEmail != "" || o.Phone != "" || o.Address != "") {
				return
			}
		}
		t.note(NoteCustomersHidden, StepWarned, "Orders", len(page.Orders))
	}
}

// webhooks notes what is missing for changes to arrive at once.
func (t *stepTeller) webhooks(in Integration, publicURL string) {
	if in.WebhookStatus == WebhooksUnsigned {
		t.note(NoteNoSecret, StepWarned)
	}
	switch {
	case in.WebhookStatus == WebhooksOff, in.WebhookStatus == WebhooksUnsigned && publicURL == "":
		t.note(NoteNoAddress, StepWarned)
	case in.WebhookStatus == WebhooksMissing:
		detail := ""
		for _, p := range in.Problems {
			if p.Code == ProblemNoWebhooks {
				detail = p.Detail
			}
		}
		t.note(NoteNotSubscribed, StepWarned, "Detail", detail)
	}
}
