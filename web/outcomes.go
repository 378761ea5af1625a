package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// outcomeNames are what an outcome is called, by its number.
var outcomeNames = [...]string{
	store.ParcelPending: "pending", store.ParcelDelivered: "delivered", store.ParcelFailed: "failed", store.ParcelCancelled: "cancelled",
}

// reportView is what somebody said of an order's parcel.
type reportView struct {
	ID         uuid.UUID  `json:"id"`
	Order      int64      `json:"order"`
	Outcome    string     `json:"outcome"`
	Counts     bool       `json:"counts"`
	Source     string     `json:"source"`
	Import     *uuid.UUID `json:"import"`
	HappenedAt stamp      `json:"happened_at"`
	RecordedAt stamp      `json:"recorded_at"`
	UndoneAt   stamp      `json:"undone_at"`
	Carrier    *string    `json:"carrier"`
	Tracking   *string    `json:"tracking"`
	Note       *string    `json:"note"`
}

func viewReport(r store.Report) reportView {
	view := reportView{
		ID: r.ID, Order: r.OrderID, Outcome: outcomeNames[r.Outcome], Counts: r.Counts, Source: r.Source, HappenedAt: stamp(r.HappenedAt),
		RecordedAt: stamp(r.RecordedAt), UndoneAt: stamp(r.UndoneAt), Carrier: nullable(r.Carrier), Tracking: nullable(r.Tracking), Note: nullable(r.Note),
	}
	if r.Import != uuid.Nil {
		view.Import = &r.Import
	}
	return view
}

// endView is what is known of a parcel's end, and who says so.
type endView struct {
	Outcome string `json:"outcome"`
	At      stamp  `json:"at"`
	// platform, api, csv or user; null while nobody says anything.
	Source   *string      `json:"source"`
	Platform platformView `json:"platform"`
	Report   *reportView  `json:"report"`
}

// platformView is the end by the platform's own data.
type platformView struct {
	Outcome string `json:"outcome"`
	At      stamp  `json:"at"`
}

func viewEnd(f store.OrderFacts, report *store.Report) endView {
	view := endView{
		Outcome: outcomeNames[f.Platform.Outcome], At: stamp(f.Platform.At),
		Platform: platformView{Outcome: outcomeNames[f.Platform.Outcome], At: stamp(f.Platform.At)},
	}
	if f.Platform.Outcome != store.ParcelPending {
		view.Source = nullable("platform")
	}
	if report != nil && f.Reported.Outcome != store.ParcelPending {
		r := viewReport(*report)
		view.Outcome, view.At, view.Source, view.Report = r.Outcome, stamp(f.Reported.At), &r.Source, &r
	}
	return view
}

// ownedOrder is the order in the path, for the owner of its integration.
func (s *Server) ownedOrder(c echo.Context) (integrationID, orderID int64, err error) {
	in, err := s.owned(c)
	if err != nil {
		return 0, 0, err
	}
	id, err := pathNumber(c, "order")
	if err != nil {
		return 0, 0, err
	}
	there, err := s.app.Store().HasOrder(c.Request().Context(), in.ID, id)
	if err == nil && !there {
		err = store.ErrNotFound
	}
	return in.ID, id, err
}

// ownedOrderForm is ownedOrder with what is sent about the order.
func (s *Server) ownedOrderForm(c echo.Context) (integrationID, orderID int64, m *members, err error) {
	if integrationID, orderID, err = s.ownedOrder(c); err == nil {
		m, err = readMembers(c)
	}
	return integrationID, orderID, m, err
}

// maxOrderReports is how many reports of an order are shown.
const maxOrderReports = 100

// orderOutcomesView is what was said of an order's parcel, newest first.
type orderOutcomesView struct {
	End     endView      `json:"end"`
	Reports []reportView `json:"reports"`
}

