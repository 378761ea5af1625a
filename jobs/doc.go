// Package jobs is the door of the background: River workers that call one use case of package app each, and
// the runner that starts and stops them.
//
//	River (in-process, on the service's own database)
//	  imports      import_orders       → app.Import     a slice of a run: some pages, then others' turn
//	               check_webhooks      → app.CheckSubscriptions   lists them at Shopify and mends them
//	  deliveries   process_deliveries  → app.Process    until the integration's inbox is empty
//	  audits       audit_orders        → app.Audit      a slice of an audit: some windows
//	  maintenance  purge_integration   → app.Purge      the rows of a disconnected store
//	  privacy      redact_customer     → app.Redact     a slice of a customer's erasure
//	               erase_store         → app.EraseShop  a slice of a store's erasure
//	sweeper, a goroutine               → app.Sweep      every second: what is due and has no job
//	                                   → app.Alive      at start, every minute and at the end: was the service away?
//	                                   → app.Recover    at start and every minute: work that lost its job
//
// What is due lives in the tables, with its time, so the sweeper is a plain ticker rather than River's
// periodic jobs: those live in memory, begin anew with each process, and wait for a leader to be elected.
//
// Workers hold no logic. An import never fails as a job for what Shopify does: the run itself keeps its
// failures and the time of its next try, the job only sleeps until then.
package jobs
