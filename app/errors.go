package app

import (
	"errors"
	"fmt"
	"time"

	"probability/shopify"
	"probability/store"
)

// Kind says what sort of failure an error is; a door maps it to its own answer.
type Kind int

// The kinds of failure. Everything unknown is Internal.
const (
	Internal     Kind = iota // our fault or the machine's; the cause goes to the log only
	Invalid                  // the request cannot be carried out as it is
	Unauthorized             // nobody, or not proven
	Forbidden                // proven, but not allowed
	NotFound                 // not there, or somebody else's
	Busy                     // not now; come again after RetryAfter
	TooMany                  // too often; come again after RetryAfter
	Gone                     // was there, and is for good no more
	Conflict                 // somebody else changed it meanwhile, or its state forbids it
)

// FieldError is one complaint about one member of a request: a code for a sentence and its parameters.
type FieldError struct {
	Code   string
	Params map[string]any
}

// Error is a failure with a stable code. Sentences for people live at the doors, keyed by Code.
type Error struct {
	Code       string
	Detail     string // technical, English, free of secrets and personal data; may be empty
	Err        error  // the cause; may be nil
	Fields     map[string][]FieldError
	Kind       Kind
	Params     map[string]any // what the sentence for Code needs
	Reason     string         // says more exactly than Code what happened; may be empty
	RetryAfter time.Duration  // for Busy and TooMany
}

// Error gives code, detail and cause for a log.
func (e *Error) Error() string {
	text := e.Code
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError finds the *Error in err; anything else becomes an Internal one around it.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, store.ErrNotFound) {
		return notFound(err)
	}
	if store.Unavailable(err) {
		return &Error{Kind: Busy, Code: "database_unavailable", Err: err, RetryAfter: 5 * time.Second}
	}
	return &Error{Kind: Internal, Code: "internal", Err: err}
}

// KindOf is the kind of err: Internal for anything this package did not classify. No error is of no kind, which is none of those above.
func KindOf(err error) Kind {
	if err == nil {
		return -1
	}
	return AsError(err).Kind
}

func notFound(err error) *Error { return &Error{Kind: NotFound, Code: "not_found", Err: err} }

func invalid(code, detail string) *Error { return &Error{Kind: Invalid, Code: code, Detail: detail} }

// fieldErrors collects complaints about a request's members.
type fieldErrors map[string][]FieldError

func (f fieldErrors) add(field, code string, params ...any) {
	var m map[string]any
	for i := 0; i+1 < len(params); i += 2 {
		if m == nil {
			m = make(map[string]any)
		}
		m[fmt.Sprint(params[i])] = params[i+1]
	}
	f[field] = append(f[field], FieldError{Code: code, Params: m})
}

func (f fieldErrors) err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "validation_failed", Fields: f}
}

// fromShopify gives the code under which a failure at Shopify is told to the user. It returns err
// itself when it is no answer of Shopify, such as a cancelled context.
func fromShopify(err error) error {
	e, ok := errors.AsType[*shopify.Error](err)
	if !ok {
		return err
	}
	out := &Error{Kind: Invalid, Code: "shopify_error", Detail: e.Error(), Err: err, Params: map[string]any{"Status": e.Status}}
	switch e.Kind {
	case shopify.KindUnauthorized, shopify.KindTokenKind:
		out.Code = "invalid_token"
	case shopify.KindBadCredentials:
		out.Code, out.Reason = "invalid_token", "invalid_client_credentials"
	case shopify.KindNotInstalled:
		out.Reason = "app_not_installed"
	case shopify.KindNotPermitted:
		out.Reason = "shop_not_permitted"
	case shopify.KindNotFound:
		out.Code = "store_not_found"
	case shopify.KindMissingScope:
		out.Code = "missing_scope"
	case shopify.KindProtectedData:
		out.Reason = "personal_data_withheld"
	case shopify.KindPaymentRequired, shopify.KindLocked:
		out.Reason = "store_unavailable"
	case shopify.KindThrottled, shopify.KindUnavailable:
		if e.Status == 0 { // no answer at all
			out.Code = "shopify_unreachable"
		}
	case shopify.KindForbidden, shopify.KindInvalid, shopify.KindConflict, shopify.KindSecurity,
		shopify.KindRedirected, shopify.KindForeignLink:
	}
	return out
}

func asShopify(err error) *shopify.Error {
	e, _ := errors.AsType[*shopify.Error](err)
	return e
}

// codeOf is the code of a failure at Shopify as a run shows it.
func codeOf(err error) string {
	if code := problemOf(err); code != "" {
		return code
	}
	return "shopify_error"
}
