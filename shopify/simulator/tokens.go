package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"
)

// grant is POST /admin/oauth/access_token. Only the client credentials grant
// exists here; it is neither counted by the call limit nor versioned.
func (sh *Shop) grant(r *http.Request) *reply {
	if r.Method != http.MethodPost {
		return htmlReply(http.StatusNotFound, "Not Found")
	}
	in, ok := grantRequest(r)
	if !ok {
		return oauthReply(http.StatusBadRequest, "invalid_request", "The request could not be read.")
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	switch {
	case in.GrantType != "client_credentials":
		return oauthReply(http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported.")
	case sh.cfg.ClientID == "" || in.ClientID != sh.cfg.ClientID,
		subtle.ConstantTimeCompare([]byte(in.ClientSecret), []byte(sh.cfg.ClientSecret)) != 1:
		return oauthReply(http.StatusUnauthorized, "invalid_client", "Client authentication failed.")
	case sh.foreign:
		return oauthReply(http.StatusBadRequest, "shop_not_permitted", "Client credentials cannot be performed on this shop.")
	case sh.removed:
		return oauthReply(http.StatusBadRequest, "app_not_installed", "The app is not installed on this shop.")
	}
	now := sh.srv.now()
	for token, until := range sh.tokens {
		if !now.Before(until) {
			delete(sh.tokens, token)
		}
	}
	token := "shpat_" + strings.ReplaceAll(sh.srv.newID("token"+sh.cfg.Domain), "-", "")
	sh.tokens[token] = now.Add(sh.cfg.TokenLife)
	return jsonReply(http.StatusOK, map[string]any{
		"access_token": token,
		"scope":        strings.Join(sh.cfg.Scopes, ","),
		"expires_in":   max(0, int(sh.cfg.TokenLife/time.Second)-1),
	})
}

type grantInput struct {
	GrantType    string `json:"grant_type"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

func grantRequest(r *http.Request) (grantInput, bool) {
	var in grantInput
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" {
		return in, json.NewDecoder(r.Body).Decode(&in) == nil
	}
	if err := r.ParseForm(); err != nil {
		return in, false
	}
	in = grantInput{r.PostForm.Get("grant_type"), r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")}
	return in, true
}

// knowsToken looks at the only header Shopify takes a token from.
func (sh *Shop) knowsToken(token string) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if token == "" || sh.removed {
		return false
	}
	if token == sh.cfg.Token {
		return true
	}
	until, ok := sh.tokens[token]
	return ok && sh.srv.now().Before(until)
}

// SetToken replaces the static token; "" leaves none.
func (sh *Shop) SetToken(token string) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.cfg.Token = token
}

// RevokeToken makes the static token and all granted ones useless.
func (sh *Shop) RevokeToken() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.cfg.Token = ""
	clear(sh.tokens)
}

// ExpireTokens ends the life of all granted tokens; new ones can be had.
func (sh *Shop) ExpireTokens() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	clear(sh.tokens)
}

// RotateSecret replaces the secret that signs webhooks and returns the former
// one, which Shopify may go on signing with for an hour (SignedWith). For an
// app with client credentials it is the client secret as well.
func (sh *Shop) RotateSecret(secret string) (former string) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	former = sh.secret()
	if sh.cfg.APISecret != "" {
		sh.cfg.APISecret = secret
	}
	if sh.cfg.ClientSecret != "" && (sh.cfg.APISecret == "" || sh.cfg.ClientSecret == former) {
		sh.cfg.ClientSecret = secret
	}
	if former == "" {
		sh.cfg.APISecret = secret
	}
	return former
}

// secret signs webhooks. The caller holds the lock.
func (sh *Shop) secret() string {
	if sh.cfg.APISecret != "" {
		return sh.cfg.APISecret
	}
	return sh.cfg.ClientSecret
}

// SetSameOrganisation tells whether app and store belong together; when not,
// the grant answers shop_not_permitted.
func (sh *Shop) SetSameOrganisation(same bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.foreign = !same
}

// Install puts the app back after Uninstall. A static token works again; the
// subscriptions stay lost.
func (sh *Shop) Install() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.removed = false
}
