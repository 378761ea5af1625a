package web

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// errorPage says what went wrong, and what to do.
type errorPage struct {
	page
	Detail    string
	RequestID string
	Status    int
}

// shownAsPage tells whether an error is for somebody who looks at pages. Programs get their problem documents, also those that
// call the API from a browser.
func shownAsPage(c echo.Context) bool {
	path := c.Request().URL.Path
	for _, machine := range []string{"/api", "/healthz", "/readyz", "/metrics", "/static"} {
		if path == machine || strings.HasPrefix(path, machine+"/") {
			return false
		}
	}
	return wantsPage(c)
}

// writeErrorPage answers an error with a page.
func (s *Server) writeErrorPage(c echo.Context, p *problem) error {
	if _, err := s.recognise(c); err != nil {
		s.log.DebugContext(c.Request().Context(), "an error page could not tell who is signed in", "error", err)
	}
	view := errorPage{page: s.page(c), Status: p.status, RequestID: c.Response().Header().Get(echo.HeaderXRequestID)}
	sentence := cmp.Or(p.reason, p.code)
	view.Title = cmp.Or(view.voice.say(pageTitles[sentence], nil), view.voice.say("problem."+sentence+".title", p.params), view.Say("error.title"))
	view.Detail = s.explain(view.voice, p)
	return s.render(c, p.status, "error.html", view)
}

// pageSentences are what pages say of problems whose own sentence speaks of members and headers, or does not say what to do.
var pageSentences = map[string]string{
	"csrf_failed": "page.said.csrf_failed", "invalid_parameter": "page.said.invalid_parameter", "integration_inactive": "page.said.integration_inactive", "invalid_token": "page.said.invalid_token",
	"not_found": "page.said.not_found", "public_url_required": "page.said.public_url_required", "shopify_error": "page.said.shopify_error",
	"shopify_unreachable": "page.said.shopify_unreachable", "store_already_connected": "page.said.store_already_connected",
	"store_not_found": "page.said.store_not_found", "too_many_attempts": "page.said.too_many_attempts",
	"webhook_secret_required": "page.said.webhook_secret_required",
}

// pageTitles are the titles of those whose own speak of requests.
var pageTitles = map[string]string{
	"csrf_failed": "page.said.csrf_failed_title", "invalid_parameter": "page.said.invalid_parameter_title",
}

// explain is the sentence of a problem.
func (s *Server) explain(v voice, p *problem) string {
	params := map[string]any{"Names": strings.Join(slices.Sorted(maps.Keys(p.fields)), ", ")}
	maps.Copy(params, p.params)
	sentence := cmp.Or(p.reason, p.code)
	if id := pageSentences[sentence]; id != "" {
		return v.say(id, params)
	}
	return cmp.Or(v.say("problem."+sentence+".detail", params), v.say("failure.other", map[string]any{"Code": p.code}))
}
