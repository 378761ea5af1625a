// Package shopify is their side of the service: everything that knows how a
// Shopify store speaks, and nothing that knows what we do with its answers.
//
//	             ┌───────────────────────── Client ─────────────────────────┐
//	use cases ──▶│ call ─▶ limiter (per store and token) ─▶ try ─▶ classify │──▶ Admin API
//	             └──────────────────────────────────────────────────────────┘
//	webhook   ──▶ Verify, ValidJSON (raw body) ─▶ ParseOrders ─▶ Order
//
// A Client serves any number of stores at once. It keeps below the call limit
// that each store reports, tries again what is worth trying again, and turns
// every failure into an *Error whose Kind says what to do next. It never
// follows a redirect and never sends a token to another host than the store's.
// Waits longer than Config.MaxWait are not slept here: they come back as
// KindThrottled with the time to wait, for a caller that can put work aside.
//
// Orders can be had in two ways, by REST and by GraphQL (Way), for Shopify refuses
// some apps the first. What GraphQL tells becomes a document in the shape of REST
// (graphql_node.go), so that whoever reads orders need not know how they came. Of
// many orders Shopify makes a file by itself (Bulk), which is read order by order.
//
// The mapping from a payload to an Order is pure: no clock, no network, no
// failure other than "this is no order". Members of an odd type are read as far
// as they make sense, and the bytes as they came stay in Order.Raw.
//
// Tokens and secrets appear in no error, log line or printed value made here.
package shopify
