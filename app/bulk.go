package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"probability/shopify"
	"probability/store"
)

const (
	// bulkFrom is how many orders a first import by GraphQL has at least for Shopify to be asked to put them together by
	// itself. Up to here pages are as quick, and go on from where they were; and Shopify promises pages of no list beyond
	// 25,000 (shopify.dev, limits of the API, 2026).
	bulkFrom = 20_000
	// How long a look at an operation waits for the next: a tenth of what it has taken so far, within these.
	shortestLook = 2 * time.Second
	longestLook  = 30 * time.Second
	// longestBulk is when an operation that does not end is given up. Shopify itself lets one run for ten days.
	longestBulk = 6 * time.Hour
	// bulkSlack is by how much Shopify's clock may be behind ours when an operation of this run is looked for. Its query names
	// the run's window to the second, so that no other has the same.
	bulkSlack = 15 * time.Minute
)

// bulkPlace is how far the result of an operation has been stored: the cursor of a run by bulk operation.
type bulkPlace struct {
	id     string
	at     int64 // bytes
	orders int
}

func (p bulkPlace) String() string {
	return p.id + " " + strconv.FormatInt(p.at, 10) + " " + strconv.Itoa(p.orders)
}

func parseBulkPlace(cursor string) (p bulkPlace, ok bool) {
	parts := strings.Split(cursor, " ")
	if len(parts) != 3 {
		return bulkPlace{}, false
	}
	at, err1 := strconv.ParseInt(parts[1], 10, 64)
	orders, err2 := strconv.Atoi(parts[2])
	return bulkPlace{parts[0], at, orders}, err1 == nil && err2 == nil && at >= 0 && orders >= 0 && parts[0] != ""
}

// bulkResult is the result of an operation while it is read.
type bulkResult struct {
	place  bulkPlace
	reader *shopify.BulkReader
}

func (b *bulkResult) close() {
	if b != nil {
		b.reader.Close()
	}
}

// bulk does the next thing for a run by bulk operation: begin the operation, look at it, or store some more of its result.
// Whatever goes wrong with it, other than what passes, sends the run back to pages.
func (a *App) bulk(ctx context.Context, s *slice, in store.Integration, run store.Import) error {
	err := a.bulkStep(ctx, s, in, run)
	if err == nil || errors.Is(err, errSuperseded) {
		return err
	}
	s.bulk.close()
	s.bulk = nil
	failed, ended := errors.AsType[*bulkFailed](err)
	e := asShopify(err)
	if !ended && (e == nil || e.Temporary() && run.Attempts < bulkTries) {
		return err
	}
	if !ended && !e.Temporary() && e.Kind != shopify.KindInvalid && e.Kind != shopify.KindForeignLink && e.Kind != shopify.KindNotFound {
		return err // not about the operation: a token that is refused, a store that is closed
	}
	why := detailOf(err)
	if ended {
		why = failed.Error()
	}
	a.log.WarnContext(ctx, "the bulk operation came to nothing: the orders are read in pages", "integration_id", in.ID, "import_id", run.ID, "reason", why)
	return a.goOver(ctx, run, store.WayGraphQL)
}

// bulkTries is how often in a row a result is asked for that cannot be read.
const bulkTries = 8

// bulkFailed: the operation itself did not come to a good end.
type bulkFailed struct{ reason string }

// Error says how it ended.
func (e *bulkFailed) Error() string { return "the bulk operation ended as " + e.reason }

