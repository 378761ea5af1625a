package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// importView is a run that brings orders from Shopify.
type importView struct {
	ID         uuid.UUID  `json:"id"`
	Kind       string     `json:"kind"`
	State      string     `json:"state"`
	Total      *int       `json:"total"`
	Fetched    int        `json:"fetched"`
	Created    int        `json:"created"`
	Updated    int        `json:"updated"`
	Unchanged  int        `json:"unchanged"`
	Failed     int        `json:"failed"`
	QueuedAt   stamp      `json:"queued_at"`
	StartedAt  stamp      `json:"started_at"`
	FinishedAt stamp      `json:"finished_at"`
	Error      *string    `json:"error"`
	ErrorCode  *string    `json:"error_code"`
	Window     windowView `json:"window"`
}

// windowView is the part of the store's orders that a run is about.
type windowView struct {
	Field string `json:"field"`
	From  stamp  `json:"from"`
	To    stamp  `json:"to"`
}

func viewImport(v voice, i store.Import) importView {
	view := importView{
		ID: i.ID, Kind: i.Kind, State: i.State, Total: i.Total, Fetched: i.Fetched, Created: i.Created,
		Updated: i.Updated, Unchanged: i.Unchanged, Failed: i.Failed, QueuedAt: stamp(i.QueuedAt),
		StartedAt: stamp(i.StartedAt), FinishedAt: stamp(i.FinishedAt), ErrorCode: nullable(i.ErrorCode),
		Window: windowView{Field: i.Field, From: stamp(i.From), To: stamp(i.To)},
	}
	if i.ErrorCode != "" {
		sentence := v.failure(i.ErrorCode, i.ErrorDetail)
		view.Error = &sentence
	}
	return view
}

type queuedView struct {
	Message string     `json:"message"`
	Import  importView `json:"import"`
}

// syncOrders is POST /api/integrations/shopify/{id}/sync-orders/.
func (s *Server) syncOrders(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	since := m.moment("since")
	if err := m.err(); err != nil {
		return err
	}
	run, err := s.app.StartSync(c.Request().Context(), caller(c).ID, in.ID, since)
	if err != nil {
		return err
	}
	v := s.voice(c)
	return c.JSON(http.StatusAccepted, queuedView{Message: v.say("done.sync_queued", nil), Import: viewImport(v, run)})
}

// listImports is GET /api/integrations/shopify/{id}/imports/, newest first.
func (s *Server) listImports(c echo.Context) error {
	st := s.app.Store()
	return listOwned(s, c, st.CountImports, st.Imports, viewImport)
}

// getImport is GET /api/integrations/shopify/{id}/imports/{uuid}/.
func (s *Server) getImport(c echo.Context) error {
	in, id, err := s.ownedPart(c, "import")
	if err != nil {
		return err
	}
	run, err := s.app.Store().Import(c.Request().Context(), in.ID, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewImport(s.voice(c), run))
}

// pathUUID is an id in the path, in the one spelling that answers use; see pathNumber.
func pathUUID(c echo.Context, name string) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param(name))
	if err != nil || len(c.Param(name)) != len(id.String()) {
		return uuid.Nil, &app.Error{Kind: app.NotFound, Code: "not_found"}
	}
	return id, nil
}
