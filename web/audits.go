package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/store"
)

// auditView is a comparison of what Shopify has with what is stored.
type auditView struct {
	ID     uuid.UUID `json:"id"`
	State  string    `json:"state"`
	Cause  string    `json:"cause"`
	Repair bool      `json:"repair"`
	Total  *int      `json:"total"`
	// Shopify's counts of the windows, added up, and what was stored in them before anything was mended.
	Counted int `json:"counted"`
	Stored  int `json:"stored"`
	auditResult
	Window     auditSpan         `json:"window"`
	Windows    []auditWindowView `json:"windows"`
	Examples   auditExamples     `json:"examples"`
	QueuedAt   stamp             `json:"queued_at"`
	StartedAt  stamp             `json:"started_at"`
	FinishedAt stamp             `json:"finished_at"`
	Error      *string           `json:"error"`
	ErrorCode  *string           `json:"error_code"`
}

// auditResult is what an audit came to, or has come to so far.
type auditResult struct {
	Checked   int   `json:"checked"`
	Missing   int   `json:"missing"`
	Extra     int   `json:"extra"`
	Stale     int   `json:"stale"`
	Repaired  int   `json:"repaired"`
	Drift     int   `json:"drift"`
	OldestGap stamp `json:"oldest_gap"`
}

type auditSpan struct {
	From stamp `json:"from"`
	To   stamp `json:"to"`
}

type auditWindowView struct {
	auditSpan
	store.AuditCounts
	Repaired int `json:"repaired"`
}

// auditExamples are some ids of Shopify's of each kind.
type auditExamples struct {
	Missing []string `json:"missing"`
	Extra   []string `json:"extra"`
	Stale   []string `json:"stale"`
}

// lastAudit is the last completed audit, within its integration.
type lastAudit struct {
	FinishedAt stamp `json:"finished_at"`
	auditResult
}

func viewAuditResult(m store.Audit) auditResult {
	return auditResult{
		Checked: m.Checked, Missing: m.Missing, Extra: m.Extra, Stale: m.Stale, Repaired: m.Repaired(), Drift: m.Drift(), OldestGap: stamp(m.OldestGap),
	}
}

func viewLastAudit(m store.Audit) *lastAudit {
	return &lastAudit{FinishedAt: stamp(m.FinishedAt), auditResult: viewAuditResult(m)}
}

func viewAudit(v voice, m store.Audit) auditView {
	view := auditView{
		ID: m.ID, State: m.State, Cause: m.Cause, Repair: m.Repair, Total: m.Total, Counted: m.Counted, Stored: m.Stored, auditResult: viewAuditResult(m),
		Window: auditSpan{From: stamp(m.From), To: stamp(m.To)}, Windows: []auditWindowView{},
		Examples: auditExamples{Missing: list(m.Examples.Missing), Extra: list(m.Examples.Extra), Stale: list(m.Examples.Stale)},
		QueuedAt: stamp(m.QueuedAt), StartedAt: stamp(m.StartedAt), FinishedAt: stamp(m.FinishedAt), ErrorCode: nullable(m.ErrorCode),
	}
	for _, w := range m.Windows {
		view.Windows = append(view.Windows, auditWindowView{
			auditSpan: auditSpan{From: stamp(w.From), To: stamp(w.To)}, AuditCounts: w.AuditCounts, Repaired: w.Repaired,
		})
	}
	if m.ErrorCode != "" {
		sentence := v.failure(m.ErrorCode, m.ErrorDetail)
		view.Error = &sentence
	}
	return view
}

type auditQueuedView struct {
	Message string    `json:"message"`
	Audit   auditView `json:"audit"`
}

// startAudit is POST /api/integrations/shopify/{id}/audit/.
func (s *Server) startAudit(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	wanted := m.flag("repair")
	if err := m.err(); err != nil {
		return err
	}
	repair := wanted != nil && *wanted
	audit, err := s.app.StartAudit(c.Request().Context(), caller(c).ID, in.ID, repair)
	if err != nil {
		return err
	}
	id := "done.audit_queued"
	if repair && !audit.Repair {
		id = "done.audit_only_looks"
	}
	v := s.voice(c)
	return c.JSON(http.StatusAccepted, auditQueuedView{Message: v.say(id, nil), Audit: viewAudit(v, audit)})
}

// listAudits is GET /api/integrations/shopify/{id}/audits/, newest first.
func (s *Server) listAudits(c echo.Context) error {
	st := s.app.Store()
	return listOwned(s, c, st.CountAudits, st.Audits, viewAudit)
}
