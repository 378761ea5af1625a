package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Backlog is how much of what was received waits.
type Backlog struct {
	Pending, Failed int       // of each integration at most countedBacklog
	DueSince        time.Time // since when the one waits that has been due for longest; zero: none is due
	LastReceived    time.Time // the latest webhook; zero: none
}

// Bounds of what one look at the backlog reads for each integration.
const (
	countedBacklog = 100_000
	lookedAtDue    = 100
)

// countState counts an integration's deliveries of a state that is not 'processed', along the index that has only such.
func countState(state string) string {
	return fmt.Sprintf(`(SELECT count(*) FROM (SELECT 1 FROM deliveries d WHERE d.integration_id = i.id AND d.state = '%s'
		AND d.state <> 'processed' LIMIT %d) few)`, state, countedBacklog)
}

// dueSince is since when an integration's delivery waits that has been due for longest, of the first ones received. One that
// was put off is due from then on.
func dueSince(d dialect) string {
	return fmt.Sprintf(`(SELECT min(%s(due.received_at, COALESCE(due.next_attempt_at, 0))) FROM (SELECT d.received_at, d.next_attempt_at
	FROM deliveries d WHERE d.integration_id = i.id AND d.state = 'pending' AND d.state <> 'processed'
	AND (d.next_attempt_at IS NULL OR d.next_attempt_at <= $1) ORDER BY d.seq LIMIT %d) due)`, d.greatest(), lookedAtDue)
}

func backlogDue(d dialect) string {
	return `SELECT min(` + dueSince(d) + `) FROM integrations i WHERE i.deleted_at IS NULL`
}

var backlogAll = `SELECT COALESCE(sum(` + countState(DeliveryPending) + `), 0), COALESCE(sum(` + countState(DeliveryFailed) + `), 0),
		(SELECT latest.received_at FROM deliveries latest ORDER BY latest.seq DESC LIMIT 1) FROM integrations i WHERE i.deleted_at IS NULL`

// DueSince is since when the delivery waits that has been due for longest; zero when none is due. It reads a few rows of each
// integration, however long its backlog.
func (s *Store) DueSince(ctx context.Context, now time.Time) (time.Time, error) {
	since, err := get(ctx, s.work, "deliveries: due since", scanOne[sql.NullInt64], backlogDue(s.dialect), now.UnixMilli())
	return fromMillis(since), err
}

// Backlog looks at what waits, without reading what is processed.
func (s *Store) Backlog(ctx context.Context, now time.Time) (Backlog, error) {
	b, err := get(ctx, s.work, "deliveries: backlog", func(r row) (b Backlog, err error) {
		var last sql.NullInt64
		err = r.Scan(&b.Pending, &b.Failed, &last)
		b.LastReceived = fromMillis(last)
		return b, err
	}, backlogAll)
	if err != nil {
		return Backlog{}, err
	}
	b.DueSince, err = s.DueSince(ctx, now)
	return b, err
}

// ScoreFigures is how the scores are, all together.
type ScoreFigures struct {
	Due       int // orders whose score does not say yet what is known; of each integration at most countedBacklog
	Failed    int // orders that could not be rated; likewise
	Rescoring int // integrations whose orders are all being rated anew
}

// countScores counts an integration's scores of a state, along the index that has only such.
func countScores(d dialect, index string, due int) string {
	return fmt.Sprintf(`(SELECT count(*) FROM (SELECT 1 FROM order_facts f%s WHERE f.integration_id = i.id AND f.due = %d LIMIT %d) few)`,
		d.indexed(index), due, countedBacklog)
}

func scoreFigures(d dialect) string {
	return `SELECT COALESCE(sum(` + countScores(d, "order_facts_due", scoreDue) + `), 0), COALESCE(sum(` + countScores(d, "order_facts_failed", scoreFailed) + `), 0),
	COALESCE(sum((SELECT count(*) FROM score_states s WHERE s.integration_id = i.id AND s.rescore_cursor IS NOT NULL)), 0)
	FROM integrations i WHERE i.deleted_at IS NULL`
}

// ScoreFigures looks at the scores that are due or could not be made.
func (s *Store) ScoreFigures(ctx context.Context) (ScoreFigures, error) {
	return get(ctx, s.work, "scores: figures", func(r row) (f ScoreFigures, err error) {
		err = r.Scan(&f.Due, &f.Failed, &f.Rescoring)
		return f, err
	}, scoreFigures(s.dialect))
}

// JobFigure is how many jobs of a kind are in a state that is not the end.
type JobFigure struct {
	Kind, Queue, State string
	Count              int
	Since              time.Time // when the first of them was, or will be, due
}

// JobFigures counts the jobs that are to be run, run, or were given up.
func (s *Store) JobFigures(ctx context.Context) ([]JobFigure, error) {
	return list(ctx, s.work, "jobs: figures", func(r row) (f JobFigure, err error) {
		var since string
		if err := r.Scan(&f.Kind, &f.Queue, &f.State, &f.Count, &since); err != nil {
			return f, err
		}
		f.Since, err = time.Parse(time.DateTime, since)
		return f, err
	}, jobFigures(s.dialect))
}

// jobFigures leaves out the jobs that are done, of which there are many.
func jobFigures(d dialect) string {
	return `SELECT j.kind, j.queue, j.state, count(*), ` + d.jobTimeText("min(j.scheduled_at)") + ` FROM river_job j
	WHERE j.state IN ('available', 'discarded', 'pending', 'retryable', 'running', 'scheduled')
	GROUP BY j.kind, j.queue, j.state ORDER BY j.kind, j.queue, j.state`
}

// ImportFigure is how many runs of a kind are in a state.
type ImportFigure struct {
	Kind, State string
	Count       int
}

// ImportFigures counts the runs that are queued or under way.
func (s *Store) ImportFigures(ctx context.Context) ([]ImportFigure, error) {
	return list(ctx, s.work, "imports: figures", func(r row) (f ImportFigure, err error) {
		err = r.Scan(&f.Kind, &f.State, &f.Count)
		return f, err
	}, importFigures)
}

const importFigures = `SELECT m.kind, m.state, count(*) FROM imports m WHERE m.state IN ('queued', 'running') GROUP BY m.kind, m.state ORDER BY m.kind, m.state`

// StoreFigures is how the connected stores are, all together.
type StoreFigures struct {
	Active, Paused int
	Subscribed     int            // active ones with a webhook at Shopify
	Problems       map[string]int // integrations by the code of their stored problem
}

// StoreFigures counts the integrations and their problems.
func (s *Store) StoreFigures(ctx context.Context) (StoreFigures, error) {
	const op = "integrations: figures"
	f, err := get(ctx, s.work, op, func(r row) (f StoreFigures, err error) {
		err = r.Scan(&f.Active, &f.Paused, &f.Subscribed)
		return f, err
	}, `SELECT count(*) FILTER (WHERE active), count(*) FILTER (WHERE NOT active),
		count(*) FILTER (WHERE active AND webhook_topics NOT IN ('', '[]', 'null')) FROM integrations WHERE deleted_at IS NULL`)
	if err != nil {
		return f, err
	}
	type problem struct {
		code string
		n    int
	}
	problems, err := list(ctx, s.work, op, func(r row) (p problem, err error) {
		err = r.Scan(&p.code, &p.n)
		return p, err
	}, `SELECT p.code, count(*) FROM problems p JOIN integrations i ON i.id = p.integration_id AND i.deleted_at IS NULL GROUP BY p.code ORDER BY p.code`)
	f.Problems = make(map[string]int, len(problems))
	for _, p := range problems {
		f.Problems[p.code] = p.n
	}
	return f, err
}
