package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
)

const (
	// auditWindow is how many stored orders a window has, about; one in which Shopify counts more than twice as many is cut
	// smaller. A window is what a killed audit does again, and what is held in memory: ids and times only.
	auditWindow = 5_000
	// auditDays is the longest window, in days.
	auditDays = 92
	// visibleDays is how many days back an app sees without read_all_orders; one of Shopify's 60 is left as a margin, or an
	// order that has just left them would look deleted.
	visibleDays = 59
	// auditSettle is how old a difference has to be to count at once: a webhook may be on its way, and Shopify's lists and
	// counts may be a little behind. A window with a younger one is compared once more after as long.
	auditSettle = 5 * time.Second
	// maxAuditWindows bounds the list of results; before it is reached neighbours are put together.
	maxAuditWindows = 100
	// maxAuditExamples is how many ids of each kind are kept.
	maxAuditExamples = 20
)

// auditLimits are the sizes that tests make smaller.
type auditLimits struct{ window, windows int }

// auditing is an audit under way: a job's, whose every step is kept in its row, or one in the foreground, which is in memory
// until it is done.
type auditing struct {
	app  *App
	in   store.Integration
	kept bool
	row  store.Audit
}

// Audit carries an audit on by some windows. What is found is written with the window it was found in, so that whoever kills
// the process loses at most the window in hand. Failures that pass are kept in the audit, with the
// time of the next try; the job itself never fails for them.
func (a *App) Audit(ctx context.Context, id uuid.UUID) (Progress, error) {
	for until := a.now().Add(sliceTime); ; {
		row, err := a.store.AuditByID(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && row.State != store.AuditQueued && row.State != store.AuditRunning {
			return Progress{Done: true}, nil
		}
		if err != nil {
			return Progress{}, err
		}
		if wait := row.NextAttemptAt.Sub(a.now()); !row.NextAttemptAt.IsZero() && wait > 0 {
			return Progress{After: wait}, nil
		}
		in, err := a.store.IntegrationByID(ctx, row.IntegrationID)
		if err != nil {
			return Progress{}, err
		}
		r := &auditing{app: a, in: in, kept: true, row: row}
		if a.Disk() != DiskOK {
			return r.pauseForRoom(ctx)
		}
		done, err := r.step(ctx)
		switch {
		case errors.Is(err, errSuperseded):
			return Progress{Done: true}, nil
		case err != nil && ctx.Err() != nil:
			return Progress{}, ctx.Err() // the service stops: the window is compared again after the next start
		case err != nil:
			return r.failed(ctx, err)
		case done:
			return Progress{Done: true}, nil
		case !a.now().Before(until):
			return Progress{}, nil
		}
	}
}

// step does the next thing for the audit: begin it, compare a window, or end it.
func (r *auditing) step(ctx context.Context) (done bool, err error) {
	switch {
	case r.row.To.IsZero():
		return false, r.begin(ctx)
	case r.row.Next.After(r.row.To):
		return true, r.complete(ctx)
	default:
		return false, r.window(ctx)
	}
}

// begin fixes the two ends. The first is where the first import began, or what Shopify shows at most; the last is Shopify's
// own time where it is earlier than ours.
func (r *auditing) begin(ctx context.Context) error {
	from, err := r.app.store.AuditFrom(ctx, r.in.ID)
	if err != nil {
		return err
	}
	if from.IsZero() {
		from = r.in.CreatedAt.Add(-r.app.cfg.InitialWindow)
	}
	all, err := r.seesAll(ctx)
	if err != nil {
		return err
	}
	now := r.app.now()
	if visible := now.AddDate(0, 0, -visibleDays); !all && from.Before(visible) {
		from = visible
	}
	from = from.Truncate(time.Second)
	total, date, err := r.count(ctx, shopify.OrdersQuery{CreatedAtMin: from})
	if err != nil {
		return err
	}
	return r.write(ctx, func(_ context.Context, _ *store.Tx, row *store.Audit) error {
		row.From, row.Next, row.To, row.Total = from, from, earlier(now, date).Truncate(time.Second), &total
		row.State, row.StartedAt, row.Pass = store.AuditRunning, r.app.now(), 1
		row.Attempts, row.ErrorCode, row.ErrorDetail = 0, "", ""
		return nil
	})
}

// earlier is the earlier of our time and Shopify's, which may be unknown.
func earlier(now, date time.Time) time.Time {
	if !date.IsZero() && date.Before(now) {
		return date
	}
	return now
}

// seesAll tells whether the app sees orders older than 60 days. A store that does not tell its scopes is believed what it
// said when it was connected.
func (r *auditing) seesAll(ctx context.Context) (all bool, err error) {
	err = r.call(ctx, func(s shopify.Session) error {
		scopes, err := r.app.shopify.Scopes(ctx, s)
		if kind := shopify.KindOf(err); kind == shopify.KindNotFound || kind == shopify.KindForbidden {
			scopes, err = r.in.Permissions, nil
		}
		all = slices.Contains(scopes, "read_all_orders")
		return err
	})
	return all, err
}

// window compares the window in hand. What differs is looked at a second time, since much may have happened meanwhile.
func (r *auditing) window(ctx context.Context) error {
	to, counted, asked, err := r.bounds(ctx)
	if err != nil {
		return err
	}
	listed, err := r.list(ctx, to, counted)
	if err != nil {
		return err
	}
	if len(listed) < counted {
		return r.fallsShort(ctx, counted, len(listed))
	}
	stored, err := r.app.store.StoredInWindow(ctx, r.in.ID, r.row.Next, to)
	if err != nil {
		return err
	}
	gaps, extra, err := r.compare(ctx, listed, stored)
	if err != nil {
		return err
	}
	if r.row.Pass == 1 && young(gaps, extra, asked.Add(-auditSettle)) {
		return r.again(ctx, auditSettle)
	}
	open, err := r.confirm(ctx, gaps)
	if err != nil {
		return err
	}
	more, err := r.confirmExtra(ctx, extra)
	if err != nil {
		return err
	}
	return r.write(ctx, func(_ context.Context, _ *store.Tx, row *store.Audit) error {
		for _, f := range append(open, more...) {
			f.note(row, false)
		}
		closeWindow(row, to, r.app.audits.windows, store.AuditCounts{Counted: counted, Stored: len(stored), Checked: len(listed)})
		row.Next, row.Pass = to.Add(time.Second), 1
		row.Attempts, row.ErrorCode, row.ErrorDetail = 0, "", ""
		return nil
	})
}

// bounds is where the window in hand ends and how many orders Shopify counts in it. It ends with a day, at about as many
// stored orders as one is to have; when Shopify counts far more than are stored, earlier, within the day if need be.
func (r *auditing) bounds(ctx context.Context) (to time.Time, counted int, asked time.Time, err error) {
	from := r.row.Next
	day := from.Truncate(24 * time.Hour)
	last := day.AddDate(0, 0, auditDays)
	days, err := r.app.store.DatedDays(ctx, r.in.ID, day, last)
	if err != nil {
		return to, 0, asked, err
	}
	sum := 0
	for _, d := range days {
		if sum += d.Orders; sum > r.app.audits.window {
			last = d.Day
			if sum == d.Orders { // one day alone
				last = d.Day.AddDate(0, 0, 1)
			}
			break
		}
	}
	if !last.After(from) {
		last = day.AddDate(0, 0, 1)
	}
	to = last.Add(-time.Second)
	for {
		if to.After(r.row.To) {
			to = r.row.To
		}
		asked = r.app.now()
		var date time.Time
		if counted, date, err = r.count(ctx, shopify.OrdersQuery{CreatedAtMin: from, CreatedAtMax: to}); err != nil {
			return to, 0, asked, err
		}
		asked = earlier(asked, date)
		length := to.Sub(from)
		if counted <= 2*r.app.audits.window || length < time.Hour {
			return to, counted, asked, nil
		}
		// In proportion, which is a guess, and by a half at least, so that it ends.
		length = min(length/2, time.Duration(float64(length)*float64(r.app.audits.window)/float64(counted)))
		to = from.Add(max(length, time.Hour/2)).Truncate(time.Second)
	}
}

// again puts the window in hand off for another look.
func (r *auditing) again(ctx context.Context, after time.Duration) error {
	return r.write(ctx, func(_ context.Context, _ *store.Tx, row *store.Audit) error {
		row.Pass++
		row.NextAttemptAt = r.app.now().Add(after)
		return nil
	})
}

// fallsShort deals with a list that has fewer orders than Shopify counts: it is read again, then the audit fails.
func (r *auditing) fallsShort(ctx context.Context, counted, listed int) error {
	if r.row.Pass < maxPasses {
		return r.again(ctx, passPauses[min(r.row.Pass, len(passPauses)-1)])
	}
	return &auditMismatch{fmt.Sprintf("Shopify counts %d, %d were listed", counted, listed)}
}

// auditMismatch is the failure of an audit whose lists stay shorter than Shopify's counts.
type auditMismatch struct{ detail string }

// Error says how many of how many.
func (e *auditMismatch) Error() string { return "audit: " + e.detail }

// closeWindow writes down what the window in hand came to. Of most results or more, neighbours are put together.
func closeWindow(row *store.Audit, to time.Time, most int, c store.AuditCounts) {
	w := openWindow(row)
	w.To = to
	w.Add(c)
	row.Add(c)
	if len(row.Windows) < most {
		return
	}
	half := row.Windows[:0:0]
	for pair := range slices.Chunk(row.Windows, 2) {
		sum := pair[0]
		for _, next := range pair[1:] {
			sum.To, sum.Repaired = next.To, sum.Repaired+next.Repaired
			sum.Add(next.AuditCounts)
		}
		half = append(half, sum)
	}
	row.Windows = half
}

// openWindow is the result of the window in hand, begun if it is not.
func openWindow(row *store.Audit) *store.AuditWindow {
	if n := len(row.Windows); n == 0 || !row.Windows[n-1].To.IsZero() {
		row.Windows = append(row.Windows, store.AuditWindow{From: row.Next})
	}
	return &row.Windows[len(row.Windows)-1]
}
