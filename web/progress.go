package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"probability/store"
)

// progressView is a run or an audit that is under way, or the last one.
type progressView struct {
	page
	Busy     bool // queued or running: the page asks again
	Title    string
	State    badge
	Done     int
	Known    bool // Total is
	Total    int
	Percent  int
	Counts   string // "1,200 of 5,000 orders"
	Pace     string // "850 orders a second, about 5 s left"; may be empty
	Why      string // what it waits for, or why it failed
	Announce string // what a screen reader is told, which changes ten times at most
}

// liveView is the part of a store's page that changes by itself.
type liveView struct {
	page
	Audit  *progressView // only while one is under way
	Orders string
	Import *progressView
	Today  string
}

// Busy tells whether there is anything to look at again soon.
func (l liveView) Busy() bool {
	return l.Import != nil && l.Import.Busy || l.Audit != nil
}

// liveStore is GET /stores/{id}/live: the part of the page that changes, for its script.
func (s *Server) liveStore(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	p := s.frame(c)
	p.StoreID = in.ID
	view, err := s.live(c.Request().Context(), p, in.ID)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "live", view)
}

// live gathers what changes by itself.
func (s *Server) live(ctx context.Context, p page, id int64) (liveView, error) {
	st, now := s.app.Store(), s.cfg.Now()
	view := liveView{page: p}
	runs, err := st.Imports(ctx, id, 1, 0)
	if err != nil {
		return view, err
	}
	if len(runs) > 0 {
		bar := viewProgress(p, now, runs[0])
		view.Import = &bar
	}
	audits, err := st.Audits(ctx, id, 1, 0)
	if err != nil {
		return view, err
	}
	if len(audits) > 0 && (audits[0].State == store.AuditQueued || audits[0].State == store.AuditRunning) {
		bar := viewAuditProgress(p, now, audits[0])
		view.Audit = &bar
	}
	orders, err := st.CountOrders(ctx, store.OrderFilter{IntegrationID: id})
	if err != nil {
		return view, err
	}
	today, err := s.ordersToday(ctx, id)
	if err != nil {
		return view, err
	}
	view.Orders, view.Today = p.voice.number(orders), p.voice.number(today)
	return view, nil
}

// ordersToday is how many orders were made on this UTC day, by the sums of the days.
func (s *Server) ordersToday(ctx context.Context, id int64) (int, error) {
	today := s.cfg.Now().UTC()
	rows, err := s.app.Store().DayStats(ctx, id, today, today)
	n := 0
	for _, row := range rows {
		n += row.Orders
	}
	return n, err
}

// viewProgress puts a run into words.
func viewProgress(p page, now time.Time, run store.Import) progressView {
	v := progressView{
		page: p, Title: p.voice.badge(kindWords, run.Kind).Text, State: p.voice.badge(runWords, run.State), Done: run.Fetched,
		Busy: run.State == store.ImportQueued || run.State == store.ImportRunning,
	}
	v.measure(run.Total, run.State == store.ImportCompleted)
	if run.ErrorCode != "" {
		v.Why = p.voice.failure(run.ErrorCode, run.ErrorDetail)
	}
	if run.State == store.ImportQueued && v.Why == "" {
		v.Why = p.Say("live.waiting")
	}
	if run.State == store.ImportRunning && now.After(run.NextAttemptAt) {
		v.pace(now.Sub(run.StartedAt))
	}
	v.Announce = p.Tell("live.announce", "What", v.Title, "State", v.State.Text, "Percent", v.Percent/10*10)
	return v
}

// viewAuditProgress puts an audit that is under way into words.
func viewAuditProgress(p page, now time.Time, m store.Audit) progressView {
	v := progressView{page: p, Busy: true, Title: p.Say("store.audit"), State: p.voice.badge(runWords, m.State), Done: m.Checked}
	v.measure(m.Total, false)
	if m.ErrorCode != "" {
		v.Why = p.voice.failure(m.ErrorCode, m.ErrorDetail)
	}
	if m.State == store.AuditRunning {
		v.pace(now.Sub(m.StartedAt))
	}
	v.Announce = p.Tell("live.announce", "What", v.Title, "State", v.State.Text, "Percent", v.Percent/10*10)
	return v
}

// measure sets how far it is. A run that is not over never shows all of it: it still has to prove itself.
func (v *progressView) measure(total *int, complete bool) {
	done := v.voice.number(v.Done)
	if total == nil {
		v.Counts = v.Tell("live.so_far", "Done", done)
		return
	}
	v.Known, v.Total = true, *total
	v.Counts = v.Tell("live.of", "Done", done, "Total", v.voice.number(*total))
	switch {
	case complete || *total == 0:
		v.Percent = 100
	default:
		v.Percent = min(99, v.Done*100 / *total)
	}
	if complete {
		v.Percent = 100
	}
}

// pace is how fast it goes, and how long it takes on at that.
func (v *progressView) pace(since time.Duration) {
	if since < time.Second || v.Done == 0 {
		return
	}
	rate := float64(v.Done) / since.Seconds()
	text := strconv.FormatFloat(rate, 'f', 1, 64)
	if rate >= 10 {
		text = v.voice.number(int(rate))
	}
	v.Pace = v.Tell("live.rate", "Rate", text)
	if v.Known && v.Total > v.Done {
		left := max(time.Second, time.Duration(float64(v.Total-v.Done)/rate*float64(time.Second)))
		v.Pace += ", " + v.Tell("live.left", "Left", v.voice.took(left))
	}
}
