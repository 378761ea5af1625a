package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

// DataExport is what is handed over for a customer who asked for their data.
type DataExport struct {
	Request store.PrivacyRequest
	Person  shopify.Person

	app   *App
	match func(store.Order) bool
	found int
}

// DataExport finds a request for data of the caller's integration. Another topic's is not found, and one whose subject was
// forgotten since is Gone.
func (a *App) DataExport(ctx context.Context, userID uuid.UUID, integration int64, id uuid.UUID) (*DataExport, error) {
	in, err := a.Owned(ctx, userID, integration)
	if err != nil {
		return nil, err
	}
	r, err := a.store.PrivacyRequest(ctx, in.ID, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Topic != shopify.TopicDataRequest {
		return nil, notFound(err)
	}
	if err != nil {
		return nil, err
	}
	gone := &Error{Kind: Gone, Code: "privacy_export_expired"}
	if !r.HasSubject || !a.now().Before(r.ExpiresAt) {
		return nil, gone
	}
	person, err := a.store.PrivacySubject(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	marks := make(map[string]bool)
	for _, m := range person.Marks() {
		marks[m] = true
	}
	known := func(mark string) bool { return marks[mark] }
	return &DataExport{Request: r, Person: person, app: a, match: func(o store.Order) bool {
		return known(shopify.OrderMark(o.Order.ID)) || len(shopify.Hits(shopify.Marks(o.Raw), known)) > 0
	}}, nil
}

// CustomerOrder is an order with all that is kept beside it.
type CustomerOrder struct {
	*store.Order
	Reports []store.Report   // of its parcel, newest first, the undone ones too
	Mark    *store.OrderMark // what was said of it; nil: nothing
	Facts   *score.Facts     // what the score reads in it; nil: it was not read
	Score   *ScoreExplanation
}

// errFound ends the reading of payloads at one of the customer's, so that what else is kept of it is read while nothing else is.
var errFound = errors.New("one of the customer's orders")

// Each gives the customer's orders to yield, with their payloads and one at a time, the deleted ones too.
func (e *DataExport) Each(ctx context.Context, yield func(CustomerOrder) error) error {
	for after, done := int64(0), false; !done; {
		var (
			found *store.Order
			err   error
		)
		after, done, err = e.app.store.EachPayload(ctx, e.Request.IntegrationID, after, func(o *store.Order) error {
			if !e.match(*o) {
				return nil
			}
			found = o
			return errFound
		})
		if found == nil {
			if err != nil {
				return err
			}
			continue
		}
		one, err := e.app.customerOrder(ctx, e.Request.IntegrationID, found)
		if err != nil {
			return err
		}
		e.found++
		if err := yield(one); err != nil {
			return err
		}
		after, done = found.ID, false
	}
	return nil
}

// customerOrder reads what is kept beside an order. A deleted one has nothing of it any more.
func (a *App) customerOrder(ctx context.Context, id int64, o *store.Order) (one CustomerOrder, err error) {
	one.Order = o
	if one.Reports, err = a.store.Reports(ctx, id, o.ID, store.MaxReports); err != nil {
		return one, err
	}
	mark, err := a.store.OrderMark(ctx, id, o.ID)
	switch {
	case err == nil:
		one.Mark = &mark
	case !errors.Is(err, store.ErrNotFound):
		return one, err
	}
	e, err := a.ExplainScore(ctx, id, o.ID)
	if err != nil {
		if e := AsError(err); e.Kind == NotFound || e.Code == codeUnread || e.Code == codeUnscored {
			return one, nil
		}
		return one, err
	}
	facts, err := score.ParseFacts(e.Facts.Facts)
	if err != nil {
		return one, fmt.Errorf("facts of order %d: %w", o.ID, err)
	}
	one.Facts, one.Score = &facts, &e
	return one, nil
}

// Fetched notes that all of the export was handed over, which answers the request.
func (e *DataExport) Fetched(ctx context.Context) error {
	return e.app.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.CompletePrivacyRequest(ctx, e.Request.ID, e.found, e.app.now()); err != nil {
			return err
		}
		return e.app.settleDataRequests(ctx, tx, e.Request.IntegrationID)
	})
}
