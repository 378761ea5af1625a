// Package store keeps what the service knows: accounts, connected stores and their secrets, import runs, received
// webhooks and orders. It owns the SQL, the transactions, the encryption at rest and the schema.
//
//	Open ── folder 0700, open.lock ──► schema (goose, River) ──► key and its proof ──► Store
//	                                                                                   │
//	          Update(ctx, func(ctx, tx)) ─────► writer: one connection, shared with River
//	          Users, Orders, Deliveries … ────► readers: a few connections, read-only
//
// The database is SQLite's, a file in the data folder that one process serves, or PostgreSQL's, a server that several processes
// share. What differs between them is in dialect, with a file of each engine's own for it; the SQL is one.
//
// Everything that changes data is a method of Tx and so happens inside Update, together with the jobs that belong to it
// (Tx.SQL or Tx.Pgx is what River inserts with). Everything that only looks is a method of Store and reads a snapshot beside the
// writer.
//
// There is exactly one writer. With SQLite that is the one write connection, with PostgreSQL a lock on the server that every
// Update takes first, in whichever process: what a transaction has read stays true until its end. Inside Update never call
// Update, Ping or anything else that uses Writer: it would wait for the very transaction that is open. Nested calls with the context that Update hands out are refused with
// ErrNested. Reads that a decision depends on go through the methods of Tx; methods of Store see the state before the
// transaction.
//
// Orders are kept newest-version-wins: PutOrders gives the same rows in whatever order, batches or repetition the versions
// arrive. Secrets are sealed with AES-256-GCM and bound to their row. A commit is flushed to the disk before Update
// returns, so that what was answered survives a power cut.
package store
