package main

// machine is the column of figures that have nothing to do with the number of orders; empty that of an empty database.
const (
	machine = "machine"
	empty   = "empty"
)

// figure describes a row of the report.
type figure struct {
	name, what string
	against    []against
}

// against is a limit to compare with, and what is aimed at.
type against struct {
	limit  string // name of another figure, of the same column or of the machine
	target target
	byP99  bool // compares the 99th percentiles
}

// target bounds the ratio to the limit, or a time in milliseconds. The zero value aims at nothing.
type target struct {
	of      string // "ratio", "p50" or "p99"
	atMost  bool
	atLeast bool
	bound   float64
}

func ratioFrom(bound float64) target { return target{of: "ratio", atLeast: true, bound: bound} }
func ratioTo(bound float64) target   { return target{of: "ratio", atMost: true, bound: bound} }
func p99Below(ms float64) target     { return target{of: "p99", atMost: true, bound: ms} }

// figures is everything that can be measured, in the order of the report. The targets are what the program aims at; where
// there is none, the figure is there to be watched.
var figures = []figure{
	{name: "fsync", what: "append 4 KB and fdatasync"},
	{name: "raw-1", what: "rows like those of webhooks into SQLite, one a transaction"},
	{name: "raw-100", what: "the same, a hundred a transaction"},
	{name: "bare-1", what: "Echo handler that reads a webhook and verifies it, 1 connection"},
	{name: "bare-16", what: "the same, 16 connections"},
	{name: "bare-64", what: "the same, 64 connections"},
	{name: "bare-page", what: "Echo handler whose answer is as long as a page of 20 orders, 8 connections"},
	{name: "bare-page-omit", what: "the same, as long as a page without payloads"},
	{name: "hmac", what: "HMAC-SHA256 of one payload, one core"},
	{name: "parse-json", what: "payload into a struct with encoding/json, one core"},
	{name: "parse-order", what: "payload into an order with shopify.ParseOrder, one core"},
	{name: "feed", what: "orders that this bench's own store serves in pages of 250"},
	{name: "payload", what: "average payload"},

	{name: "accept-1", what: "webhooks accepted, 1 connection", against: []against{{limit: "raw-1", target: ratioFrom(0.50)}, {limit: "bare-1"}}},
	{name: "accept-16", what: "webhooks accepted, 16 connections", against: []against{{limit: "raw-100"}, {limit: "bare-16"}}},
	{name: "accept-64", what: "webhooks accepted, 64 connections", against: []against{{limit: "raw-100", target: ratioFrom(0.40)}, {limit: "bare-64"}, {target: p99Below(25)}}},
	{name: "accept-steady", what: "webhook at 1,000 a second, beside the processing of the others", against: []against{{limit: "raw-1", byP99: true}}},
	{name: "accept-import", what: "webhooks accepted, 64 connections, beside an import at full speed", against: []against{{limit: "accept-64", target: ratioFrom(0.50)}, {target: p99Below(100)}}},
	{name: "import-accept", what: "that import meanwhile", against: []against{{limit: "import"}}},
	{name: "visible", what: "webhooks accepted and visible as orders, 64 connections", against: []against{{limit: "raw-100", target: ratioFrom(0.30)}}},
	{name: "visible-one", what: "a single webhook, from its answer until the order is listed"},

	{name: "import", what: "orders imported, into an empty database", against: []against{{limit: "raw-100", target: ratioFrom(0.54)}, {limit: "feed"}}},
	{name: "import-second", what: "orders imported, of a second store", against: []against{{limit: "raw-100", target: ratioFrom(0.54)}}},
	{name: "disk", what: "data folder, per imported order", against: []against{{limit: "payload"}}},

	{name: "list-mix", what: "pages of 20 with count, mixed filters, 8 connections", against: []against{{limit: "bare-page"}}},
	{name: "list-mix-omit", what: "the same without payload and line items", against: []against{{limit: "bare-page-omit"}}},
	{name: "list-none", what: "page without a filter, 1 connection"},
	{name: "list-financial", what: "page by financial_status"},
	{name: "list-rare", what: "page by a financial_status of one order in a thousand"},
	{name: "list-fulfillment", what: "page by fulfillment_status"},
	{name: "list-window", what: "page by since and until"},
	{name: "list-total", what: "page by min_total"},
	{name: "list-today", what: "page of what was imported today"},
	{name: "list-by-total", what: "page ordered by total_price"},
	{name: "list-omit", what: "page without a filter, payload and line items"},
	{name: "deep-first", what: "page 1 by cursor"},
	{name: "deep-cursor", what: "deep page by cursor", against: []against{{limit: "deep-first", target: ratioTo(1.2)}}},
	{name: "deep-page", what: "the same depth by page=", against: []against{{limit: "deep-first"}}},
	{name: "deep-last", what: "page=last", against: []against{{limit: "deep-first"}}},

	{name: "search-rare", what: "search for what one or a few orders have", against: []against{{target: p99Below(50)}}},
	{name: "search-name", what: "search for a full name", against: []against{{target: p99Below(50)}}},
	{name: "search-absent", what: "search for what no order has", against: []against{{target: p99Below(50)}}},
	{name: "search-short", what: "search for two letters that no order has", against: []against{{target: p99Below(50)}}},
	{name: "search-common", what: "search for what many orders have", against: []against{{target: p99Below(50)}}},
	{name: "search-old", what: "search for what only old orders have many times", against: []against{{target: p99Below(100)}}},
	{name: "search-page", what: "search for what many orders have, by cursor, without count"},

	{name: "export-csv", what: "orders exported as CSV"},
	{name: "export-csv-memory", what: "memory that this takes on top"},
	{name: "export-ndjson", what: "orders exported as NDJSON"},
	{name: "export-ndjson-memory", what: "memory that this takes on top"},
	{name: "stats", what: "statistics"},

	{name: "memory-idle", what: "memory, idle"},
	{name: "memory-import", what: "memory at most, while importing"},
	{name: "start-health", what: "start until /healthz answers"},
	{name: "start-list", what: "start until a list answers"},
	{name: "binary", what: "size of the program, stripped"},
}

// isLimit tells whether the figure is about the machine and not about the program.
func (f figure) isLimit() bool { return limitNames[f.name] }

var limitNames = map[string]bool{
	"fsync": true, "raw-1": true, "raw-100": true, "bare-1": true, "bare-16": true, "bare-64": true, "bare-page": true,
	"bare-page-omit": true, "hmac": true, "parse-json": true, "parse-order": true, "feed": true, "payload": true,
}
