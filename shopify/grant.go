package shopify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Token asks for an access token by the client credentials grant. There is no
// refresh: a token that nears its end is replaced by asking again.
func (c *Client) Token(ctx context.Context, shop, clientID, clientSecret string) (Token, error) {
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {clientID},
		"client_secret": {clientSecret},
	}
	var token Token
	err := c.do(ctx, Session{Shop: shop}, call{
		op: "get token", method: http.MethodPost, path: "oauth/access_token",
		body: []byte(form.Encode()), contentType: "application/x-www-form-urlencoded",
		limit: maxAnswerBytes, grant: true, secrets: []string{clientSecret, url.QueryEscape(clientSecret)},
	}, func(ans *answer) *Error {
		var ok bool
		if token, ok = parseToken(ans.body); !ok {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		return nil
	})
	return token, err
}

// parseToken reads the answer leniently: only the token itself must be there.
// Its form is not checked, for Shopify promises none.
func parseToken(body []byte) (Token, bool) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return Token{}, false
	}
	token := Token{AccessToken: textOf(fields["access_token"])}
	if !isHeaderText(token.AccessToken) {
		return Token{}, false
	}
	scope := fields["scope"]
	text := textOf(scope)
	if nonEmptyArray(scope) {
		var parts []string
		for element := range elements(scope) {
			parts = append(parts, textOf(element))
		}
		text = strings.Join(parts, ",")
	}
	token.Scopes = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	if s, err := strconv.ParseFloat(textOf(fields["expires_in"]), 64); err == nil && s > 0 && s < maxTokenSeconds {
		token.ExpiresIn = time.Duration(s) * time.Second
	}
	return token, true
}

// maxTokenSeconds is a century; a longer life is none that ends.
const maxTokenSeconds = 100 * 365 * 24 * 3600

// Scopes returns what the session's token may do. The path has no version, for
// the answer does not depend on one.
func (c *Client) Scopes(ctx context.Context, s Session) ([]string, error) {
	var scopes []string
	err := c.do(ctx, s, call{
		op: "get scopes", method: http.MethodGet, path: "oauth/access_scopes.json", limit: maxAnswerBytes,
	}, func(ans *answer) *Error {
		granted, ok := lastMembers(ans.body, "access_scopes")
		if !ok || !isList(granted[0]) {
			return &Error{Kind: KindUnavailable, Err: errBadBody}
		}
		scopes = []string{}
		for raw := range elements(granted[0]) {
			var scope struct {
				Handle string `json:"handle"`
			}
			if err := json.Unmarshal(raw, &scope); err != nil || scope.Handle == "" {
				return &Error{Kind: KindUnavailable, Err: errBadBody}
			}
			scopes = append(scopes, scope.Handle)
		}
		return nil
	})
	return scopes, err
}
