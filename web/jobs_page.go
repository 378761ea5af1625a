package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

const (
	// shownWork is how many rows the list of jobs shows at once.
	shownWork = 50
	// maxForm is how many values a form of check boxes may carry.
	maxForm = 1000
)

// The words of the list of jobs.
var (
	workKinds  = []string{app.WorkImport, app.WorkAudit, app.WorkDeliveries, app.WorkWebhooks, app.WorkScores, app.WorkTraining, app.WorkErasure, app.WorkRequest}
	workStates = []string{app.WorkFailed, app.WorkRunning, app.WorkWaiting}

	workKindWords = map[string]stateWord{
		app.WorkAudit: {"page.work.audit", ""}, app.WorkDeliveries: {"page.work.deliveries", ""}, app.WorkErasure: {"page.work.erasure", ""},
		app.WorkImport: {"page.work.import", ""}, app.WorkRequest: {"page.work.data_request", ""}, app.WorkScores: {"page.work.scores", ""},
		app.WorkTraining: {"page.work.training", ""}, app.WorkWebhooks: {"page.work.webhooks", ""},
	}
	workStateWords = map[string]stateWord{
		app.WorkFailed: {"page.work.failed", toneBad}, app.WorkRunning: {"page.work.running", toneBusy}, app.WorkWaiting: {"page.work.waiting", toneIdle},
	}
)

// jobsView is what runs, waits and failed for the stores of the account.
type jobsView struct {
	page
	Cancels bool // something shown can be cancelled
	Counts  []workCount
	Errors  map[string][]string
	Filter  []hidden
	Kinds   []choice
	Match   string // how many match, when more than one does
	Matches int
	Picks   bool // something shown can be retried or cancelled
	Rows    []workRow
	Shops   []choice
	States  []choice
	Turn    pager
}

type workCount struct {
	badge
	N    string
	Path string
	Here bool
}

type hidden struct{ Name, Value string }

type workRow struct {
	Done     string
	Key      string
	Kind     string
	Label    string
	Max      int
	Next     when
	NextWord string
	Path     string // where more about it stands
	Picks    bool
	Since    when
	State    badge
	Store    string
	Value    int
	Why      string
}

// workFilter is which work a page is about.
type workFilter struct {
	state, kind string
	shop        int64
}

func (f workFilter) matches(w app.Work) bool {
	return (f.state == "" || w.State == f.state) && (f.kind == "" || w.Kind == f.kind) && (f.shop == 0 || w.IntegrationID == f.shop)
}

func (f workFilter) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"state": f.state, "kind": f.kind} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.shop != 0 {
		v.Set("store", strconv.FormatInt(f.shop, 10))
	}
	return v
}

// at is the address of the list with the filter.
func (f workFilter) at() string {
	if v := f.values(); len(v) > 0 {
		return "/jobs?" + v.Encode()
	}
	return "/jobs"
}

func readWorkFilter(q *query) workFilter {
	f := workFilter{state: q.choice("state", "", workStates...), kind: q.choice("kind", "", workKinds...)}
	if text := q.text("store"); text != "" {
		f.shop = int64(q.number("store", 0))
	}
	return f
}

// jobsPage is GET /jobs.
func (s *Server) jobsPage(c echo.Context) error {
	q := readQuery(c)
	pages := paging{page: q.number("page", 1), size: shownWork}
	f := readWorkFilter(q)
	p := s.page(c)
	view := jobsView{
		page: p.titled("jobs", p.Say("nav.jobs")), Errors: p.voice.complaints(q.errs),
		Kinds: p.choices(workKindWords, f.kind, workKinds...), States: p.choices(workStateWords, f.state, workStates...),
	}
	if len(q.errs) > 0 {
		return s.render(c, http.StatusBadRequest, "jobs.html", view)
	}
	ctx, user := c.Request().Context(), caller(c)
	all, err := s.app.Work(ctx, user.ID)
	if err != nil {
		return err
	}
	if view.Shops, err = s.storeChoices(c, f.shop); err != nil {
		return err
	}
	for _, state := range workStates {
		of := workFilter{state: state, kind: f.kind, shop: f.shop}
		n := 0
		for _, w := range all {
			if of.matches(w) {
				n++
			}
		}
		word := p.voice.badge(workStateWords, state)
		if n == 0 {
			word.Tone = toneIdle // nothing that failed is no alarm
		}
		view.Counts = append(view.Counts, workCount{badge: word, N: p.voice.number(n), Path: of.at(), Here: f.state == state})
	}
	found := slices.DeleteFunc(all, func(w app.Work) bool { return !f.matches(w) })
	if pages, err = pages.within(len(found)); err != nil {
		return err
	}
	for name, values := range f.values() {
		view.Filter = append(view.Filter, hidden{name, values[0]})
	}
	slices.SortFunc(view.Filter, func(a, b hidden) int { return len(a.Name) - len(b.Name) })
	for _, w := range found {
		if w.CanRetry() || w.CanCancel() {
			view.Matches++
		}
	}
	view.Match = p.voice.number(view.Matches)
	for _, w := range found[pages.offset():min(len(found), pages.offset()+pages.size)] {
		view.Rows = append(view.Rows, viewWork(p.voice, w))
		view.Picks, view.Cancels = view.Picks || w.CanRetry() || w.CanCancel(), view.Cancels || w.CanCancel()
	}
	view.Turn = p.turn(q, "page", "", "", pages, len(found))
	return s.render(c, http.StatusOK, "jobs.html", view)
}

