// Package app is the application: what happens when.
//
// Its doors are web (requests), jobs (River workers) and cmd (commands); below it are
// store (our database) and shopify (their API). A door translates, this package decides:
//
//	web, jobs, cmd
//	      │ one method a use case
//	      ▼
//	     app ──────► shopify   ask the store, never inside a transaction
//	      │
//	      ▼
//	    store                  one transaction: the data and the job that goes on with it
//
// The six flows:
//
//	connect  credentials → shop.json, scopes → Tx{integration, secrets, run, job} → subscriptions
//	import   job → a page from Shopify → Tx{orders, cursor, counts} → … → count → Tx{completed, watermark}
//	audit    job → count and ids of a window → compare → look again → Tx{what is mended, counts} → … → Tx{result}
//	accept   raw body → signature → Tx{deliveries, job}, shared by concurrent callers → 200
//	process  job → due deliveries → decode → Tx{orders, states} → Tx{still empty? job completed}
//	read     web → store; only the owner check comes through here
//
// Rules that hold everywhere: no network inside a transaction; a job carries ids, never payloads or
// secrets; work is found again in the tables after a crash, a job is only a hint that it is due; an id
// of somebody else answers exactly as one that does not exist.
package app
