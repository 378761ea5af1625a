package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/app/score"
	"probability/store"
)

// orderScore is why an order has the score that it has.
type orderScore struct {
	page
	Scored  bool
	Why     string // there is no score
	Odds    badge
	Scale   scale
	Words   scoreWords
	Action  badge
	Against []reasonRow
	For     []reasonRow
	Model   string
	Old     string // what lists show until it is brought up to date; "": the same
}

// reasonRow is one factor with what it takes or gives.
type reasonRow struct{ Label, Points, Text string }

// orderEnd is what became of an order's parcel, and the form to say so.
type orderEnd struct {
	page
	Path     string
	Outcome  badge
	At       when
	Source   string
	Reports  []reportRow
	Outcomes []choice
	Errors   map[string][]string
	Problem  string
	Date     string
	Carrier  string
	Note     string
	Today    string // the latest date that can be chosen
}

// reportRow is what somebody said of the parcel.
type reportRow struct {
	Outcome  badge
	At       when
	Source   string
	Carrier  string
	Tracking string
	Note     string
	Counts   bool
	Undone   when
	Path     string // to take it back
}

// orderMarking is what the merchant says of the order or its customer themselves.
type orderMarking struct {
	page
	Path    string
	Mark    badge
	Marked  bool
	Scope   string
	Scopes  []choice
	Note    string
	Errors  map[string][]string
	Problem string
	At      when
}

var (
	outcomeWords = map[string]stateWord{
		"pending": {"page.end.pending", toneIdle}, "delivered": {"page.end.delivered", toneGood}, "failed": {"page.end.failed", toneBad},
		"cancelled": {"page.end.cancelled", toneIdle},
	}
	sourceWords = map[string]stateWord{
		app.SourcePlatform: {"page.source.platform", ""}, store.SourceAPI: {"page.source.api", ""}, store.SourceCSV: {"page.source.csv", ""},
		store.SourceUser: {"page.source.user", ""},
	}
	markWords  = map[string]stateWord{markAllow: {"page.mark.allowed", toneGood}, markBlock: {"page.mark.blocked", toneBad}}
	scopeWords = map[string]stateWord{store.MarkOrder: {"page.mark.order", ""}, store.MarkCustomer: {"page.mark.customer", ""}}
	// actionTones are the colours of what is recommended.
	actionTones = map[score.Action]string{
		score.ActionShip: toneGood, score.ActionConfirmByMessage: toneBusy, score.ActionConfirmByPhone: toneWarn, score.ActionAskPrepayment: toneWarn,
		score.ActionHold: toneBad, score.ActionShipToLearn: toneBusy, score.ActionNone: toneIdle,
	}
)

// explainOrder fills in the score of an order, what became of its parcel, and how it is marked, and gives what it read for that.
func (s *Server) explainOrder(c echo.Context, view *orderPageView, o *store.Order) (e app.ScoreExplanation, reports []store.Report, err error) {
	ctx, p := c.Request().Context(), view.page
	view.Score = orderScore{page: p, Odds: p.voice.badge(probabilityWords, o.DeliveryProbability)}
	if e, err = s.app.ExplainScore(ctx, p.StoreID, o.ID); err != nil {
		problem := problemOf(err)
		if problem.code != "order_not_scored" && problem.code != "score_not_ready" {
			return e, nil, err
		}
		view.Score.Why = s.explain(p.voice, problem)
	} else {
		setup, err := s.app.ScoreSetup(ctx, p.StoreID)
		if err != nil {
			return e, nil, err
		}
		view.Score.explain(e, setup.InForce.Bands)
	}
	if reports, err = s.app.Store().Reports(ctx, p.StoreID, o.ID, maxOrderReports); err != nil {
		return e, nil, err
	}
	path := p.StorePath() + "/orders/" + strconv.FormatInt(o.ID, 10)
	view.End = viewOrderEnd(p, path, e, reports, s.cfg.Now())
	view.Marking = viewMarking(p, path, e.Mark)
	return e, reports, nil
}

func (v *orderScore) explain(e app.ScoreExplanation, bands score.Bands) {
	told := v.voice.score(e.Explanation)
	v.Scored, v.Words = true, told.Words
	v.Model, _, _ = strings.Cut(e.Model, " ") // its version; the page of the score knows the rest
	v.Odds = v.voice.badge(probabilityWords, e.Band)
	v.Scale = viewScale(e.Explanation, bands, v.Tell("score.scale", "Score", e.Score, "Band", v.Odds.Text, "Summary", told.Words.Summary))
	v.Action = badge{Text: told.Words.Action, Tone: actionTones[e.RecommendedAction]}
	v.Against, v.For = reasonRows(told.NegativeFactors), reasonRows(told.PositiveFactors)
	switch {
	case e.UpToDate:
	case e.Facts.Score == nil:
		v.Old = v.Say("score.lists_none")
	default:
		v.Old = v.Tell("score.lists", "Score", *e.Facts.Score)
	}
}

func reasonRows(reasons []reasonView) []reasonRow {
	rows := make([]reasonRow, len(reasons))
	for i, r := range reasons {
		rows[i] = reasonRow{Label: r.Label, Points: signed(r.Points), Text: r.Text}
	}
	return rows
}

// signed writes a number of points with its sign, as a minus rather than a hyphen.
func signed(n int) string {
	if n < 0 {
		return "−" + strconv.Itoa(-n)
	}
	return "+" + strconv.Itoa(n)
}

