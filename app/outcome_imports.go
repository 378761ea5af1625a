package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"probability/app/carriers"
	"probability/store"
)

const (
	// resolveRows is how many rows of a carrier's report are looked up at once.
	resolveRows = 400
	// reportRows is how many reports one transaction records or takes back.
	reportRows = 200
)

// Why a row of a carrier's report is refused that could be read.
const (
	refusedUnknownOrder  = "unknown_order"
	refusedSeveralOrders = "several_orders"
	refusedBeforeOrder   = "before_the_order"
	refusedTooMany       = "too_many_outcomes"
)

// outcomeLocks lets one import or undoing at once change the outcomes of an integration.
type outcomeLocks struct {
	mu    sync.Mutex
	taken map[int64]bool
}

func (l *outcomeLocks) take(id int64) (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[id] {
		return nil, &Error{Kind: Busy, Code: "outcome_import_running", RetryAfter: 5 * time.Second}
	}
	if l.taken == nil {
		l.taken = make(map[int64]bool)
	}
	l.taken[id] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.taken, id)
	}, nil
}

// takeOutcomes is take over all processes that share the database.
func (a *App) takeOutcomes(ctx context.Context, id int64) (release func(), err error) {
	here, err := a.outcomes.take(id)
	if err != nil {
		return nil, err
	}
	everywhere, err := a.store.TakeOutcomes(ctx, id)
	if err != nil {
		here()
		if errors.Is(err, store.ErrTaken) {
			err = &Error{Kind: Busy, Code: "outcome_import_running", RetryAfter: 5 * time.Second}
		}
		return nil, err
	}
	return func() { everywhere(); here() }, nil
}

// outcomeImport is a carrier's report on its way into the database.
type outcomeImport struct {
	app     *App
	row     store.OutcomeImport
	stored  bool
	before  store.OutcomeCounted // what the same file came to when it was read before
	rows    []matchedRow
	refused carriers.Refusals
}

// matchedRow is a row with its order.
type matchedRow struct {
	carriers.Row
	order int64
}

// ImportOutcomes records what a carrier's report says, row by row. The same file is the same import for as long as it is not undone: it
// records only what it could not before. With dryRun it tells what it would do, and stores nothing. The id of the result is the
// zero one when nothing was recorded.
//
// It goes in slices, between which others write; should it be cut short, what it did stays done, and the same file goes on with it.
func (a *App) ImportOutcomes(ctx context.Context, userID uuid.UUID, id int64, report carriers.Report, name string, dryRun bool) (store.OutcomeImport, error) {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return store.OutcomeImport{}, err
	}
	release, err := a.takeOutcomes(ctx, id)
	if err != nil {
		return store.OutcomeImport{}, err
	}
	defer release()
	im, err := a.beginOutcomes(ctx, userID, id, report, name)
	if err != nil {
		return store.OutcomeImport{}, err
	}
	if err := im.match(ctx, report.Rows); err != nil {
		return store.OutcomeImport{}, err
	}
	if err := im.leaveOutKnown(ctx); err != nil {
		return store.OutcomeImport{}, err
	}
	for rows := range slices.Chunk(im.rows, reportRows) {
		if err := im.record(ctx, rows, dryRun); err != nil {
			return store.OutcomeImport{}, fmt.Errorf("import outcomes: %w", err)
		}
		a.giveWay(ctx, processYield)
	}
	return im.finish(ctx, dryRun)
}

// beginOutcomes is the import of a file: the one that the same file was before, or a new one.
func (a *App) beginOutcomes(ctx context.Context, userID uuid.UUID, id int64, report carriers.Report, name string) (*outcomeImport, error) {
	im := &outcomeImport{app: a, refused: report.Refusals}
	found, err := a.store.LiveOutcomeImport(ctx, id, report.Digest)
	switch {
	case err == nil:
		im.row, im.stored, im.before = found, true, found.OutcomeCounted
	case errors.Is(err, store.ErrNotFound):
		fresh, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("import outcomes: id: %w", err)
		}
		im.row = store.OutcomeImport{ID: fresh, IntegrationID: id, Digest: report.Digest, Name: name, CreatedAt: a.now(), UserID: userID}
	default:
		return nil, err
	}
	im.row.OutcomeCounted = store.OutcomeCounted{Rows: report.Read, Pending: report.Pending}
	return im, nil
}

