package web

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"probability/store"
)

// insightDays are the periods that one click chooses, in days; the second is the usual one.
var insightDays = []string{"7", "30", "90", "365"}

const usualInsightDays = "30"

// shownPlaces is how many provinces and cities a plot names.
const shownPlaces = 10

// insightsView is what a store's orders of some days add up to, in plots.
type insightsView struct {
	page
	Empty   bool
	Errors  map[string][]string
	Figures []fact
	Periods []choice
	Plots   []plotView
	Said    string // of which days this is
	Since   string
	Stores  []choice
	Until   string
}

// plotView is a plot with the sentence that says what is to be seen, and the table of the same figures.
type plotView struct {
	ID    string // of its heading
	Title string
	What  string
	Keys  []plotKey
	Chart template.HTML
	Long  bool // over time: there is a way past its marks
	Wide  bool
	Head  []string
	Rows  []plotRow
	Note  string
	Empty string // what is said instead of all that
}

type plotKey struct {
	Sample template.HTML
	Text   string
}

// plotRow is a row of a plot's table.
type plotRow struct {
	Name  string
	Path  string // where its orders are listed; empty: nowhere
	Cells []string
}

// insightsPage is GET /stores/{id}/insights.
func (s *Server) insightsPage(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	since, until, days := readInsightDays(q, s.cfg.Now())
	p := s.pageAbout(c, in)
	view := insightsView{
		page: p.titled("insights", p.Tell("insights.title", "Store", in.StoreName)), Errors: p.voice.complaints(q.errs),
		Since: strings.ToValidUTF8(q.text("since"), "\uFFFD"), Until: strings.ToValidUTF8(q.text("until"), "\uFFFD"),
	}
	for _, n := range insightDays {
		view.Periods = append(view.Periods, choice{Value: n, Label: p.Tell("insights.days", "N", n), Chosen: n == days})
	}
	if view.Stores, err = s.storeChoices(c, in.ID); err != nil {
		return err
	}
	if len(q.errs) > 0 {
		return s.render(c, http.StatusBadRequest, "insights.html", view)
	}
	view.Since, view.Until = since.Format(time.DateOnly), until.Format(time.DateOnly)
	view.Said = p.Tell("insights.said", "Since", p.voice.date(since), "Until", p.voice.date(until))
	found, err := s.readInsights(c, in.ID, since, until)
	if err != nil {
		return err
	}
	found.show(&view)
	return s.render(c, http.StatusOK, "insights.html", view)
}

// readInsightDays gives the first and the last day: of the period that was chosen, or from one day to another.
func readInsightDays(q *query, now time.Time) (since, until time.Time, days string) {
	if q.text("since")+q.text("until") != "" {
		since, until = readDays(q, now)
		return since, until, ""
	}
	if days = q.choice("days", usualInsightDays, insightDays...); len(q.errs) > 0 {
		return since, until, ""
	}
	n, _ := strconv.Atoi(days) // it is one of ours
	until = now.UTC().Truncate(day)
	return until.AddDate(0, 0, 1-n), until, days
}

// insights are the figures of some days.
type insights struct {
	stats        statsView
	bands        []store.BandOutcomes
	places       store.Places
	since, until time.Time
}

// readInsights reads the sums of some days; none of them looks at orders.
func (s *Server) readInsights(c echo.Context, id int64, since, until time.Time) (f insights, err error) {
	ctx, st := c.Request().Context(), s.app.Store()
	f.since, f.until = since, until
	if f.stats, err = s.readStats(ctx, id, since, until); err != nil {
		return f, err
	}
	if f.bands, err = st.BandOutcomes(ctx, id, since, until); err != nil {
		return f, err
	}
	f.places, err = st.Places(ctx, id, since, until, shownPlaces)
	return f, err
}

// show makes the plots.
func (f insights) show(view *insightsView) {
	if view.Empty = f.stats.Totals.Orders == 0; view.Empty {
		return
	}
	p := view.page
	buckets := f.buckets(p.voice, fineGrain)
	view.Figures = f.figures(p)
	view.Plots = append(view.Plots, f.ordersPlot(p, buckets))
	view.Plots = append(view.Plots, f.revenuePlots(p, buckets)...)
	view.Plots = append(view.Plots,
		f.statusPlot(p, paidWords, financialWords, f.financial()), f.statusPlot(p, shippedWords, fulfillmentWords, f.stats.Totals.FulfillmentStatus),
		f.paymentPlot(p, buckets), f.scorePlot(p), f.bandPlot(p), f.placePlot(p, provincesWords), f.placePlot(p, citiesWords))
}

func (f insights) financial() map[string]int {
	out := make(map[string]int, len(f.stats.Totals.FinancialStatus))
	for status, n := range f.stats.Totals.FinancialStatus {
		out[status] = n.Orders
	}
	return out
}