func (a *App) bulkStep(ctx context.Context, s *slice, in store.Integration, run store.Import) error {
	place, begun := parseBulkPlace(run.Cursor)
	if !begun {
		return a.beginBulk(ctx, in, run)
	}
	if s.bulk == nil || s.bulk.place != place {
		s.bulk.close()
		s.bulk = nil
		b, err := a.lookAtBulk(ctx, in, run, place)
		if err != nil || b.Status == shopify.BulkRunning {
			return err
		}
		if b.Orders == 0 { // there is no result then
			return a.endBulk(ctx, run)
		}
		err = a.call(ctx, in, func(session shopify.Session) error {
			reader, err := a.shopify.OpenBulk(ctx, session, b, place.at)
			if err == nil {
				s.bulk = &bulkResult{place: place, reader: reader}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return a.storeBulk(ctx, s, run)
}

// beginBulk begins an operation, or finds the one that this run has begun, and writes its id into the run.
func (a *App) beginBulk(ctx context.Context, in store.Integration, run store.Import) error {
	var b shopify.Bulk
	err := a.call(ctx, in, func(session shopify.Session) (err error) {
		b, err = a.shopify.BeginBulk(ctx, session, query(run), run.StartedAt.Add(-bulkSlack))
		return err
	})
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "orders are put together by Shopify", "integration_id", in.ID, "import_id", run.ID, "operation", b.ID)
	return a.update(ctx, run, func(_ context.Context, _ *store.Tx, row *store.Import) error {
		row.Cursor = bulkPlace{id: b.ID}.String()
		row.Attempts, row.ErrorCode, row.ErrorDetail = 0, "", ""
		row.NextAttemptAt = a.now().Add(shortestLook)
		return nil
	})
}

// lookAtBulk asks how far the operation has come. While it runs, the run waits.
func (a *App) lookAtBulk(ctx context.Context, in store.Integration, run store.Import, place bulkPlace) (b shopify.Bulk, err error) {
	err = a.call(ctx, in, func(session shopify.Session) (err error) {
		b, err = a.shopify.LookAtBulk(ctx, session, place.id)
		return err
	})
	if err != nil {
		return b, err
	}
	taken := a.now().Sub(run.StartedAt)
	switch {
	case b.Status == shopify.BulkFailed:
		return b, &bulkFailed{b.Reason}
	case b.Status == shopify.BulkCompleted:
		return b, nil
	case taken > longestBulk:
		return b, &bulkFailed{fmt.Sprintf("running after %s", taken.Round(time.Minute))}
	}
	return b, a.update(ctx, run, func(_ context.Context, _ *store.Tx, row *store.Import) error {
		row.Attempts, row.ErrorCode, row.ErrorDetail = 0, "", ""
		row.NextAttemptAt = a.now().Add(min(max(taken/10, shortestLook), longestLook))
		return nil
	})
}

// storeBulk stores the next orders of the result, with the place behind them.
func (a *App) storeBulk(ctx context.Context, s *slice, run store.Import) error {
	place := s.bulk.place
	read, err := s.bulk.reader.Page(ctx, importBatch, place.orders)
	if err != nil {
		return err
	}
	if len(read.Orders) == 0 {
		s.bulk.close()
		s.bulk = nil
		return a.endBulk(ctx, run)
	}
	page := orderPage{OrdersPage: read}
	page.RequestedAt = run.StartedAt // what changes in the store after that may be missing
	a.prepare(&page, run.Pages+1)
	if page.err != nil {
		return page.err
	}
	next := bulkPlace{place.id, s.bulk.reader.At(), place.orders + len(read.Orders)}
	a.giveWay(ctx, importYield)
	err = a.update(ctx, run, func(ctx context.Context, tx *store.Tx, row *store.Import) error {
		if err := a.putPart(ctx, tx, row, page.versions); err != nil {
			return err
		}
		return a.countPage(ctx, tx, row, page, next.String())
	})
	if err == nil {
		s.bulk.place = next
	}
	return err
}

// endBulk leaves the run to be proven.
func (a *App) endBulk(ctx context.Context, run store.Import) error {
	return a.update(ctx, run, func(_ context.Context, _ *store.Tx, row *store.Import) error {
		row.Cursor, row.Pages, row.Attempts, row.ErrorCode, row.ErrorDetail = "", row.Pages+1, 0, "", ""
		return nil
	})
}
