package store

// Ways to connect a store (Integration.Auth).
const (
	AuthClientCredentials = "client_credentials"
	AuthToken             = "token"
)

// Kinds of a run (Import.Kind).
const (
	KindInitial   = "initial"
	KindManual    = "manual"
	KindPeriodic  = "periodic"
	KindReconcile = "reconcile" // what an audit mended
)

// How orders are asked for (Import.Way, Integration.OrdersWay).
const (
	WayREST    = "rest"
	WayGraphQL = "graphql"
	WayBulk    = "bulk" // a bulk operation of GraphQL
)

// States of a run (Import.State).
const (
	ImportQueued    = "queued"
	ImportRunning   = "running"
	ImportCompleted = "completed"
	ImportFailed    = "failed"
	ImportCancelled = "cancelled"
)

// States of an audit (Audit.State).
const (
	AuditQueued    = "queued"
	AuditRunning   = "running"
	AuditCompleted = "completed"
	AuditFailed    = "failed"
	AuditCancelled = "cancelled"
)

// Why an audit was begun (Audit.Cause).
const (
	AuditManual = "manual"
	AuditDaily  = "daily"
	AuditAway   = "away" // the service was away for longer than the platform repeats its webhooks
)

// What a run's window is over (Import.Field).
const (
	FieldCreatedAt = "created_at"
	FieldUpdatedAt = "updated_at"
)

// States of a delivery (Delivery.State).
const (
	DeliveryPending   = "pending"
	DeliveryProcessed = "processed"
	DeliveryDuplicate = "duplicate"
	DeliveryStale     = "stale"
	DeliveryFailed    = "failed"
)
