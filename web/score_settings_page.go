package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/app/score"
	"probability/store"
)

// scoreSettingsView is how a store's orders are rated, and what other settings would change.
type scoreSettingsView struct {
	page
	Tab      string
	Store    string
	Form     scoreForm
	Errors   map[string][]string
	Problem  string
	Preview  *previewPage
	Rating   ratingView
	Versions []versionRow
	Turn     pager
	Uses     []choice
}

// listedVersions is how many versions a page shows at once, the newest first.
const listedVersions = 20

// versionRow is one version of a store's settings.
type versionRow struct {
	Version int64
	At      when
	What    string
	Current bool
}

// previewPage is what settings would change among the newest orders.
type previewPage struct {
	page
	Orders   int
	Same     bool
	Said     string
	Carriers string
	Bands    []bandChange
	Before   []zone
	After    []zone
	Largest  []scoreChange
}

type bandChange struct {
	Band          badge
	Before, After int
	Change        string
}

type scoreChange struct {
	Number, Path  string
	Before, After ratedBadge
	Change        string
}

type ratedBadge struct {
	Score int
	Band  badge
}

// scoreSettings is GET /stores/{id}/score/settings.
func (s *Server) scoreSettings(c echo.Context) error {
	view, _, err := s.scoreSettingsView(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "score_settings.html", view)
}

// scoreSettingsView is the page as it is before anybody changed anything.
func (s *Server) scoreSettingsView(c echo.Context) (view scoreSettingsView, setup app.ScoreSetup, err error) {
	in, err := s.owned(c)
	if err != nil {
		return view, setup, err
	}
	ctx := c.Request().Context()
	if setup, err = s.app.ScoreSetup(ctx, in.ID); err != nil {
		return view, setup, err
	}
	p := s.pageAbout(c, in)
	p.Path = p.StorePath() + "/score/settings"
	view = scoreSettingsView{
		page: p.titled("score", p.Say("tune.heading")), Tab: "settings", Store: in.StoreName, Form: formOf(p.voice, setup).withBlanks(),
		Uses: []choice{{Value: score.UsePrefer, Label: p.Say("tune.prefer")}, {Value: score.UseExclude, Label: p.Say("tune.exclude")}},
	}
	if view.Rating, err = s.rating(ctx, p, setup.State); err != nil {
		return view, setup, err
	}
	st := s.app.Store()
	versions, turn, err := readListing(c, p, listing[store.ScoreSettings]{
		name: "versions", place: "versions", title: p.Say("tune.versions"), size: listedVersions, count: st.CountScoreSettings, rows: st.ScoreSettingsVersions,
	})
	if err != nil {
		return view, setup, err
	}
	view.Turn = turn
	for _, v := range versions {
		var set score.Settings
		if err := json.Unmarshal(v.Settings, &set); err != nil {
			return view, setup, err
		}
		view.Versions = append(view.Versions, versionRow{
			Version: v.Version, At: p.voice.moment(v.CreatedAt), What: settingsSummary(p, set), Current: v.Version == setup.Own.Version,
		})
	}
	return view, setup, nil
}