func viewOrderEnd(p page, path string, e app.ScoreExplanation, reports []store.Report, now time.Time) orderEnd {
	facts, v := e.Facts, p.voice
	var counting *store.Report
	for i, r := range reports {
		if r.Counts {
			counting = &reports[i]
			facts.Reported = store.Settled{Outcome: r.Outcome, At: r.HappenedAt}
			if r.HappenedAt.IsZero() {
				facts.Reported.At = r.RecordedAt
			}
		}
	}
	told := viewEnd(facts, counting)
	view := orderEnd{page: p, Path: path, Outcome: v.badge(outcomeWords, told.Outcome), At: v.day(time.Time(told.At)), Today: now.UTC().Format(time.DateOnly)}
	if told.Source != nil {
		view.Source = v.badge(sourceWords, *told.Source).Text
	}
	for _, r := range reports {
		row := reportRow{
			Outcome: v.badge(outcomeWords, outcomeNames[r.Outcome]), At: v.day(r.HappenedAt), Source: v.badge(sourceWords, r.Source).Text,
			Carrier: r.Carrier, Tracking: r.Tracking, Note: r.Note, Counts: r.Counts, Undone: v.moment(r.UndoneAt),
		}
		if r.HappenedAt.IsZero() {
			row.At = v.moment(r.RecordedAt)
		}
		if r.UndoneAt.IsZero() {
			row.Path = path + "/outcomes/" + r.ID.String() + "/undo"
		}
		view.Reports = append(view.Reports, row)
	}
	view.Outcomes = p.choices(outcomeWords, "", outcomeNames[store.ParcelDelivered:]...)
	return view
}

func viewMarking(p page, path string, m *store.OrderMark) orderMarking {
	view := orderMarking{page: p, Path: path + "/mark"}
	scope := store.MarkOrder
	if told := viewMark(m); told != nil {
		scope = told.Scope
		view.Marked, view.Mark, view.Scope = true, p.voice.badge(markWords, told.Mark), p.voice.badge(scopeWords, told.Scope).Text
		view.Note, view.At = m.Note, p.voice.moment(m.MarkedAt)
	}
	view.Scopes = p.choices(scopeWords, scope, store.MarkOrder, store.MarkCustomer)
	return view
}

// recordOutcome is POST /stores/{id}/orders/{order}/outcome.
func (s *Server) recordOutcome(c echo.Context) error {
	in, order, m, err := s.ownedOrderForm(c)
	if err != nil {
		return err
	}
	wanted, err := m.outcome()
	wanted.Source = store.SourceUser
	created := false
	if err == nil {
		_, created, err = s.app.ReportOutcome(c.Request().Context(), caller(c).ID, in, order, wanted)
	}
	if err == nil {
		id := "page.done.outcome_known"
		if created {
			id = "page.done.outcome"
		}
		return s.done(c, orderPath(in, order), s.pageVoice(c).say(id, nil))
	}
	return s.orderAgain(c, order, err, func(view *orderPageView, errs map[string][]string, text string) {
		end := &view.End
		end.Errors, end.Problem = errs, text
		end.Date, end.Carrier, end.Note = m.textOr("happened_at", ""), m.textOr("carrier", ""), m.textOr("note", "")
		for i := range end.Outcomes {
			end.Outcomes[i].Chosen = end.Outcomes[i].Value == m.textOr("outcome", "")
		}
	})
}

// undoOrderOutcome is POST /stores/{id}/orders/{order}/outcomes/{uuid}/undo.
func (s *Server) undoOrderOutcome(c echo.Context) error {
	in, order, err := s.ownedOrder(c)
	if err != nil {
		return err
	}
	id, err := pathUUID(c, "outcome")
	if err != nil {
		return err
	}
	if _, err := s.app.UndoOutcome(c.Request().Context(), caller(c).ID, in, id); err != nil {
		return s.failed(c, orderPath(in, order), err)
	}
	return s.done(c, orderPath(in, order), s.pageVoice(c).say("page.done.outcome_undone", nil))
}

// saveMark is POST /stores/{id}/orders/{order}/mark.
func (s *Server) saveMark(c echo.Context) error {
	in, order, m, err := s.ownedOrderForm(c)
	if err != nil {
		return err
	}
	wanted, err := m.mark()
	if err == nil {
		_, err = s.app.MarkOrder(c.Request().Context(), caller(c).ID, in, order, wanted)
	}
	if err == nil {
		id := "page.done.marked"
		if wanted.Mark == 0 {
			id = "page.done.unmarked"
		}
		return s.done(c, orderPath(in, order), s.pageVoice(c).say(id, nil))
	}
	return s.orderAgain(c, order, err, func(view *orderPageView, errs map[string][]string, text string) {
		view.Marking.Errors, view.Marking.Problem, view.Marking.Note = errs, text, m.textOr("note", "")
	})
}

func orderPath(in, order int64) string {
	return page{StoreID: in}.StorePath() + "/orders/" + strconv.FormatInt(order, 10)
}

// orderAgain shows an order's page with what was wrong with a form on it, unless the fault is not the form's.
func (s *Server) orderAgain(c echo.Context, order int64, err error, tell func(view *orderPageView, errs map[string][]string, text string)) error {
	problem := problemOf(err)
	if problem.status == http.StatusNotFound || problem.status == http.StatusInternalServerError {
		return err
	}
	c.Set(codeKey, problem.code)
	view, err := s.orderView(c, order)
	if err != nil {
		return err
	}
	errs, text := view.voice.complaints(problem.fields), ""
	if len(errs) == 0 {
		text = s.explain(view.voice, problem)
	}
	tell(&view, errs, text)
	problem.announce(c.Response().Header())
	return s.render(c, problem.status, "order.html", view)
}