// listOutcomes is GET /api/integrations/shopify/{id}/orders/{order}/outcomes/.
func (s *Server) listOutcomes(c echo.Context) error {
	in, order, err := s.ownedOrder(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	reports, err := s.app.Store().Reports(ctx, in, order, maxOrderReports)
	if err != nil {
		return err
	}
	view := orderOutcomesView{Reports: make([]reportView, len(reports))}
	var counting *store.Report
	for i, r := range reports {
		view.Reports[i] = viewReport(r)
		if r.Counts {
			counting = &reports[i]
		}
	}
	facts, err := s.app.Store().OrderFacts(ctx, in, order)
	if err != nil && app.KindOf(err) != app.NotFound { // not read for its score yet: then only reports say anything
		return err
	}
	if counting != nil && err != nil {
		facts.Reported = store.Settled{Outcome: counting.Outcome, At: counting.RecordedAt}
	}
	view.End = viewEnd(facts, counting)
	return c.JSON(http.StatusOK, view)
}

// reportOutcome is POST /api/integrations/shopify/{id}/orders/{order}/outcomes/.
func (s *Server) reportOutcome(c echo.Context) error {
	in, order, m, err := s.ownedOrderForm(c)
	if err != nil {
		return err
	}
	wanted, err := m.outcome()
	if err != nil {
		return err
	}
	wanted.Source = store.SourceAPI
	if _, bySession := c.Get(sessionKey).(session); bySession {
		wanted.Source = store.SourceUser
	}
	r, created, err := s.app.ReportOutcome(c.Request().Context(), caller(c).ID, in, order, wanted)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return c.JSON(status, viewReport(r))
}

// outcome is what a body says became of a parcel; who says so is still to be added.
func (m *members) outcome() (app.NewOutcome, error) {
	wanted := app.NewOutcome{HappenedAt: m.until("happened_at"), Carrier: m.textOr("carrier", ""), Note: m.textOr("note", "")}
	switch m.choice("outcome", "", outcomeNames[store.ParcelDelivered:]...) {
	case outcomeNames[store.ParcelDelivered]:
		wanted.Outcome = store.ParcelDelivered
	case outcomeNames[store.ParcelFailed]:
		wanted.Outcome = store.ParcelFailed
	case outcomeNames[store.ParcelCancelled]:
		wanted.Outcome = store.ParcelCancelled
	}
	return wanted, m.err()
}

// undoOutcome is DELETE /api/integrations/shopify/{id}/outcomes/{uuid}/.
func (s *Server) undoOutcome(c echo.Context) error {
	in, id, err := s.ownedPart(c, "outcome")
	if err != nil {
		return err
	}
	r, err := s.app.UndoOutcome(c.Request().Context(), caller(c).ID, in.ID, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewReport(r))
}

// markView is what a merchant says of an order or of its customer.
type markView struct {
	Mark     string  `json:"mark"`
	Scope    string  `json:"scope"`
	Note     *string `json:"note"`
	MarkedAt stamp   `json:"marked_at"`
}

// Names of marks.
const (
	markAllow = "allow"
	markBlock = "block"
	markNone  = "none"
)

func viewMark(m *store.OrderMark) *markView {
	if m == nil || m.Mark == 0 {
		return nil
	}
	name := markAllow
	if m.Mark < 0 {
		name = markBlock
	}
	return &markView{Mark: name, Scope: m.Scope, Note: nullable(m.Note), MarkedAt: stamp(m.MarkedAt)}
}

type markedView struct {
	Mark *markView `json:"mark"`
}

// markOrder is PUT /api/integrations/shopify/{id}/orders/{order}/mark/.
func (s *Server) markOrder(c echo.Context) error {
	in, order, m, err := s.ownedOrderForm(c)
	if err != nil {
		return err
	}
	wanted, err := m.mark()
	if err != nil {
		return err
	}
	mark, err := s.app.MarkOrder(c.Request().Context(), caller(c).ID, in, order, wanted)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, markedView{viewMark(&mark)})
}

// mark is what a body says of an order or its customer.
func (m *members) mark() (app.NewMark, error) {
	wanted := app.NewMark{Scope: m.choice("scope", store.MarkOrder, store.MarkOrder, store.MarkCustomer), Note: m.textOr("note", "")}
	switch m.choice("mark", "", markAllow, markBlock, markNone) {
	case markAllow:
		wanted.Mark = 1
	case markBlock:
		wanted.Mark = -1
	case "":
		if len(m.errs["mark"]) == 0 {
			m.complain("mark", "required")
		}
	}
	return wanted, m.err()
}
