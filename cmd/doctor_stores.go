package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"probability/app"
)

// Bounds of what is worth telling of a store.
const (
	clockWarn = 30 * time.Second
	clockFail = 5 * time.Minute
	quietWarn = 7 * 24 * time.Hour // without a webhook
	quietFine = 24 * time.Hour     // a webhook that came since then proves that it is subscribed
)

// checkClock compares our clock with Shopify's, by the first store that tells it.
func checkClock(stores []app.Checkup) finding {
	const check, mend = "clock", "let this machine set its clock by NTP"
	for _, s := range stores {
		if !s.Dated {
			continue
		}
		ahead, where := s.Ahead, "ahead of"
		if ahead < 0 {
			ahead, where = -ahead, "behind"
		}
		switch {
		case ahead >= clockFail:
			return fail(check, mend, "%s %s Shopify's", ahead, where)
		case ahead >= clockWarn:
			return warn(check, mend, "%s %s Shopify's", ahead, where)
		default:
			return fine(check, "as Shopify's, within seconds")
		}
	}
	return warn(check, "look again when a store can be reached", "no store has told its time")
}

// mends says what to do about a problem of a store.
var mends = map[string]string{
	app.ProblemReauthorize:   "give it new credentials: PATCH /api/integrations/shopify/%d/",
	app.ProblemMissingScope:  "grant the app read_orders in the store, then give it a new token: PATCH /api/integrations/shopify/%d/",
	app.ProblemPersonalData:  "ask for access to protected customer data in the app's settings at Shopify, then sync integration %d",
	app.ProblemStoreNotFound: "see whether the store still exists under this name, or disconnect integration %d",
	app.ProblemUnavailable:   "the merchant has to open the store again (integration %d)",
}

func mendOf(err error, id int64) string {
	text, known := mends[app.ProblemOf(err)]
	if !known {
		return "see whether this machine reaches the store, and try again"
	}
	return fmt.Sprintf(text, id)
}

// checkStore is the lines about one store.
func checkStore(s app.Checkup, cfg Config, version string) []finding {
	name := s.Integration.StoreName
	if s.Err != nil {
		return []finding{fail("store", mendOf(s.Err, s.Integration.ID), "%s cannot be used: %v", name, s.Err)}
	}
	found := []finding{fine("store", "%s answers as %q and takes the token", name, s.Shop)}
	if s.OrdersErr != nil {
		found = append(found, fail("orders", mendOf(s.OrdersErr, s.Integration.ID), "%s does not show its orders: %v", name, s.OrdersErr))
	} else {
		found = append(found, fine("orders", "%s shows its orders", name))
	}
	found = append(found, checkScopes(s), checkVersion(s, version))
	return append(found, checkWebhooks(s, cfg)...)
}

func checkScopes(s app.Checkup) finding {
	const check = "scopes"
	name, id := s.Integration.StoreName, s.Integration.ID
	has := func(scopes ...string) bool {
		return slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(s.Scopes, scope) })
	}
	switch {
	case s.Scopes == nil:
		return warn(check, "nothing has to be done as long as its orders can be read", "%s does not tell what the token may do", name)
	case !has("read_orders", "write_orders", "read_all_orders"):
		return fail(check, fmt.Sprintf(mends[app.ProblemMissingScope], id), "%s grants no read_orders, without which no order can be read", name)
	case !has("read_all_orders"):
		return warn(check, "grant the app read_all_orders, then give it a new token, to have older ones too",
			"%s grants no read_all_orders, so that only the last 60 days can be read", name)
	default:
		return fine(check, "%s grants all that is needed", name)
	}
}

func checkVersion(s app.Checkup, asked string) finding {
	const check = "API version"
	name := s.Integration.StoreName
	if s.Served != "" && s.Served != asked {
		return warn(check, "set shopify.api_version to a version that Shopify still serves", "%s serves %s instead of %s", name, s.Served, asked)
	}
	return fine(check, "%s serves %s", name, cmp.Or(s.Served, asked))
}

func checkWebhooks(s app.Checkup, cfg Config) []finding {
	const check = "webhooks"
	name, id := s.Integration.StoreName, s.Integration.ID
	quiet := time.Since(s.LastReceived).Round(time.Second)
	if s.Address == "" && s.HooksErr == nil {
		if cfg.Server.PublicURL == "" {
			return []finding{warn(check, "set server.public_url, then POST /api/integrations/shopify/"+fmt.Sprint(id)+"/register-webhook/",
				"%s sends none, since no public address is known", name)}
		}
	}
	register := fmt.Sprintf("POST /api/integrations/shopify/%d/register-webhook/", id)
	var found []finding
	switch {
	case !s.Signed:
		found = append(found, fail(check, fmt.Sprintf("give it the app's secret: PATCH /api/integrations/shopify/%d/ with api_secret", id),
			"no secret is known that verifies those of %s, so that all are refused", name))
	case s.HooksErr != nil:
		found = append(found, fail(check, mendOf(s.HooksErr, id), "the subscriptions of %s cannot be read: %v", name, s.HooksErr))
	case len(s.Missing) > 0 && !s.LastReceived.IsZero() && quiet < quietFine:
		found = append(found, warn(check, register+" makes sure of them", "%s does not list %s at %s, and yet the last one came %s ago",
			name, strings.Join(s.Missing, ", "), s.Address, quiet))
	case len(s.Missing) > 0:
		found = append(found, fail(check, register, "%s does not send %s to %s", name, strings.Join(s.Missing, ", "), s.Address))
	default:
		found = append(found, fine(check, "%s sends every topic to %s", name, s.Address))
	}
	switch {
	case s.LastReceived.IsZero():
		found = append(found, warn("last webhook", "change an order in the store and look again; none then: see whether the address leads here", "none has come from %s yet", name))
	case quiet > quietWarn:
		found = append(found, warn("last webhook", "see whether the address still leads here", "the last one from %s came %s ago", name, quiet))
	default:
		found = append(found, fine("last webhook", "one came from %s %s ago", name, quiet))
	}
	return found
}
