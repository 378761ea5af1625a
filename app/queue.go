package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"probability/store"
)

// The queues. Deliveries have their own, so that no import ever stands in front of a webhook.
const (
	QueueAudits      = "audits"
	QueueDeliveries  = "deliveries"
	QueueImports     = "imports"
	QueueMaintenance = "maintenance"
	QueuePrivacy     = "privacy" // its own, so that one customer's erasure does not wait for a large store's
)

// ImportOrders is the job that carries an import on by some pages.
type ImportOrders struct {
	ImportID uuid.UUID `json:"import_id" river:"unique"`
}

// Kind names the job in River's tables.
func (ImportOrders) Kind() string { return "import_orders" }

// InsertOpts makes the job unique for its import, also while it waits for a retry.
func (ImportOrders) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueImports, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}

// AuditOrders is the job that carries an audit on by some windows.
type AuditOrders struct {
	AuditID uuid.UUID `json:"audit_id" river:"unique"`
}

// Kind names the job in River's tables.
func (AuditOrders) Kind() string { return "audit_orders" }

// InsertOpts makes the job unique for its audit, also while it waits for a retry.
func (AuditOrders) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueAudits, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}

// ProcessDeliveries is the job that works an integration's due deliveries off.
type ProcessDeliveries struct {
	IntegrationID int64 `json:"integration_id" river:"unique"`
}

// Kind names the job in River's tables.
func (ProcessDeliveries) Kind() string { return "process_deliveries" }

// InsertOpts makes the job unique for its integration. A failed one that waits for a retry does not
// count: the next delivery must not wait for it.
func (ProcessDeliveries) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueDeliveries, UniqueOpts: unfinished()}
}

// CheckWebhooks is the job that makes sure of a store's subscriptions. Like an import it mostly waits for Shopify, so it has
// no queue of its own.
type CheckWebhooks struct {
	IntegrationID int64 `json:"integration_id" river:"unique"`
}

// Kind names the job in River's tables.
func (CheckWebhooks) Kind() string { return "check_webhooks" }

// InsertOpts makes the job unique for its integration.
func (CheckWebhooks) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueImports, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}

// PurgeIntegration is the job that deletes the rows of a disconnected store, little by little.
type PurgeIntegration struct {
	IntegrationID int64 `json:"integration_id" river:"unique"`
}

// Kind names the job in River's tables.
func (PurgeIntegration) Kind() string { return "purge_integration" }

// InsertOpts makes the job unique for its integration.
func (PurgeIntegration) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMaintenance, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}

// RedactCustomer is the job that erases a customer from the rows of an integration, little by little.
type RedactCustomer struct {
	RequestID uuid.UUID `json:"request_id" river:"unique"`
}

// Kind names the job in River's tables.
func (RedactCustomer) Kind() string { return "redact_customer" }

// InsertOpts makes the job unique for its request.
func (RedactCustomer) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueuePrivacy, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}

// EraseStore is the job that deletes the rows of a store whose data goes, little by little.
type EraseStore struct {
	RequestID uuid.UUID `json:"request_id" river:"unique"`
}

// Kind names the job in River's tables.
func (EraseStore) Kind() string { return "erase_store" }

// InsertOpts makes the job unique for its request.
func (EraseStore) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueuePrivacy, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}

// unfinished is uniqueness among jobs that are still to run. River's default also counts completed
// ones, which would block the next job of the same arguments for as long as the row is kept.
func unfinished(more ...rivertype.JobState) river.UniqueOpts {
	states := []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
	return river.UniqueOpts{ByArgs: true, ByState: append(states, more...)}
}

// queue inserts jobs, always in the transaction of the data that they are about.
type queue struct {
	client inserter
}

func (q *queue) insert(ctx context.Context, tx *store.Tx, args river.JobArgs) error {
	_, err := q.client.insert(ctx, tx, args)
	return err
}

// there inserts the job unless there is one already, and tells whether there is.
func (q *queue) there(ctx context.Context, tx *store.Tx, args river.JobArgs) (bool, error) {
	res, err := q.client.insert(ctx, tx, args)
	return err == nil && res.UniqueSkippedAsDuplicate, err
}

// wake inserts the job, or makes the one that waits for its time due now.
func (q *queue) wake(ctx context.Context, tx *store.Tx, args river.JobArgs) error {
	res, err := q.client.insert(ctx, tx, args)
	if err != nil {
		return err
	}
	waits := res.Job.State == rivertype.JobStateScheduled || res.Job.State == rivertype.JobStateRetryable ||
		res.Job.State == rivertype.JobStateAvailable && time.Until(res.Job.ScheduledAt) > time.Second
	if !res.UniqueSkippedAsDuplicate || !waits {
		return nil
	}
	if err := q.client.retry(ctx, tx, res.Job.ID); err != nil {
		return fmt.Errorf("queue: wake %s: %w", args.Kind(), err)
	}
	return nil
}
