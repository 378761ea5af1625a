// Package web is the HTTP door: it reads requests, asks app or store, and writes answers.
//
// Five groups of routes, each with its own rules (see routes.go, one screen):
//
//	/api/…                       bearer token, JSON, problem documents in English or Spanish
//	/api/webhooks/shopify/…      no token: raw body, size limit, signature; 200 only once stored
//	/, /setup                    pages for a browser, strict Content-Security-Policy, no script
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
// The outside is described by openapi.json. The tests hold every response against it through
// webtest, and fail for a route that it does not name.
package web
