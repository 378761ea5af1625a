// Command soak tries the program for a long time and under what goes wrong, from outside, as any user could.
//
//	go run ./cmd/soak                          everything, about an hour
//	go run ./cmd/soak --only crash --for 1m    one scenario, shorter
//
//	soak ── builds, starts, kills ──▶ probability serve ◀── orders ── simulated stores, on loopback
//	  │                                  ▲   ▲
//	  │    signed webhooks, many senders ┘   │
//	  └─── reads, backups, audits ───────────┘
//
// Each scenario has a pass condition: something that must hold, or the program ends with code 1. Beside it stand figures, and
// aims that a busy machine may miss. What the program is told never depends on how it is built: the soak knows the API, the
// command line and the files of the data folder, and nothing else.
package main
