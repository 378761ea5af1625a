package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/app/score"
	"probability/store"
)

// shownVersions is how many versions of the settings are shown.
const shownVersions = 50

// scoringView is how the orders of an integration are rated.
type scoringView struct {
	Version   int64             `json:"version"`
	UpdatedAt stamp             `json:"updated_at"`
	Settings  score.Settings    `json:"settings"` // the store's own
	Defaults  score.Settings    `json:"defaults"` // the installation's
	InForce   score.Settings    `json:"in_force"` // both together
	Factors   []factorView      `json:"factors"`
	Rescoring rescoringView     `json:"rescoring"`
	Versions  []settingsVersion `json:"versions"`
}

// factorView is a factor that settings may change.
type factorView struct {
	Code  score.Code `json:"code"`
	Label string     `json:"label"`
	// The weight that the program ships with, in log-odds; a model may have learnt another.
	Shipped float64 `json:"shipped_weight"`
}

// rescoringView tells how far the rating of all orders is.
type rescoringView struct {
	Running bool  `json:"running"`
	Since   stamp `json:"since"`
	Done    int   `json:"done"`
	Total   int   `json:"total"`
}

type settingsVersion struct {
	Version   int64          `json:"version"`
	CreatedAt stamp          `json:"created_at"`
	Settings  score.Settings `json:"settings"`
}

// scoring gives the view of an integration.
func (s *Server) scoring(c echo.Context, id int64) (scoringView, error) {
	ctx := c.Request().Context()
	setup, err := s.app.ScoreSetup(ctx, id)
	if err != nil {
		return scoringView{}, err
	}
	versions, err := s.app.Store().ScoreSettingsVersions(ctx, id, shownVersions, 0)
	if err != nil {
		return scoringView{}, err
	}
	total, err := s.app.Store().CountOrders(ctx, store.OrderFilter{IntegrationID: id})
	if err != nil {
		return scoringView{}, err
	}
	v := s.voice(c)
	view := scoringView{
		Version: setup.Own.Version, Settings: setup.Set, Defaults: setup.Defaults, InForce: setup.InForce, Versions: []settingsVersion{},
		Rescoring: rescoringView{Running: setup.State.Rescoring, Since: stamp(setup.State.RescoringSince), Done: setup.State.Rescored, Total: total},
	}
	if setup.Own.Version > 0 {
		view.UpdatedAt = stamp(setup.Own.CreatedAt)
	}
	for _, f := range score.SettableFactors() {
		view.Factors = append(view.Factors, factorView{Code: f.Code, Label: v.factor(f.Code), Shipped: f.Weight})
	}
	for _, version := range versions {
		one := settingsVersion{Version: version.Version, CreatedAt: stamp(version.CreatedAt)}
		if err := json.Unmarshal(version.Settings, &one.Settings); err != nil {
			return scoringView{}, err
		}
		view.Versions = append(view.Versions, one)
	}
	return view, nil
}

// answerScoring answers with the settings; their version is the tag that a change has to name.
func (s *Server) answerScoring(c echo.Context, status int, id int64) error {
	view, err := s.scoring(c, id)
	if err != nil {
		return err
	}
	c.Response().Header().Set("ETag", `"`+strconv.FormatInt(view.Version, 10)+`"`)
	return c.JSON(status, view)
}

// getScoring is GET /api/integrations/shopify/{id}/scoring/.
func (s *Server) getScoring(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	return s.answerScoring(c, http.StatusOK, in.ID)
}

// putScoring is PUT /api/integrations/shopify/{id}/scoring/.
func (s *Server) putScoring(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	seen := m.seenVersion(c)
	set, err := m.settings()
	if err != nil {
		return err
	}
	if err := s.app.SetScoring(c.Request().Context(), caller(c).ID, in.ID, seen, set); err != nil {
		return err
	}
	return s.answerScoring(c, http.StatusAccepted, in.ID)
}

