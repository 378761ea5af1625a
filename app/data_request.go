package app

import (
	"context"
	"errors"

	"github.com/google/uuid"

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

// Each gives the customer's orders to yield, with their payloads and one at a time, the deleted ones too.
func (e *DataExport) Each(ctx context.Context, yield func(*store.Order) error) error {
	for after, done := int64(0), false; !done; {
		var err error
		after, done, err = e.app.store.EachPayload(ctx, e.Request.IntegrationID, after, func(o *store.Order) error {
			if !e.match(*o) {
				return nil
			}
			e.found++
			return yield(o)
		})
		if err != nil {
			return err
		}
	}
	return nil
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
