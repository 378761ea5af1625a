package simulator

import "net/http"

// What Shopify says when it refuses, word for word: clients tell the kinds of
// 403 apart by these texts alone.
const (
	textUnauthorized  = "[API] Invalid API key or access token (unrecognized login or wrong password)"
	textUnavailable   = "Unavailable Shop"
	textProtectedData = "[API] This app is not approved to access REST endpoints with protected customer data. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."
	textTokenKind     = "[API] Non-expiring access tokens are no longer accepted for the Admin API. See https://shopify.dev/docs/apps/build/authentication-authorization for more details."
	textForbidden     = "[API] This request is not allowed for this app."
	textNotFound      = "Not Found"
	textTaken         = "for this topic has already been taken"
	textLimit         = "Limit exceeds maximum limit of 250"
	textPagingDocs    = "See https://shopify.dev/docs/api/usage/pagination-rest for more information."
)

// errorReply has a plain text under "errors", the commonest shape.
func errorReply(status int, text string) *reply {
	return jsonReply(status, map[string]any{"errors": text})
}

// fieldReply has an object under "errors" whose values are texts (400).
func fieldReply(status int, field, text string) *reply {
	return jsonReply(status, map[string]any{"errors": map[string]string{field: text}})
}

// invalidReply has an object under "errors" whose values are lists (422).
func invalidReply(field string, texts ...string) *reply {
	return jsonReply(http.StatusUnprocessableEntity, map[string]any{"errors": map[string][]string{field: texts}})
}

// oauthReply has the shape of the token endpoint's refusals.
func oauthReply(status int, code, text string) *reply {
	return jsonReply(status, map[string]string{"error": code, "error_description": text})
}

// htmlReply is what a gateway in front of the API answers.
func htmlReply(status int, title string) *reply {
	rep := &reply{status: status, header: make(http.Header)}
	rep.header.Set("Content-Type", "text/html; charset=utf-8")
	rep.body = []byte("<!DOCTYPE html>\n<html lang=\"en\"><head><title>" + title +
		"</title></head><body><h1>" + title + "</h1><p>Something went wrong on this store.</p></body></html>\n")
	return rep
}

func missingScope(scope string) *reply {
	return errorReply(http.StatusForbidden, "[API] This action requires merchant approval for "+scope+" scope.")
}