// restoreScoring is POST /api/integrations/shopify/{id}/scoring/restore/.
func (s *Server) restoreScoring(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	newest, err := s.app.Store().ScoreSettings(c.Request().Context(), in.ID)
	if err != nil {
		return err
	}
	seen := newest.Version // who goes back mostly means: whatever is set now
	if c.Request().Header.Get("If-Match") != "" {
		seen = m.tag(c)
	}
	version, given := m.whole("version")
	if !given && len(m.errs["version"]) == 0 {
		m.complain("version", "required")
	}
	if err := m.err(); err != nil {
		return err
	}
	if err := s.app.RestoreScoring(c.Request().Context(), caller(c).ID, in.ID, seen, version); err != nil {
		return err
	}
	return s.answerScoring(c, http.StatusAccepted, in.ID)
}

// seenVersion is the version that a change is made behind: by the header If-Match, else by the member version.
func (m *members) seenVersion(c echo.Context) int64 {
	if c.Request().Header.Get("If-Match") != "" {
		return m.tag(c)
	}
	version, given := m.whole("version")
	if !given && len(m.errs["version"]) == 0 {
		m.complain("version", "version_required")
	}
	return version
}

// tag is the version that If-Match names.
func (m *members) tag(c echo.Context) int64 {
	text := strings.TrimSpace(strings.TrimPrefix(c.Request().Header.Get("If-Match"), "W/"))
	version, err := strconv.ParseInt(strings.Trim(text, `"`), 10, 64)
	if err != nil || version < 0 {
		m.complain("version", "not_a_version")
	}
	return version
}

// whole gives a whole number from 0 up; given is false when it is absent or null.
func (m *members) whole(name string) (n int64, given bool) {
	raw, ok := m.values[name]
	if !ok || string(raw) == "null" {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil || n < 0 {
		m.complain(name, "not_a_version")
	}
	return n, true
}

// settings gives the settings of the body, once everything else in it is right.
func (m *members) settings() (score.Settings, error) {
	raw, ok := m.values["settings"]
	if !ok {
		m.complain("settings", "required")
	}
	if err := m.err(); err != nil {
		return score.Settings{}, err
	}
	set, err := score.ParseSettings(raw)
	if wrong, ok := err.(score.SettingErrors); ok { //nolint:errorlint // it comes unwrapped
		return set, app.SettingsError(wrong)
	}
	return set, err
}

// shownChanges is how many of the orders that a preview changes are named.
const shownChanges = 20

// previewView is what settings would change among the newest orders.
type previewView struct {
	Orders          int                       `json:"orders"`
	Before          map[string]int            `json:"before"`
	After           map[string]int            `json:"after"`
	Moves           map[string]map[string]int `json:"moves"` // from band to band
	Changed         int                       `json:"changed"`
	CarriersChanged int                       `json:"carriers_changed"`
	Largest         []changeView              `json:"largest"`
}

type changeView struct {
	Order  int64     `json:"order"`
	Before ratedView `json:"before"`
	After  ratedView `json:"after"`
}

type ratedView struct {
	Score   int     `json:"score"`
	Band    string  `json:"band"`
	Carrier *string `json:"recommended_carrier"`
}

// previewScoring is POST /api/integrations/shopify/{id}/scoring/preview/.
func (s *Server) previewScoring(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	set, err := m.settings()
	if err != nil {
		return err
	}
	p, err := s.app.PreviewScoring(c.Request().Context(), in.ID, set)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewPreview(p))
}

// viewPreview counts the orders of each band before and after, and names those that change most.
func viewPreview(p app.ScorePreview) previewView {
	view := previewView{
		Orders: p.Orders, Before: map[string]int{}, After: map[string]int{}, Moves: p.Bands, Changed: len(p.Changed), CarriersChanged: p.Carriers, Largest: []changeView{},
	}
	for _, band := range []string{score.BandHigh, score.BandMedium, score.BandLow, score.BandVeryLow} {
		view.Before[band], view.After[band] = 0, 0
	}
	for from, moves := range p.Bands {
		for to, n := range moves {
			view.Before[from] += n
			view.After[to] += n
		}
	}
	for _, change := range p.Changed[:min(len(p.Changed), shownChanges)] {
		view.Largest = append(view.Largest, changeView{Order: change.OrderID, Before: viewRated(change.Before), After: viewRated(change.After)})
	}
	return view
}

func viewRated(r score.Result) ratedView {
	return ratedView{Score: r.Score, Band: r.Band, Carrier: nullable(r.Carrier)}
}
