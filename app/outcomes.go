package app

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"probability/app/carriers"
	"probability/store"
)

// Limits of what is said of an order, in characters.
const (
	maxCarrierName = 100
	maxNote        = 500
)

// reportAhead is how far in the future the time of a report may lie: the end of a day that is not over, or a clock further east.
const reportAhead = 24 * time.Hour

// beforeOrder is by how much a report may lie before its order: its day may be told without the hour.
const beforeOrder = 24 * time.Hour

// NewOutcome is what somebody says became of an order's parcel.
type NewOutcome struct {
	Outcome    store.ParcelOutcome
	HappenedAt time.Time // zero: not said
	Carrier    string
	Note       string
	Source     string // store.SourceAPI or store.SourceUser
}

// ReportOutcome records what became of an order's parcel; it counts before what the platform says, and before what was reported
// earlier. created is false when the same was said last already: whoever sends a report again changes nothing.
func (a *App) ReportOutcome(ctx context.Context, userID uuid.UUID, id, orderID int64, in NewOutcome) (r store.Report, created bool, err error) {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return r, false, err
	}
	order, err := a.store.Order(ctx, id, orderID)
	if err != nil {
		return r, false, err
	}
	in.Carrier = carriers.CleanCarrier(in.Carrier)
	if err := a.checkOutcome(in, order); err != nil {
		return r, false, err
	}
	last, err := a.store.CountingReport(ctx, id, orderID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return r, false, err
	}
	if err == nil && last.Source == in.Source && last.Outcome == in.Outcome && last.HappenedAt.Equal(in.HappenedAt.Truncate(time.Millisecond)) &&
		last.Carrier == in.Carrier && last.Note == in.Note {
		return last, false, nil
	}
	r = store.Report{
		IntegrationID: id, OrderID: orderID, Counts: true, Outcome: in.Outcome, Source: in.Source, HappenedAt: in.HappenedAt,
		RecordedAt: a.now(), UserID: userID, Carrier: in.Carrier, Note: in.Note,
	}
	if r.ID, err = uuid.NewV7(); err != nil {
		return r, false, fmt.Errorf("outcomes: id: %w", err)
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		w := tx.Reports(id)
		if _, err := w.Insert(ctx, r); err != nil {
			return err
		}
		if err := w.Close(ctx); err != nil {
			return err
		}
		return a.score(ctx, tx, id)
	})
	if errors.Is(err, store.ErrTooManyReports) {
		err = &Error{Kind: Invalid, Code: "too_many_outcomes", Err: err}
	}
	return r, err == nil, err
}

func (a *App) checkOutcome(in NewOutcome, order store.Order) error {
	f := fieldErrors{}
	if in.Outcome == store.ParcelPending {
		f.add("outcome", "required")
	}
	placed := order.ImportedAt
	if !order.CreatedAt.IsZero() {
		placed = order.CreatedAt
	}
	switch {
	case in.HappenedAt.IsZero():
	case in.HappenedAt.After(a.now().Add(reportAhead)):
		f.add("happened_at", "in_the_future")
	case in.HappenedAt.Before(placed.Add(-beforeOrder)):
		f.add("happened_at", "before_the_order")
	}
	if utf8.RuneCountInString(in.Carrier) > maxCarrierName {
		f.add("carrier", "too_long", "Max", maxCarrierName)
	}
	if utf8.RuneCountInString(in.Note) > maxNote {
		f.add("note", "too_long", "Max", maxNote)
	}
	return f.err()
}

// UndoOutcome takes a report back: the one before it counts again, and without any the platform's data does. One that was undone
// before stays as it is.
func (a *App) UndoOutcome(ctx context.Context, userID uuid.UUID, id int64, report uuid.UUID) (r store.Report, err error) {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return r, err
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if r, err = tx.Report(ctx, id, report); err != nil {
			return err
		}
		if !r.UndoneAt.IsZero() {
			return nil
		}
		w := tx.Reports(id)
		if _, err := w.Undo(ctx, r, a.now()); err != nil {
			return err
		}
		if err := w.Close(ctx); err != nil {
			return err
		}
		r.UndoneAt, r.Counts = a.now(), false
		return a.score(ctx, tx, id)
	})
	return r, err
}

// NewMark is what a merchant says of an order or of its customer.
type NewMark struct {
	Mark  int8 // 1 allowed, -1 blocked, 0 nothing any more
	Scope string
	Note  string
}

// MarkOrder stores what a merchant says of an order, or of its customer and so of all orders with the same telephone number or
// e-mail, those to come too. What was said of it before, in either scope, is forgotten.
func (a *App) MarkOrder(ctx context.Context, userID uuid.UUID, id, orderID int64, in NewMark) (m store.OrderMark, err error) {
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return m, err
	}
	if _, err := a.store.Order(ctx, id, orderID); err != nil {
		return m, err
	}
	f := fieldErrors{}
	if utf8.RuneCountInString(in.Note) > maxNote {
		f.add("note", "too_long", "Max", maxNote)
	}
	if err := f.err(); err != nil {
		return m, err
	}
	m = store.OrderMark{IntegrationID: id, OrderID: orderID, Mark: in.Mark, Scope: in.Scope, Note: in.Note, UserID: userID, MarkedAt: a.now()}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		order, customer := in.Mark, int8(0)
		if in.Scope == store.MarkCustomer {
			order, customer = 0, in.Mark
		}
		if err := tx.SetMark(ctx, id, orderID, order); err != nil {
			return unread(err)
		}
		known, err := tx.SetCustomerMark(ctx, id, orderID, customer, a.now())
		if err != nil {
			return unread(err)
		}
		if customer != 0 && !known {
			return &Error{Kind: Invalid, Code: "validation_failed", Fields: map[string][]FieldError{"scope": {{Code: "no_customer"}}}}
		}
		if err := tx.PutOrderMark(ctx, m); err != nil {
			return err
		}
		return a.score(ctx, tx, id)
	})
	return m, err
}

// Codes of orders whose score cannot be explained.
const (
	codeUnread   = "score_not_ready"  // not yet
	codeUnscored = "order_not_scored" // it cannot be read
)

// unread is the answer for an order that is stored and was not read for its score yet, as after an update of the program.
func unread(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &Error{Kind: Busy, Code: codeUnread, Err: err, RetryAfter: time.Minute}
	}
	return err
}
