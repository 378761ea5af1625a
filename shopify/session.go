package shopify

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// hidden stands in every printed form where a secret would be.
const hidden = "[hidden]"

// Session says as whom a store is called: its domain and an access token. It
// prints without the token under every verb and every encoder.
type Session struct {
	Shop  string
	Token string
}

// String names the store and hides the token.
func (s Session) String() string { return s.Shop + " " + hidden }

// GoString is what %#v shows.
func (s Session) GoString() string {
	return fmt.Sprintf("shopify.Session{Shop:%q, Token:%q}", s.Shop, hidden)
}

// Format covers the verbs that would look past String, such as %d.
func (s Session) Format(f fmt.State, verb rune) { format(f, verb, s) }

// LogValue is what a log line shows.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps the token out of JSON and other encodings.
func (s Session) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Token is the answer of the token endpoint. ExpiresIn is zero for a token
// that does not end. It prints without the token, like Session.
type Token struct {
	AccessToken string
	Scopes      []string
	ExpiresIn   time.Duration
}

// String shows scopes and life, and hides the token.
func (t Token) String() string {
	return fmt.Sprintf("%s scopes=%s expires_in=%s", hidden, strings.Join(t.Scopes, ","), t.ExpiresIn)
}

// GoString is what %#v shows.
func (t Token) GoString() string {
	return fmt.Sprintf("shopify.Token{AccessToken:%q, Scopes:%#v, ExpiresIn:%d}", hidden, t.Scopes, t.ExpiresIn)
}

// Format covers the verbs that would look past String, such as %d.
func (t Token) Format(f fmt.State, verb rune) { format(f, verb, t) }

// LogValue is what a log line shows.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText keeps the token out of JSON and other encodings.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// secretive is a value that knows how to print itself without its secret.
type secretive interface {
	fmt.Stringer
	fmt.GoStringer
}

func format(f fmt.State, verb rune, v secretive) {
	text := v.String()
	if verb == 'v' && f.Flag('#') {
		text = v.GoString()
	}
	// A fmt.State has nowhere to report a failed write to.
	_, _ = io.WriteString(f, text)
}
