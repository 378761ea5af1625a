package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// OpenImports lists the imports of an account's stores that are queued or under way, and the last one of each store when it failed;
// at most 10,000 of either.
func (s *Store) OpenImports(ctx context.Context, userID uuid.UUID) ([]Import, error) {
	return list(ctx, s.readers, "imports: open ones", scanImport, `SELECT * FROM (SELECT `+importColumns+` FROM integrations i
			JOIN imports m ON m.integration_id = i.id AND m.state IN ('queued', 'running')
			WHERE i.user_id = $1 AND i.deleted_at IS NULL ORDER BY i.id LIMIT $2) open
		UNION ALL SELECT * FROM (SELECT `+importColumns+` FROM integrations i JOIN imports m ON m.state = 'failed' AND m.id =
				(SELECT l.id FROM imports l WHERE l.integration_id = i.id ORDER BY l.queued_at DESC, l.id DESC LIMIT 1)
			WHERE i.user_id = $1 AND i.deleted_at IS NULL ORDER BY i.id LIMIT $2) failed`, userID.String(), maxRows)
}

// OpenAudits lists the audits of an account's stores that are queued or under way, and the last one of each store when it failed;
// at most 10,000 of either.
func (s *Store) OpenAudits(ctx context.Context, userID uuid.UUID) ([]Audit, error) {
	return list(ctx, s.readers, "audits: open ones", scanAudit, `SELECT * FROM (SELECT `+auditColumns+` FROM integrations i
			JOIN audits a ON a.integration_id = i.id AND a.state IN ('queued', 'running')
			WHERE i.user_id = $1 AND i.deleted_at IS NULL ORDER BY i.id LIMIT $2) open
		UNION ALL SELECT * FROM (SELECT `+auditColumns+` FROM integrations i JOIN audits a ON a.state = 'failed' AND a.id =
				(SELECT l.id FROM audits l WHERE l.integration_id = i.id ORDER BY l.queued_at DESC, l.id DESC LIMIT 1)
			WHERE i.user_id = $1 AND i.deleted_at IS NULL ORDER BY i.id LIMIT $2) failed`, userID.String(), maxRows)
}

// OpenInbox is how many deliveries of an integration wait or failed, and the newest of them.
type OpenInbox struct {
	IntegrationID int64
	State         string // pending or failed
	Count         int
	ErrorCode     string
	ErrorDetail   string
	ReceivedAt    time.Time
	NextAttemptAt time.Time
}

// OpenInboxes lists the waiting and the failed deliveries of an account's stores, summed up; at most 10,000 sums.
func (s *Store) OpenInboxes(ctx context.Context, userID uuid.UUID) ([]OpenInbox, error) {
	return list(ctx, s.readers, "deliveries: open ones", func(r row) (o OpenInbox, err error) {
		var received, next sql.NullInt64
		err = r.Scan(&o.IntegrationID, &o.State, &o.Count, &o.ErrorCode, &o.ErrorDetail, &received, &next)
		o.ReceivedAt, o.NextAttemptAt = fromMillis(received), fromMillis(next)
		return o, err
	}, `WITH open AS MATERIALIZED (SELECT d.integration_id, d.state, count(*) AS n, max(d.seq) AS last
			FROM integrations i CROSS JOIN deliveries d`+s.dialect.indexed("deliveries_state")+`
			WHERE d.integration_id = i.id AND d.state IN ('pending', 'failed') AND d.state <> 'processed' AND i.user_id = $1 AND i.deleted_at IS NULL GROUP BY d.integration_id, d.state LIMIT $2)
		SELECT o.integration_id, o.state, o.n, d.error_code, d.error_detail, d.received_at, d.next_attempt_at
		FROM open o JOIN deliveries d ON d.seq = o.last ORDER BY o.integration_id, o.state`, userID.String(), maxRows)
}

// OpenChecks are the next looks at the subscriptions of an account's active stores whose last look failed, by integration; at most
// 10,000. Why it failed stands with the health of the store.
func (s *Store) OpenChecks(ctx context.Context, userID uuid.UUID) (map[int64]WebhookCheck, error) {
	type check struct {
		id int64
		WebhookCheck
	}
	rows, err := list(ctx, s.readers, "webhook checks: failed ones", func(r row) (c check, err error) {
		var due int64
		err = r.Scan(&c.id, &due, &c.Failures)
		c.DueAt = time.UnixMilli(due).UTC()
		return c, err
	}, `SELECT i.id, c.due_at, c.failures FROM integrations i JOIN webhook_checks c ON c.integration_id = i.id AND c.failures > 0
		WHERE i.user_id = $1 AND i.deleted_at IS NULL AND i.active ORDER BY i.id LIMIT $2`, userID.String(), maxRows)
	out := make(map[int64]WebhookCheck, len(rows))
	for _, c := range rows {
		out[c.id] = c.WebhookCheck
	}
	return out, err
}

// OpenScores are the states of an account's stores whose orders are being rated anew, or for which somebody wants a model to be
// learnt; at most 10,000.
func (s *Store) OpenScores(ctx context.Context, userID uuid.UUID) ([]ScoreState, error) {
	return list(ctx, s.readers, "scores: open ones", scanState, `SELECT `+stateColumns+` FROM integrations i JOIN score_states s ON s.integration_id = i.id
		WHERE i.user_id = $1 AND i.deleted_at IS NULL AND (s.rescore_cursor IS NOT NULL OR s.training_asked) ORDER BY i.id LIMIT $2`, userID.String(), maxRows)
}

// OpenPrivacyRequests lists what was asked in the name of customers of an account's stores and is not done, oldest first; at most
// 10,000.
func (s *Store) OpenPrivacyRequests(ctx context.Context, userID uuid.UUID) ([]PrivacyRequest, error) {
	return list(ctx, s.readers, "privacy: open ones", scanPrivacy, `SELECT `+privacyColumns+` FROM integrations i
		JOIN privacy_requests r ON r.integration_id = i.id AND r.state = 'open'
		WHERE i.user_id = $1 AND i.deleted_at IS NULL ORDER BY r.received_at, r.id LIMIT $2`, userID.String(), maxRows)
}

// StumbledJob is a job of the queue that failed for a reason of our own and waits for its next try.
type StumbledJob struct {
	Kind          string
	Attempt       int
	NextAt        time.Time
	ImportID      uuid.UUID `json:"import_id"`
	AuditID       uuid.UUID `json:"audit_id"`
	RequestID     uuid.UUID `json:"request_id"`
	IntegrationID int64     `json:"integration_id"`
}

// StumbledJobs lists the jobs that wait for another try, whoever they are for; at most 1,000.
func (s *Store) StumbledJobs(ctx context.Context) ([]StumbledJob, error) {
	return list(ctx, s.readers, "jobs: stumbled ones", func(r row) (j StumbledJob, err error) {
		var args, at string
		if err := r.Scan(&j.Kind, &j.Attempt, &args, &at); err != nil {
			return j, err
		}
		if err := json.Unmarshal([]byte(args), &j); err != nil {
			return j, err
		}
		j.NextAt, err = time.Parse(time.DateTime, at)
		return j, err
	}, `SELECT j.kind, j.attempt, `+s.dialect.jsonText("j.args")+`, `+s.dialect.jobTimeText("j.scheduled_at")+` FROM river_job j WHERE j.state = 'retryable' ORDER BY j.scheduled_at, j.id LIMIT 1000`)
}
