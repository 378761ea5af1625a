package shopify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind is what a failure means for whoever has to act on it.
type Kind string

// The kinds of failure. A status alone does not decide: 403 has four meanings,
// and only the text tells them apart.
const (
	KindUnauthorized    Kind = "unauthorized"       // 401: the token is not, or no longer, valid
	KindPaymentRequired Kind = "payment_required"   // 402: the store is frozen for want of payment
	KindMissingScope    Kind = "missing_scope"      // 403: the token lacks a scope
	KindProtectedData   Kind = "protected_data"     // 403: the app may not see customer data over REST
	KindTokenKind       Kind = "token_kind"         // 403: tokens that never expire are refused
	KindForbidden       Kind = "forbidden"          // 403 for another reason
	KindNotFound        Kind = "not_found"          // 404: no such store, or no such thing in it
	KindInvalid         Kind = "invalid"            // the request is wrong (400, 406, 422 …); again will not help
	KindConflict        Kind = "conflict"           // 422: that subscription exists already
	KindLocked          Kind = "locked"             // 423: the store is locked
	KindThrottled       Kind = "throttled"          // 429, or a wait for the call limit longer than Config.MaxWait
	KindSecurity        Kind = "security"           // 430: refused as suspicious; keep away for long
	KindUnavailable     Kind = "unavailable"        // 5xx, network, time-out, a body that is cut or not what it should be
	KindRedirected      Kind = "redirected"         // 3xx; never followed
	KindForeignLink     Kind = "foreign_link"       // the next page would be somewhere else
	KindNotInstalled    Kind = "app_not_installed"  // token grant: the app is not installed in the store
	KindNotPermitted    Kind = "shop_not_permitted" // token grant: app and store are not of one organisation
	KindBadCredentials  Kind = "bad_credentials"    // token grant: client id or secret is refused
)

// Error is a call that failed. Its text names the operation, the status and
// what Shopify said; it holds no URL, body, token or secret.
type Error struct {
	Kind       Kind
	Op         string   // what was tried, such as "list orders"
	Status     int      // 0 when no answer came
	Messages   []string // from the answer, at most 5 of 300 bytes
	RequestID  string   // Shopify's X-Request-Id, for its support
	RetryAfter time.Duration
	Err        error // the cause, when it was none of Shopify's saying
}

// Error returns one line for a log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("shopify: ")
	b.WriteString(e.Op)
	b.WriteString(": ")
	b.WriteString(strings.ReplaceAll(string(e.Kind), "_", " "))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", retry after %s", e.RetryAfter.Round(time.Millisecond))
	}
	if len(e.Messages) > 0 {
		b.WriteString(": ")
		b.WriteString(strings.Join(e.Messages, "; "))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	if e.RequestID != "" {
		b.WriteString(", request ")
		b.WriteString(e.RequestID)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same call may well succeed later, without
// anybody changing anything about the connection.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case KindThrottled, KindUnavailable, KindLocked, KindPaymentRequired, KindSecurity:
		return true
	default:
		return false
	}
}

// KindOf returns the Kind of the *Error in err's chain, "" when there is none.
// A call whose context ended has none: errors.Is tells those.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// kindOf classifies an answer of the Admin API by its status and, where that
// does not suffice, by its messages.
func kindOf(status int, messages []string) Kind {
	switch {
	case status >= 300 && status < 400:
		return KindRedirected
	case status >= 500 || status < 300:
		return KindUnavailable
	}
	said := strings.ToLower(strings.Join(messages, "\n"))
	switch status {
	case http.StatusUnauthorized:
		return KindUnauthorized
	case http.StatusPaymentRequired:
		return KindPaymentRequired
	case http.StatusForbidden:
		switch {
		case strings.Contains(said, "merchant approval"):
			return KindMissingScope
		case strings.Contains(said, "protected customer data"), strings.Contains(said, "protected-customer-data"):
			return KindProtectedData
		case strings.Contains(said, "non-expiring"):
			return KindTokenKind
		}
		return KindForbidden
	case http.StatusNotFound:
		return KindNotFound
	case http.StatusRequestTimeout:
		return KindUnavailable
	case http.StatusUnprocessableEntity:
		if strings.Contains(said, "already been taken") {
			return KindConflict
		}
	case http.StatusLocked:
		return KindLocked
	case http.StatusTooManyRequests:
		return KindThrottled
	case 430: // Shopify's own
		return KindSecurity
	}
	return KindInvalid
}

// grantKindOf classifies a refusal of the token endpoint. Its body may be HTML,
// so the marks are looked for in all of it.
func grantKindOf(status int, body string) Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
	default:
		return kindOf(status, nil)
	}
	switch said := strings.ToLower(body); {
	case strings.Contains(said, "app_not_installed"):
		return KindNotInstalled
	case strings.Contains(said, "shop_not_permitted"), strings.Contains(said, "cannot be performed on this shop"):
		return KindNotPermitted
	case status == http.StatusBadRequest || status == http.StatusUnauthorized:
		return KindBadCredentials
	}
	return kindOf(status, nil)
}
