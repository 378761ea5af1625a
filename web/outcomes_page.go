package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// Lengths of the lists on the page of outcomes.
const (
	shownImports = 20
	shownRefused = 50 // of each report
)

// outcomesView is how outcomes come in, and what came.
type outcomesView struct {
	page
	Tab      string
	Store    string
	Coverage coverageCard
	Problem  string
	Errors   map[string][]string
	Carrier  string
	Tried    *triedView
	Imports  []outcomeImportRow
	Turn     pager
}

// triedView is what a report would do.
type triedView struct {
	outcomeImportRow
	Said string
	Held string // by this it can be imported without choosing the file again; "": it is too long to be kept
}

// outcomeImportRow is a carrier's report that was read.
type outcomeImportRow struct {
	page
	Name     string
	At       when
	Facts    []fact
	Refused  []refusedRow
	More     int // refused rows that are not shown
	Count    int // of refused rows
	Undone   when
	Path     string // to take it back
	Recorded int
}

type refusedRow struct {
	Line int
	Text string
}

func viewImportRow(p page, i store.OutcomeImport) outcomeImportRow {
	v, told := p.voice, viewOutcomeImport(p.voice, i)
	row := outcomeImportRow{
		page: p, Name: i.Name, At: v.moment(i.UpdatedAt), Undone: v.moment(i.UndoneAt), Recorded: i.Recorded, Count: i.RefusedCount,
		Facts: []fact{
			{Label: p.Say("report.rows"), Value: v.number(i.Rows)},
			{Label: p.Say("report.recorded"), Value: v.number(i.Recorded)},
			{Label: p.Say("report.changed"), Value: v.number(i.Changed)},
			{Label: p.Say("report.refused"), Value: v.number(i.RefusedCount)},
		},
	}
	for _, more := range []struct {
		id string
		n  int
	}{{"report.known", i.Known}, {"report.superseded", i.Superseded}, {"report.pending", i.Pending}} {
		if more.n > 0 {
			row.Facts = append(row.Facts, fact{Label: p.Say(more.id), Value: v.number(more.n)})
		}
	}
	if row.Name == "" {
		row.Name = p.Say("report.unnamed")
	}
	for _, r := range told.Refused[:min(len(told.Refused), shownRefused)] {
		row.Refused = append(row.Refused, refusedRow{r.Line, r.Message})
	}
	row.More = row.Count - len(row.Refused)
	if i.ID != uuid.Nil && i.UndoneAt.IsZero() {
		row.Path = p.StorePath() + "/outcomes/imports/" + i.ID.String() + "/undo"
	}
	return row
}

// outcomesPage is GET /stores/{id}/outcomes.
func (s *Server) outcomesPage(c echo.Context) error {
	view, err := s.outcomesView(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "outcomes.html", view)
}

func (s *Server) outcomesView(c echo.Context) (view outcomesView, err error) {
	in, err := s.owned(c)
	if err != nil {
		return view, err
	}
	ctx := c.Request().Context()
	r, err := s.app.ScoreReport(ctx, in.ID)
	if err != nil {
		return view, err
	}
	p, st := s.pageAbout(c, in), s.app.Store()
	p.Path = outcomesPath(in.ID)
	imports, turn, err := readListing(c, p, listing[store.OutcomeImport]{
		name: "page", place: "reports", title: p.Say("report.list"), size: shownImports, count: st.CountOutcomeImports, rows: st.OutcomeImports,
	})
	if err != nil {
		return view, err
	}
	view = outcomesView{page: p.titled("score", p.Say("report.heading")), Tab: "outcomes", Store: in.StoreName, Coverage: viewCoverageCard(p, r), Turn: turn}
	for _, i := range imports {
		view.Imports = append(view.Imports, viewImportRow(p, i))
	}
	return view, nil
}

func outcomesPath(id int64) string { return page{StoreID: id}.StorePath() + "/outcomes" }

// uploadOutcomes is POST /stores/{id}/outcomes/import: it reads a carrier's report and tells what it would record.
func (s *Server) uploadOutcomes(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	if !s.reports.TryAcquire(1) {
		return s.failed(c, outcomesPath(in.ID), &app.Error{Kind: app.Busy, Code: "outcome_import_running", RetryAfter: busyRetry})
	}
	defer s.reports.Release(1)
	up, err := s.readUpload(c)
	var done store.OutcomeImport
	if err == nil {
		done, err = s.app.ImportOutcomes(c.Request().Context(), caller(c).ID, in.ID, up.report, up.name, up.dryRun)
	}
	if err == nil && !up.dryRun {
		return s.importedOutcomes(c, in.ID, done)
	}
	problem := &problem{status: http.StatusOK}
	if err != nil {
		problem = problemOf(err)
		if problem.status == http.StatusInternalServerError || problem.status == http.StatusNotFound {
			return err
		}
		c.Set(codeKey, problem.code)
	}
	view, viewErr := s.outcomesView(c)
	if viewErr != nil {
		return viewErr
	}
	view.Carrier = up.carrier
	if err != nil {
		if view.Errors = view.voice.complaints(problem.fields); len(view.Errors) == 0 {
			view.Problem = s.explain(view.voice, problem)
		}
		problem.announce(c.Response().Header())
		return s.render(c, problem.status, "outcomes.html", view)
	}
	view.Tried = &triedView{outcomeImportRow: viewImportRow(view.page, done), Said: view.Tell("report.would", "Recorded", done.Recorded, "Changed", done.Changed)}
	if done.Recorded > 0 {
		if view.Tried.Held, err = s.app.HoldReport(c.Request().Context(), caller(c).ID, in.ID, up.report, up.name); err != nil { // then the file is asked for again
			s.log.WarnContext(c.Request().Context(), "a report that was tried could not be kept", "integration_id", in.ID, "error", err)
		}
	}
	return s.render(c, http.StatusOK, "outcomes.html", view)
}

// importedOutcomes goes on to the page with what a report recorded.
func (s *Server) importedOutcomes(c echo.Context, id int64, done store.OutcomeImport) error {
	p := s.pageVoice(c)
	return s.done(c, outcomesPath(id), p.say("done.outcomes_imported", map[string]any{
		"Recorded": done.Recorded, "Changed": done.Changed, "Refused": done.RefusedCount,
	}))
}

// importHeld is POST /stores/{id}/outcomes/confirm: it records what a report says that was tried a moment ago.
func (s *Server) importHeld(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	done, err := s.app.ImportHeld(c.Request().Context(), caller(c).ID, in.ID, m.textOr("held", ""))
	if err != nil {
		return s.failed(c, outcomesPath(in.ID), err)
	}
	return s.importedOutcomes(c, in.ID, done)
}

// undoReport is POST /stores/{id}/outcomes/imports/{uuid}/undo.
func (s *Server) undoReport(c echo.Context) error {
	in, id, err := s.ownedPart(c, "outcome_import")
	if err != nil {
		return err
	}
	if _, err := s.app.UndoOutcomes(c.Request().Context(), caller(c).ID, in.ID, id); err != nil {
		return s.failed(c, outcomesPath(in.ID), err)
	}
	return s.done(c, outcomesPath(in.ID), s.pageVoice(c).say("page.done.report_undone", nil))
}
