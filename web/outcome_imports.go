package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/app/carriers"
	"probability/store"
)

const (
	// maxReportBody is the largest file of a carrier, in bytes.
	maxReportBody = 10 << 20
	// maxReportField is the longest member of a form beside the file, and maxReportName the longest name of a file that is kept.
	maxReportField = 200
	maxReportName  = 100
	// reportReaders is how many files are read at once: each may hold some ten megabytes of rows.
	reportReaders = 4
)

// outcomeImportView is a carrier's report that was read.
type outcomeImportView struct {
	// null: nothing was recorded, so that nothing can be undone.
	ID           *uuid.UUID       `json:"id"`
	Name         *string          `json:"name"`
	Rows         int              `json:"rows"`
	Recorded     int              `json:"recorded"`
	Changed      int              `json:"changed"`
	Known        int              `json:"known"`
	Superseded   int              `json:"superseded"`
	Pending      int              `json:"pending"`
	RefusedCount int              `json:"refused_count"`
	Refused      []refusedRowView `json:"refused"`
	CreatedAt    stamp            `json:"created_at"`
	UpdatedAt    stamp            `json:"updated_at"`
	UndoneAt     stamp            `json:"undone_at"`
}

// refusedRowView is a row that could not be taken, in words.
type refusedRowView struct {
	Line    int     `json:"line"`
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Text    *string `json:"text"`
}

func viewOutcomeImport(v voice, i store.OutcomeImport) outcomeImportView {
	view := outcomeImportView{
		Name: nullable(i.Name), Rows: i.Rows, Recorded: i.Recorded, Changed: i.Changed, Known: i.Known, Superseded: i.Superseded, Pending: i.Pending,
		RefusedCount: i.RefusedCount, Refused: []refusedRowView{}, CreatedAt: stamp(i.CreatedAt), UpdatedAt: stamp(i.UpdatedAt), UndoneAt: stamp(i.UndoneAt),
	}
	if i.ID != uuid.Nil {
		view.ID = &i.ID
	}
	for _, r := range i.Refused {
		view.Refused = append(view.Refused, refusedRowView{
			Line: r.Line, Code: r.Reason, Message: v.say("row."+r.Reason, map[string]any{"Text": r.Text}), Text: nullable(r.Text),
		})
	}
	return view
}

type importedOutcomesView struct {
	Message string            `json:"message"`
	DryRun  bool              `json:"dry_run"`
	Import  outcomeImportView `json:"import"`
}

// reportUpload is a file with what was said beside it.
type reportUpload struct {
	report  carriers.Report
	name    string
	carrier string
	dryRun  bool
}

// importOutcomes is POST /api/integrations/shopify/{id}/outcomes/import/: a carrier's report as CSV, as the body or in a form.
func (s *Server) importOutcomes(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	if !s.reports.TryAcquire(1) {
		return &app.Error{Kind: app.Busy, Code: "outcome_import_running", RetryAfter: busyRetry}
	}
	defer s.reports.Release(1)
	up, err := s.readUpload(c)
	if err != nil {
		return err
	}
	done, err := s.app.ImportOutcomes(c.Request().Context(), caller(c).ID, in.ID, up.report, up.name, up.dryRun)
	if err != nil {
		return err
	}
	v := s.voice(c)
	id := "done.outcomes_imported"
	if up.dryRun {
		id = "done.outcomes_tried"
	}
	message := v.say(id, map[string]any{"Recorded": done.Recorded, "Changed": done.Changed, "Refused": done.RefusedCount})
	return c.JSON(http.StatusOK, importedOutcomesView{Message: message, DryRun: up.dryRun, Import: viewOutcomeImport(v, done)})
}

