package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"probability/app"
	"probability/app/score"
	"probability/store"
)

// shownModels is how many models a page shows at once, the newest first.
const shownModels = 20

// worthLearning is how many outcomes are announced as a lesson to come: with fewer, that there are too few is the truth.
const worthLearning = 20

// scorePageView is what the score knows of a store's deliveries, and what it does not.
type scorePageView struct {
	page
	Tab      string
	Store    string
	Basis    badge
	Message  string
	Model    string
	Known    []fact
	Coverage coverageCard
	Warnings []string
	Rating   ratingView
	Asked    bool
	Quality  *qualityView
	Untested string // instead of Quality
	Due      when   // when what is untested is learnt from
	Months   []monthRow
	Learnt   []learntList
	Weights  []movedRow
	Models   []modelRow
	Turn     pager
	Shipped  bool // the model that the program ships with is in force
	NoModel  uuid.UUID
}

// learntList is what was counted of places, of products or of carriers.
type learntList struct {
	ID, Title string
	Rows      []learntRow
}

// coverageCard is of how many orders it is known what became of them.
type coverageCard struct {
	page
	Orders  string
	Known   string
	Share   string
	Percent int
	Sources []sourceRow
	Held    string // orders that were never shipped
}

type sourceRow struct{ Source, Delivered, Failed, Cancelled string }

// learntRow is what was counted of a place, a product or a carrier.
type learntRow struct {
	Name, Within string
	Counts       string
	Share        string
	Effect       badge
}

// movedRow is a weight as it was shipped and as it is.
type movedRow struct{ Label, Shipped, Now string }

// modelRow is one of the models that were learnt.
type modelRow struct {
	Version  int
	At       when
	Basis    string
	Counts   string
	State    badge
	Why      string
	Skill    string
	Activate string // where to; "": it cannot be
}

var (
	modelWords = map[string]stateWord{
		store.ModelLive: {"page.model.live", toneGood}, store.ModelRetired: {"page.model.retired", toneIdle}, store.ModelRefused: {"page.model.refused", toneWarn},
		store.ModelRolledBack: {"page.model.rolled_back", toneIdle},
	}
	basisWords = map[string]stateWord{
		string(score.BasisPrior): {"page.basis.prior", toneIdle}, string(score.BasisBlended): {"page.basis.blended", toneBusy},
		string(score.BasisLearned): {"page.basis.learned", toneGood},
	}
)

// scorePage is GET /stores/{id}/score.
func (s *Server) scorePage(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	r, err := s.app.ScoreReport(ctx, in.ID)
	if err != nil {
		return err
	}
	p, st := s.pageAbout(c, in), s.app.Store()
	models, turn, err := readListing(c, p, listing[store.ScoreModel]{
		name: "models", place: "models", title: p.Say("model.title"), size: shownModels, count: st.CountScoreModels, rows: st.ScoreModels,
	})
	if err != nil {
		return err
	}
	v := p.voice
	view := scorePageView{
		page: p.titled("score", p.Say("score.page_title")), Tab: "knows", Store: in.StoreName, Basis: v.badge(basisWords, string(r.Model.Basis)),
		Message: v.say("score.basis."+string(r.Model.Basis), nil), Asked: r.State.TrainingAsked, Shipped: r.State.Model == uuid.Nil,
		Coverage: viewCoverageCard(p, r), Turn: turn,
	}
	if view.Rating, err = s.rating(ctx, p, r.State); err != nil {
		return err
	}
	view.Known = filled(
		fact{Label: p.Say("score.learnt_from"), Value: learntFrom(p, r.Model)},
		fact{Label: p.Say("score.learnt_until"), At: v.moment(r.Model.Until)},
		fact{Label: p.Say("score.last_training"), At: v.moment(r.State.TrainedAt)},
		fact{Label: p.Say("score.next_training"), At: v.moment(r.State.NextTraining)},
	)
	shown, candidate := r.Last, r.Last != nil && !r.Last.Live
	if r.Row != nil {
		var own score.Report
		if json.Unmarshal(r.Row.Report, &own) == nil && own.Tested.N > 0 {
			shown, candidate = &own, false
		}
	}
	view.tell(shown, candidate)
	settled := r.Coverage.Outcomes[store.ParcelDelivered] + r.Coverage.Outcomes[store.ParcelFailed]
	if view.Untested != "" && !r.State.TrainingAsked && settled >= max(worthLearning, r.State.TrainedSettled+1) && (shown == nil || shown.Reason == score.ReasonTooFew) {
		view.Untested = p.Tell("quality.due", "N", v.number(settled)) // the last look came before them
		view.Due = v.moment(r.State.NextTraining)
	}
	if r.Last != nil {
		for _, w := range v.warnings(r.Last.Warnings) {
			view.Warnings = append(view.Warnings, w.Message)
		}
		view.Months = monthRows(p, r.Last.Months)
	}
	places, products := r.Model.Largest(reportLeast, reportMost)
	var byCarrier []learntRow
	for _, rate := range r.Model.CarriersAnywhere() {
		if rate.Delivered+rate.Failed >= reportLeast && len(byCarrier) < reportMost {
			byCarrier = append(byCarrier, viewLearnt(p, rate.Name, "", score.Counts{Delivered: rate.Delivered, Failed: rate.Failed}))
		}
	}
	titles, err := s.app.ProductTitles(ctx, in.ID, keysOf(products))
	if err != nil {
		return err
	}
	for i, l := range products {
		products[i].Name = cmp.Or(titles[l.Name], p.Tell("score.product", "Key", l.Name))
	}
	view.Learnt = []learntList{
		{"places", p.Say("score.places"), learntRows(p, places)},
		{"products", p.Say("score.products"), learntRows(p, products)},
		{"carriers", p.Say("score.carriers"), byCarrier},
	}
	for _, m := range models {
		view.Models = append(view.Models, viewModelRow(p, m))
	}
	return s.render(c, http.StatusOK, "score_page.html", view)
}