// saveScoreSettings is POST /stores/{id}/score/settings: it shows what the form would change, or sets it.
func (s *Server) saveScoreSettings(c echo.Context) error {
	view, setup, err := s.scoreSettingsView(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	form := readScoreForm(m, formOf(view.voice, setup))
	do := m.choice("do", "preview", "preview", "save")
	set, errs := form.settings(setup)
	seen, err := strconv.ParseInt(form.Version, 10, 64)
	if err != nil {
		m.complain("version", "not_a_version")
	}
	for name, list := range errs {
		m.errs[name] = append(m.errs[name], list...)
	}
	if wrong, ok := errors.AsType[score.SettingErrors](set.Validate()); ok && len(m.errs) > 0 { // so that all is said at once
		for name, list := range app.AsError(app.SettingsError(wrong)).Fields {
			if len(m.errs[name]) == 0 {
				m.errs[name] = list
			}
		}
	}
	ctx := c.Request().Context()
	view.Form = form.withBlanks()
	if err = m.err(); err == nil && do == "save" {
		if err = s.app.SetScoring(ctx, caller(c).ID, view.StoreID, seen, set); err == nil {
			return s.done(c, view.Path, view.Say("done.score_settings"))
		}
	} else if err == nil {
		var p app.ScorePreview
		if p, err = s.app.PreviewScoring(ctx, view.StoreID, set); err == nil {
			view.Preview, err = s.previewPage(c, view.page, p)
			if err != nil {
				return err
			}
			return s.render(c, http.StatusOK, "score_settings.html", view)
		}
	}
	problem := problemOf(err)
	if problem.status >= http.StatusInternalServerError || problem.status == http.StatusNotFound {
		return err
	}
	c.Set(codeKey, problem.code)
	view.Errors = view.voice.complaints(problem.fields)
	view.Problem = view.Say("tune.wrong")
	if problem.status == http.StatusConflict {
		view.Problem = view.Tell("tune.conflict", "Version", setup.Own.Version)
		view.Form.Version = strconv.FormatInt(setup.Own.Version, 10) // who saves again has been told
	}
	return s.render(c, problem.status, "score_settings.html", view)
}

// restoreScoreSettings is POST /stores/{id}/score/settings/restore.
func (s *Server) restoreScoreSettings(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	seen, _ := m.whole("seen")
	version, given := m.whole("version")
	if !given {
		m.complain("version", "required")
	}
	if err := m.err(); err != nil {
		return err
	}
	p := s.pageAbout(c, in)
	back := p.StorePath() + "/score/settings"
	if err := s.app.RestoreScoring(c.Request().Context(), caller(c).ID, in.ID, seen, version); err != nil {
		return s.failed(c, back, err)
	}
	return s.done(c, back, p.Say("done.score_settings"))
}

// shownScoreChanges is how many orders a preview names.
const shownScoreChanges = 10

func (s *Server) previewPage(c echo.Context, p page, preview app.ScorePreview) (*previewPage, error) {
	v := viewPreview(preview)
	view := &previewPage{
		page: p, Orders: v.Orders, Same: v.Changed == 0 && v.CarriersChanged == 0,
		Said: p.Tell("tune.changed", "Changed", p.voice.number(v.Changed), "Orders", p.voice.number(v.Orders)),
	}
	if v.CarriersChanged > 0 {
		view.Carriers = p.Tell("tune.carriers_changed", "N", p.voice.number(v.CarriersChanged))
	}
	bands := []string{score.BandHigh, score.BandMedium, score.BandLow, score.BandVeryLow}
	for _, band := range bands {
		row := bandChange{Band: p.voice.badge(probabilityWords, band), Before: v.Before[band], After: v.After[band], Change: "0"}
		if d := row.After - row.Before; d != 0 {
			row.Change = signed(d)
		}
		view.Bands = append(view.Bands, row)
	}
	for before := range v.Moves {
		for after := range v.Moves[before] {
			view.Same = view.Same && before == after
		}
	}
	view.Before, view.After = stacked(bands, v.Before, v.Orders), stacked(bands, v.After, v.Orders)
	for _, change := range v.Largest[:min(len(v.Largest), shownScoreChanges)] {
		o, err := s.app.Store().Order(c.Request().Context(), p.StoreID, change.Order)
		if err != nil && app.KindOf(err) == app.NotFound { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		view.Largest = append(view.Largest, scoreChange{
			Number: numberOf(&o), Path: orderPath(p.StoreID, o.ID), Change: signed(change.After.Score - change.Before.Score),
			Before: ratedBadge{change.Before.Score, p.voice.badge(probabilityWords, change.Before.Band)},
			After:  ratedBadge{change.After.Score, p.voice.badge(probabilityWords, change.After.Band)},
		})
	}
	return view, nil
}

// stacked are the parts of a bar of 400 units, one for each band.
func stacked(bands []string, counts map[string]int, of int) []zone {
	var zones []zone
	x := 0.0
	for _, band := range bands {
		width := 100 * scaleUnits * float64(counts[band]) / float64(cmp.Or(of, 1))
		zones = append(zones, zone{X: units(x), Width: units(width), Tone: bandTones[band]})
		x += width
	}
	return zones
}