// match finds the order of each row. Of several rows of one order the latest remains, by its date, and without one by its place.
func (im *outcomeImport) match(ctx context.Context, rows []carriers.Row) error {
	place := make(map[int64]int, len(rows)) // of each order in im.rows
	for some := range slices.Chunk(rows, resolveRows) {
		var names []string
		for _, r := range some {
			names = append(names, r.ID, r.Number)
		}
		names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
		found, err := im.app.store.NamedOrders(ctx, im.row.IntegrationID, names)
		if err != nil {
			return err
		}
		named := make(map[string][]store.NamedOrder)
		for _, n := range found {
			named[n.Name] = append(named[n.Name], n)
		}
		for _, r := range some {
			order, reason := orderOf(r, named)
			if reason != "" {
				im.refused.Add(r.Line, reason, r.Name())
				continue
			}
			if !r.At.IsZero() && r.At.Before(order.PlacedAt.Add(-beforeOrder)) {
				im.refused.Add(r.Line, refusedBeforeOrder, r.Name())
				continue
			}
			m := matchedRow{r, order.OrderID}
			at, twice := place[m.order]
			if !twice {
				place[m.order] = len(im.rows)
				im.rows = append(im.rows, m)
				continue
			}
			im.row.Superseded++
			if before := im.rows[at]; before.At.IsZero() || m.At.IsZero() || !m.At.Before(before.At) {
				im.rows[at] = m
			}
		}
	}
	return nil
}

// orderOf chooses the order that a row names: by its id, and where no order has that, by its number. A text in the one column may
// be what belongs into the other.
func orderOf(r carriers.Row, named map[string][]store.NamedOrder) (store.NamedOrder, string) {
	for _, by := range []struct {
		name string
		id   bool
	}{{r.ID, true}, {r.Number, false}, {r.ID, false}, {r.Number, true}} {
		var found []store.NamedOrder
		for _, n := range named[by.name] {
			if by.name != "" && n.ByID == by.id {
				found = append(found, n)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], ""
		default:
			return store.NamedOrder{}, refusedSeveralOrders
		}
	}
	return store.NamedOrder{}, refusedUnknownOrder
}

// leaveOutKnown leaves out what the same file recorded before.
func (im *outcomeImport) leaveOutKnown(ctx context.Context) error {
	if !im.stored {
		return nil
	}
	known := make(map[int64]bool)
	for some := range slices.Chunk(im.rows, resolveRows) {
		orders := make([]int64, len(some))
		for i, r := range some {
			orders[i] = r.order
		}
		reports, err := im.app.store.ImportedReports(ctx, im.row.ID, orders)
		if err != nil {
			return err
		}
		for _, r := range reports {
			known[r.OrderID] = true
		}
	}
	before := len(im.rows)
	im.rows = slices.DeleteFunc(im.rows, func(r matchedRow) bool { return known[r.order] })
	im.row.Known = before - len(im.rows)
	return nil
}

// errDryRun takes back what a transaction tried.
var errDryRun = errors.New("nothing is to be stored")