func learntFrom(p page, m *score.Model) string {
	if m.N == 0 {
		return p.Say("score.learnt_nothing")
	}
	return p.Tell("score.learnt_n", "N", p.voice.number(m.N), "Failed", p.voice.number(m.Failed))
}

// tell fills in how well a model predicted what it had not seen.
func (view *scorePageView) tell(r *score.Report, candidate bool) {
	switch {
	case r == nil:
		view.Untested = view.Say("quality.never")
		return
	case r.Tested.N == 0:
		view.Untested = view.voice.say("score.reason."+string(r.Reason), nil)
	default:
		view.Quality = viewQuality(view.page, r, candidate)
	}
	for _, w := range r.Weights {
		view.Weights = append(view.Weights, movedRow{view.voice.factor(w.Code), view.voice.decimal(w.Shipped, 2), view.voice.decimal(w.Now, 2)})
	}
}

func viewCoverageCard(p page, r app.ScoreReport) coverageCard {
	told := viewCoverage(r.Coverage, r.Last)
	view := coverageCard{
		page: p, Orders: p.voice.number(told.Orders), Known: p.voice.number(told.Known), Share: p.voice.percent(told.Share), Percent: percentOf(told.Share),
	}
	for _, source := range []string{app.SourcePlatform, store.SourceCSV, store.SourceUser, store.SourceAPI} {
		n := told.Sources[source]
		if n == (sourceCounts{}) {
			continue
		}
		view.Sources = append(view.Sources, sourceRow{
			p.voice.badge(sourceWords, source).Text, p.voice.number(n.Delivered), p.voice.number(n.Failed), p.voice.number(n.Cancelled),
		})
	}
	if told.NotShipped != nil && *told.NotShipped > 0 {
		view.Held = p.Tell("score.held", "N", p.voice.number(*told.NotShipped), "Share", p.voice.percent(*told.NotShippedShare))
	}
	return view
}

// slightly is the effect, in log-odds, below which a place or a product counts as like the others.
const slightly = 0.1

func learntRows(p page, learnt []score.Learnt) []learntRow {
	rows := make([]learntRow, len(learnt))
	for i, l := range learnt {
		within := make([]string, len(l.Within))
		for i, name := range slices.Backward(l.Within) {
			within[len(l.Within)-1-i] = placeTitle(name)
		}
		name := l.Name
		if l.Level != "" {
			name = placeTitle(name)
		}
		rows[i] = viewLearnt(p, name, strings.Join(within, ", "), l.Counts)
		switch {
		case l.Effect <= -slightly:
			rows[i].Effect = badge{p.Say("score.worse"), toneBad}
		case l.Effect >= slightly:
			rows[i].Effect = badge{p.Say("score.better"), toneGood}
		default:
			rows[i].Effect = badge{p.Say("score.alike"), toneIdle}
		}
	}
	return rows
}

func keysOf(learnt []score.Learnt) []string {
	keys := make([]string, len(learnt))
	for i, l := range learnt {
		keys[i] = l.Name
	}
	return keys
}

func viewLearnt(p page, name, within string, n score.Counts) learntRow {
	total := n.Delivered + n.Failed
	return learntRow{
		Name: name, Within: within, Share: p.voice.percent(float64(n.Delivered) / float64(cmp.Or(total, 1))),
		Counts: p.Tell("score.delivered_of", "Delivered", p.voice.number(n.Delivered), "Total", p.voice.number(total)),
	}
}

// placeTitle writes the key of a place, which has no capitals, as a name; a country as its code.
func placeTitle(key string) string {
	if len(key) == 2 {
		return strings.ToUpper(key)
	}
	return cases.Title(language.Und, cases.NoLower).String(key)
}

func viewModelRow(p page, m store.ScoreModel) modelRow {
	told := viewModel(p.voice, m)
	row := modelRow{
		Version: m.Version, At: p.voice.moment(m.CreatedAt), Basis: p.voice.badge(basisWords, m.Basis).Text, State: p.voice.badge(modelWords, m.State), Why: told.Message,
		Counts: p.Tell("score.learnt_n", "N", p.voice.number(m.N), "Failed", p.voice.number(m.Failed)),
	}
	if told.Summary.Skill != nil {
		row.Skill = skillInWords(p, *told.Summary.Skill)
	}
	if m.State != store.ModelLive && m.State != store.ModelRefused {
		row.Activate = fmt.Sprintf("%s/score/models/%s/activate", p.StorePath(), m.ID)
	}
	return row
}

// trainNow is POST /stores/{id}/score/train.
func (s *Server) trainNow(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	back := page{StoreID: in.ID}.StorePath() + "/score"
	if err := s.app.AskTraining(c.Request().Context(), caller(c).ID, in.ID); err != nil {
		return s.failed(c, back, err)
	}
	return s.done(c, back, s.pageVoice(c).say("page.done.training", nil))
}

// useModel is POST /stores/{id}/score/models/{model}/activate; the id of zeros is the model that the program ships with.
func (s *Server) useModel(c echo.Context) error {
	in, id, err := s.ownedPart(c, "model")
	if err != nil {
		return err
	}
	back := page{StoreID: in.ID}.StorePath() + "/score"
	if err := s.app.ActivateModel(c.Request().Context(), caller(c).ID, in.ID, id); err != nil {
		return s.failed(c, back, err)
	}
	return s.done(c, back, s.pageVoice(c).say("page.done.model", nil))
}
