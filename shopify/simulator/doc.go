// Package simulator plays Shopify: any number of stores behind one
// http.Handler, as strict as the real Admin API and as unreliable as asked for.
//
//	             Transport() ─┐            ┌─ limits ─ tokens ─ scopes
//	client ──── Start()       ├─► Server ──┤─ orders.json, count, webhooks, shop …
//	             ServeHTTP ───┘     │      └─ faults (before, after, while sending)
//	                                │
//	Shop.NewOrder, Update, … ──► events ──► Flush / StartDeliveries ──► your URL
//
// Orders can be had by GraphQL too, as the same ones: queries are checked against a
// schema (admin.graphqls), cost points, and bulk operations leave their results on
// a host of their own.
//
// A store's orders come from a seed: only what is needed to filter and sort is
// held for each order, and the payload is written anew, byte for byte the same,
// whenever it is asked for. An order that was changed or added keeps its bytes.
// A hundred thousand orders therefore cost about twenty megabytes and a quarter
// of a second, which is what the demo command and the tests need.
//
// Some customers fill in what no courier can use, and some do not take what they
// ordered; these are often the same, and there are better and worse cities,
// products and carriers. See manners.go: it is what a score can find out.
//
// Everything that depends on time reads the server's clock (WithClock): stamps,
// token life, the leaky bucket, the 60 days a store shows without
// read_all_orders. Only waiting (latency, slow bodies, delivery retries) uses
// real timers. Names, addresses and numbers are made up; e-mails end in
// example.com, example.org or example.net.
package simulator