func viewWork(v voice, w app.Work) workRow {
	place := page{StoreID: w.IntegrationID}
	row := workRow{
		Key: w.Key(), Kind: v.badge(workKindWords, w.Kind).Text, Next: v.moment(w.NextAt), NextWord: v.say("page.work.next", nil), Path: place.StorePath(),
		Picks: w.CanRetry() || w.CanCancel(), Since: v.moment(w.Since), State: v.badge(workStateWords, w.State), Store: w.StoreName,
	}
	switch w.Kind {
	case app.WorkImport, app.WorkAudit:
		row.Label = v.badge(kindWords, w.Label).Text
		row.Done = v.number(w.Done)
		if w.Total > 0 {
			row.Done += " / " + v.number(w.Total)
			row.Value, row.Max = min(w.Done, w.Total), w.Total
		}
	case app.WorkDeliveries:
		row.Done = v.number(w.Total)
		row.Path = place.NavPath("deliveries") + "?state=" + map[string]string{app.WorkFailed: store.DeliveryFailed, app.WorkWaiting: store.DeliveryPending}[w.State]
	case app.WorkErasure:
		row.Label, row.Done, row.Path = v.badge(privacyTopics, w.Label).Text, v.number(w.Done), place.NavPath("privacy")
	case app.WorkRequest:
		row.Path, row.NextWord = place.NavPath("privacy"), v.say("page.work.until", nil)
	case app.WorkScores:
		row.Done = v.number(w.Done)
	}
	if w.State == app.WorkFailed && w.Kind != app.WorkWebhooks {
		row.Next = when{} // nothing happens by itself
	}
	switch text := mends[w.Reason].text; {
	case text != "": // the API's sentence speaks of its own members
		row.Why = v.say(text, map[string]any{"Detail": w.Detail})
	case w.Reason != "":
		row.Why = v.failure(w.Reason, w.Detail)
	}
	return row
}

// doJobs is POST /jobs/do: retries or cancels what is checked, or all that match the filter. What is not the caller's, or not there any
// more, is nowhere in the list of the caller's work, so it is left.
func (s *Server) doJobs(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	m := &query{errs: map[string][]app.FieldError{}, values: form}
	f := readWorkFilter(m)
	do := m.choice("do", "retry", "retry", "cancel")
	if err := m.err(); err != nil {
		return err
	}
	everything := form.Get("all") != ""
	picked := form["work"]
	p := s.page(c)
	if !everything && len(picked) == 0 {
		return s.goOn(c, f.at(), flash{Text: p.Say("work.nothing"), Bad: true})
	}
	ctx, user := c.Request().Context(), caller(c)
	all, err := s.app.Work(ctx, user.ID)
	if err != nil {
		return err
	}
	act, can, told := s.app.RetryWork, app.Work.CanRetry, "page.work.retried"
	if do == "cancel" {
		act, can, told = s.app.CancelWork, app.Work.CanCancel, "page.work.cancelled"
	}
	chosen := slices.DeleteFunc(all, func(w app.Work) bool {
		return !can(w) || everything && !f.matches(w) || !everything && !slices.Contains(picked, w.Key())
	})
	if do == "cancel" && len(chosen) > 0 && form.Get("confirm") == "" {
		return s.confirm(c, confirmView{
			Action: "/jobs/do", Back: f.at(), Button: p.Say("work.cancel"), Danger: true, Nav: "jobs",
			Text: p.Tell("work.cancel_what", "Count", len(chosen)), Title: p.Say("work.cancel_sure"), Values: form,
		})
	}
	done, refused := 0, error(nil)
	for _, w := range chosen {
		if err := act(ctx, user.ID, w); err != nil {
			if k := app.KindOf(err); k == app.Internal || ctx.Err() != nil {
				return err
			}
			refused = err
			continue
		}
		done++
	}
	said := flash{Text: p.voice.say(told, map[string]any{"Count": done}), Bad: done == 0}
	if left := len(chosen) - done; left > 0 {
		said.Text += " " + p.Tell("work.left", "Count", left) + " " + s.explain(p.voice, problemOf(refused))
	} else if gone := len(picked) - done; !everything && gone > 0 {
		said.Text += " " + p.Tell("work.gone", "Count", gone)
	}
	return s.goOn(c, f.at(), said)
}
