// Command bench measures the program from outside, as any user could, and
// beside each figure the limit of the machine that it ran on.
//
//	go run ./cmd/bench
//
//	bench ── builds ──▶ probability serve ◀── orders ── a store of its own, on loopback
//	  │                      ▲   ▲
//	  │    signed webhooks ──┘   │
//	  └─── reads and searches ───┘
//
// Everything happens in a temporary folder and on loopback. The load generator
// shares the cores with the service, so its requests are rendered and signed
// before the clock runs. The limits are what SQLite, the web framework and the
// disk do with the same bytes when nothing else is to be done.
package main