// record records some rows in one transaction.
func (im *outcomeImport) record(ctx context.Context, rows []matchedRow, dryRun bool) error {
	a := im.app
	var counted store.OutcomeCounted // of the transaction, which may not come to its end
	var refused carriers.Refusals
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		counted, refused = im.row.OutcomeCounted, im.refused
		w := tx.Reports(im.row.IntegrationID)
		for _, row := range rows {
			fresh, err := uuid.NewV7()
			if err != nil {
				return fmt.Errorf("id: %w", err)
			}
			changed, err := w.Insert(ctx, store.Report{
				ID: fresh, IntegrationID: im.row.IntegrationID, OrderID: row.order, Outcome: store.ParcelOutcome(row.Outcome), Source: store.SourceCSV,
				Import: im.row.ID, HappenedAt: row.At, RecordedAt: a.now(), UserID: im.row.UserID, Carrier: row.Carrier, Tracking: row.Tracking,
			})
			switch {
			case errors.Is(err, store.ErrNotFound): // deleted meanwhile
				refused.Add(row.Line, refusedUnknownOrder, row.Name())
			case errors.Is(err, store.ErrTooManyReports):
				refused.Add(row.Line, refusedTooMany, row.Name())
			case err != nil:
				return err
			default:
				counted.Recorded++
			}
			if changed {
				counted.Changed++
			}
		}
		if dryRun {
			return errDryRun
		}
		if err := w.Close(ctx); err != nil {
			return err
		}
		if err := im.put(ctx, tx, counted, refused); err != nil {
			return err
		}
		return a.score(ctx, tx, im.row.IntegrationID)
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return err
	}
	im.row.OutcomeCounted, im.refused = counted, refused
	return nil
}

// put stores the import with what it came to so far; one that has recorded nothing is not kept.
func (im *outcomeImport) put(ctx context.Context, tx *store.Tx, counted store.OutcomeCounted, refused carriers.Refusals) error {
	if counted.Recorded == 0 && !im.stored {
		return nil
	}
	row := im.row
	row.OutcomeCounted, row.UpdatedAt = counted, im.app.now()
	row.Recorded, row.Changed = row.Recorded+im.before.Recorded, row.Changed+im.before.Changed
	row.RefusedCount, row.Refused = refused.Count, refusedRows(refused)
	if err := tx.PutOutcomeImport(ctx, row); err != nil {
		return err
	}
	im.stored = true
	return nil
}

// finish stores what the whole file came to, and gives it.
func (im *outcomeImport) finish(ctx context.Context, dryRun bool) (store.OutcomeImport, error) {
	if !dryRun {
		err := im.app.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			return im.put(ctx, tx, im.row.OutcomeCounted, im.refused)
		})
		if err != nil {
			return store.OutcomeImport{}, err
		}
	}
	out := im.row
	out.UpdatedAt, out.RefusedCount, out.Refused = im.app.now(), im.refused.Count, refusedRows(im.refused)
	if !im.stored {
		out.ID = uuid.Nil
	}
	return out, nil
}

// refusedRows are the refusals as they are kept, by their lines.
func refusedRows(r carriers.Refusals) []store.RefusedRow {
	rows := make([]store.RefusedRow, len(r.Refused))
	for i, one := range r.Refused {
		rows[i] = store.RefusedRow(one)
	}
	slices.SortStableFunc(rows, func(a, b store.RefusedRow) int { return cmp.Compare(a.Line, b.Line) })
	return rows
}

// UndoOutcomes takes back everything that a carrier's report recorded, as if it had never been read. It goes in slices; should it
// be cut short, calling it again goes on.
func (a *App) UndoOutcomes(ctx context.Context, userID uuid.UUID, id int64, importID uuid.UUID) (im store.OutcomeImport, err error) {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return im, err
	}
	release, err := a.takeOutcomes(ctx, id)
	if err != nil {
		return im, err
	}
	defer release()
	if im, err = a.store.OutcomeImport(ctx, id, importID); err != nil || !im.UndoneAt.IsZero() {
		return im, err
	}
	for {
		reports, err := a.store.ImportReports(ctx, importID, reportRows)
		if err != nil {
			return im, err
		}
		err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			w := tx.Reports(id)
			for _, r := range reports {
				if _, err := w.Undo(ctx, r, a.now()); err != nil {
					return err
				}
			}
			if err := w.Close(ctx); err != nil {
				return err
			}
			if len(reports) < reportRows {
				im.UndoneAt = a.now()
				if err := tx.PutOutcomeImport(ctx, im); err != nil {
					return err
				}
			}
			return a.score(ctx, tx, id)
		})
		if err != nil {
			return im, fmt.Errorf("undo outcomes: %w", err)
		}
		if len(reports) < reportRows {
			return im, nil
		}
		a.giveWay(ctx, processYield)
	}
}
