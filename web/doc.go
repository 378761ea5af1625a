// Package web is the HTTP door: it reads requests, asks app or store, and writes answers.
//
// Six groups of routes, each with its own rules (see routes.go, one screen):
//
//	/api/…                       bearer token, JSON, problem documents in English or Spanish
//	/api/webhooks/shopify/…      no token: raw body, size limit, signature; 200 only once stored
//	/, /login, /setup            pages for a browser, strict Content-Security-Policy, no script
//	/stores/…, /settings         the dashboard: a session's cookie, forms with a proof of their origin, one small script
//	/healthz, /readyz            for whoever runs the service
//	/metrics                     for this machine; from elsewhere the token of an administrator
//
// A request's way:
//
//	trailing slash off → request id → log line → panics → headers → body limit → route
//	  → token → owner check → parameters or members → app / store → view
//
// Handlers return errors. problem.go turns every error into one problem document; its sentence is
// looked up by code in messages/en.json and messages/es.json. What is not known there is logged with
// its cause and answered as "internal".
//
// Two rules come from what orders are: a payload is passed on byte for byte, so an order is written by
// hand (order_view.go) and never through encoding/json, and money stays text all the way.
//
// The dashboard asks app and store as the JSON handlers do, never our own API over HTTP. A page is one template in templates/ and one
// typed view that embeds page; frame.html has what is around it and the parts that pages share. Its sentences have ids that begin
// with "page.". What changes by itself is the template "live", which the script in static/app.js asks for again (watch, the one place).
// Files in static/ have their digest in their address. An error is a page for browsers and a problem document for everybody else.
//
// The outside is described by openapi.json. The tests hold every response against it through
// webtest, and fail for a route that it does not name.
package web
