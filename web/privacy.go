package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// privacyView is a request of a compliance topic. It does not say in whose name.
type privacyView struct {
	ID          uuid.UUID `json:"id"`
	Topic       string    `json:"topic"`
	State       string    `json:"state"`
	ReceivedAt  stamp     `json:"received_at"`
	CompletedAt stamp     `json:"completed_at"`
	Orders      int       `json:"orders"`
	Deliveries  int       `json:"deliveries"`
	Export      *string   `json:"export"`
	ExpiresAt   stamp     `json:"expires_at"`
}

// listPrivacy is GET /api/integrations/shopify/{id}/privacy/, newest first.
func (s *Server) listPrivacy(c echo.Context) error {
	st := s.app.Store()
	return listOwned(s, c, st.CountPrivacyRequests, st.PrivacyRequests, func(_ voice, r store.PrivacyRequest) privacyView { return s.viewPrivacy(c, r) })
}

func (s *Server) viewPrivacy(c echo.Context, r store.PrivacyRequest) privacyView {
	view := privacyView{
		ID: r.ID, Topic: r.Topic, State: r.State, ReceivedAt: stamp(r.ReceivedAt), CompletedAt: stamp(r.CompletedAt),
		Orders: r.Orders, Deliveries: r.Deliveries, ExpiresAt: stamp(r.ExpiresAt),
	}
	if r.HasSubject && s.cfg.Now().Before(r.ExpiresAt) {
		address := c.Scheme() + "://" + s.host(c) + c.Request().URL.Path + "/" + r.ID.String() + "/export/"
		view.Export = &address
	}
	return view
}

// dataExportHead is what stands in an export before the orders.
type dataExportHead struct {
	StoreName       string       `json:"store_name"`
	RequestID       uuid.UUID    `json:"request_id"`
	ReceivedAt      stamp        `json:"received_at"`
	ExportedAt      stamp        `json:"exported_at"`
	Customer        customerView `json:"customer"`
	OrdersRequested []string     `json:"orders_requested"`
	Orders          [0]struct{}  `json:"orders"` // they are written behind it
}

type customerView struct {
	ID    *string `json:"id"`
	Email *string `json:"email"`
	Phone *string `json:"phone"`
}

// exportPrivacy is GET /api/integrations/shopify/{id}/privacy/{uuid}/export/: all that is stored of the customer who asked for it,
// as a file to hand over. A HEAD does not count as fetching it.
func (s *Server) exportPrivacy(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	id, err := pathUUID(c, "request")
	if err != nil {
		return err
	}
	e, err := s.app.DataExport(c.Request().Context(), caller(c).ID, in.ID, id)
	if err != nil {
		return err
	}
	describe := func() {
		h := c.Response().Header()
		h.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
		h.Set(echo.HeaderContentDisposition, `attachment; filename="customer-data-`+e.Request.ReceivedAt.Format(time.DateOnly)+"-"+id.String()+`.json"`)
		h.Set(echo.HeaderCacheControl, "no-store")
	}
	if c.Request().Method == http.MethodHead {
		describe()
		return c.NoContent(http.StatusOK)
	}
	release, by := s.exports.enter(caller(c).ID)
	if by != takenByNobody {
		return &problem{status: http.StatusServiceUnavailable, code: "export_busy", retryAfter: exportRetry}
	}
	defer release()
	w := &pieces{c: c, describe: describe, stall: s.exportStall}
	if err := s.writeDataExport(c, e, w); err != nil {
		return w.broken(err)
	}
	return e.Fetched(c.Request().Context())
}

func (s *Server) writeDataExport(c echo.Context, e *app.DataExport, w *pieces) error {
	p := e.Person
	head, err := json.Marshal(dataExportHead{
		StoreName: e.Request.StoreName, RequestID: e.Request.ID, ReceivedAt: stamp(e.Request.ReceivedAt), ExportedAt: stamp(s.cfg.Now()),
		Customer:        customerView{ID: nullable(p.CustomerID), Email: nullable(p.Email), Phone: nullable(p.Phone)},
		OrdersRequested: list(p.Orders),
	})
	if err != nil {
		return err
	}
	w.extend()
	w.buf = append(w.buf, head[:len(head)-len("]}")]...)
	v := s.voice(c)
	members, separator := dataExportMembers().in(v), "\n"
	err = e.Each(c.Request().Context(), func(o app.CustomerOrder) (err error) {
		w.extend()
		if w.buf, err = members.appendCustomerOrder(append(w.buf, separator...), v, o); err != nil {
			return err
		}
		separator = ",\n"
		return w.write(exportPiece)
	})
	if err != nil {
		return err
	}
	w.buf = append(w.buf, "\n]}\n"...)
	// Erased meanwhile, the file would end as if it were whole.
	if _, err := s.app.Store().PrivacySubject(c.Request().Context(), e.Request.ID); err != nil {
		return err
	}
	return w.close()
}

// dataExportMembers are those of an order, but for what counts other orders.
func dataExportMembers() orderMembers {
	return slices.DeleteFunc(slices.Clone(allOrderMembers()), func(m orderMember) bool { return m.name == "purchase_count" })
}