// readUpload reads the file, whole, before anything is written: a body that is cut short changes nothing.
func (s *Server) readUpload(c echo.Context) (up reportUpload, err error) {
	q := readQuery(c)
	up.dryRun, up.carrier = q.flag("dry_run"), carriers.CleanCarrier(q.bounded("carrier"))
	if err := q.err(); err != nil {
		return up, err
	}
	kind, params, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEMultipartForm {
		return up, s.readReport(c, &up, c.Request().Body)
	}
	form := multipart.NewReader(c.Request().Body, params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return up, &problem{status: http.StatusBadRequest, code: "validation_failed", fields: map[string][]app.FieldError{"file": {{Code: "required"}}}}
		}
		if err != nil {
			return up, brokenBody(err)
		}
		if part.FileName() != "" || part.FormName() == "file" {
			up.name = fileName(part.FileName())
			return up, s.readReport(c, &up, part)
		}
		if err := up.readField(part); err != nil {
			return up, err
		}
	}
}

// readField reads a member of the form that stands before the file.
func (up *reportUpload) readField(part *multipart.Part) error {
	text, err := io.ReadAll(io.LimitReader(part, maxReportField+1))
	if err != nil {
		return brokenBody(err)
	}
	q := query{errs: map[string][]app.FieldError{}, values: map[string][]string{part.FormName(): {string(text)}}}
	if len(text) > maxReportField {
		q.complain(part.FormName(), "too_long", map[string]any{"Max": maxReportField})
		return q.err()
	}
	switch part.FormName() {
	case "dry_run":
		up.dryRun = q.flag("dry_run")
	case "carrier":
		up.carrier = carriers.CleanCarrier(q.bounded("carrier"))
	}
	return q.err()
}

func (s *Server) readReport(c echo.Context, up *reportUpload, body io.Reader) (err error) {
	up.report, err = carriers.Read(body, s.cfg.Now(), up.carrier)
	if err == nil { // whatever follows the file in a form is read too, so that its end is seen
		_, err = io.Copy(io.Discard, c.Request().Body)
	}
	noColumns, unnamed := errors.AsType[*carriers.NoColumnsError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, carriers.ErrEmpty):
		return &app.Error{Kind: app.Invalid, Code: "report_empty"}
	case errors.Is(err, carriers.ErrNotText):
		return &app.Error{Kind: app.Invalid, Code: "report_not_csv"}
	case errors.Is(err, carriers.ErrTooManyRows):
		return &app.Error{Kind: app.Invalid, Code: "report_too_many_rows", Params: map[string]any{"Max": carriers.MaxRows}}
	case unnamed:
		return &app.Error{Kind: app.Invalid, Code: "report_columns_unknown", Params: map[string]any{"First": noColumns.First}}
	}
	return brokenBody(err)
}

// brokenBody is what a body that could not be read to its end is answered with.
func brokenBody(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &problem{status: http.StatusBadRequest, code: "incomplete_body", cause: err}
}

// fileName is the last part of a file's name, as far as it is kept.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = carriers.CleanCarrier(strings.ToValidUTF8(name, "\uFFFD"))
	if name == "." || name == "/" {
		return ""
	}
	if utf8.RuneCountInString(name) > maxReportName {
		return string([]rune(name)[:maxReportName])
	}
	return name
}

// listOutcomeImports is GET /api/integrations/shopify/{id}/outcomes/imports/, newest first.
func (s *Server) listOutcomeImports(c echo.Context) error {
	st := s.app.Store()
	return listOwned(s, c, st.CountOutcomeImports, st.OutcomeImports, viewOutcomeImport)
}

// getOutcomeImport is GET /api/integrations/shopify/{id}/outcomes/imports/{uuid}/.
func (s *Server) getOutcomeImport(c echo.Context) error {
	in, id, err := s.ownedPart(c, "outcome_import")
	if err != nil {
		return err
	}
	found, err := s.app.Store().OutcomeImport(c.Request().Context(), in.ID, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewOutcomeImport(s.voice(c), found))
}

// undoOutcomeImport is DELETE /api/integrations/shopify/{id}/outcomes/imports/{uuid}/.
func (s *Server) undoOutcomeImport(c echo.Context) error {
	in, id, err := s.ownedPart(c, "outcome_import")
	if err != nil {
		return err
	}
	undone, err := s.app.UndoOutcomes(c.Request().Context(), caller(c).ID, in.ID, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewOutcomeImport(s.voice(c), undone))
}
