// Command scorecheck holds what the score learns against stores whose truth is known, and prints the table of docs/score.md.
//
//	go run ./cmd/scorecheck
//
//	seed ─▶ app/score/synthetic: a store, its truth ── orders, outcomes ──▶ app/score: Train ─▶ model, report
//	                                     └────────────── orders placed later ──▶ how near the model comes to the truth
//
// Everything is made in the run: the same seed prints the same table. A bound that is missed ends the program with code 1.
package main
