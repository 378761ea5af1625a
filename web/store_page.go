package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// Lengths of the lists on a store's page. What is older is a link away.
const (
	shownRuns   = 10
	shownAudits = 5
)

// storeView is a store's own page.
type storeView struct {
	page
	Card        storeCard
	Connected   when
	Auth        string
	Runs        []runRow
	RunsTurn    pager
	Audits      []auditRow
	AuditsTurn  pager
	Topics      []topicRow
	Address     string
	NextSync    when
	Permissions []string
}

// runRow is a run in the history.
type runRow struct {
	Kind    string
	State   badge
	Started when
	Took    string
	Orders  string
	New     string
	Changed string
	Failed  int
	Why     string
}

// auditRow is an audit in the history.
type auditRow struct {
	Cause   string
	State   badge
	Started when
	Checked string
	Result  badge
	Found   string
	Why     string
}

// topicRow is a topic that a correct picture needs.
type topicRow struct {
	Topic    string
	State    badge
	Received when
}

// storePage is GET /stores/{id}.
func (s *Server) storePage(c echo.Context) error {
	row, err := s.owned(c)
	if err != nil {
		return err
	}
	ctx, st := c.Request().Context(), s.app.Store()
	in, err := s.app.Integration(ctx, caller(c).ID, row.ID)
	if err != nil {
		return err
	}
	p := s.pageAbout(c, row).titled("stores", row.StoreName)
	view := storeView{
		page: p, Connected: p.voice.moment(in.CreatedAt), Address: in.WebhookAddress, NextSync: p.voice.moment(in.NextSyncAt), Permissions: in.Permissions,
		Auth: p.Say("store.auth_token"),
	}
	if in.Auth == store.AuthClientCredentials {
		view.Auth = p.Say("store.auth_app")
	}
	if view.Card, err = s.storeCard(c, p, in); err != nil {
		return err
	}
	runs, turn, err := readListing(c, p, listing[store.Import]{
		name: "runs", place: "runs-card", title: p.Say("store.runs"), size: shownRuns, count: st.CountImports, rows: st.Imports,
	})
	if err != nil {
		return err
	}
	view.RunsTurn = turn
	for _, run := range runs {
		view.Runs = append(view.Runs, viewRunRow(p.voice, run))
	}
	audits, turn, err := readListing(c, p, listing[store.Audit]{
		name: "audits", place: "audits-card", title: p.Say("store.audits"), size: shownAudits, count: st.CountAudits, rows: st.Audits,
	})
	if err != nil {
		return err
	}
	view.AuditsTurn = turn
	for _, m := range audits {
		view.Audits = append(view.Audits, viewAuditRow(p, m))
	}
	for _, t := range in.Topics {
		view.Topics = append(view.Topics, viewTopicRow(p, t))
	}
	return s.render(c, http.StatusOK, "store.html", view)
}

func viewRunRow(v voice, run store.Import) runRow {
	row := runRow{
		Kind: v.badge(kindWords, run.Kind).Text, State: v.badge(runWords, run.State), Started: v.moment(run.QueuedAt),
		Orders: v.number(run.Fetched), New: v.number(run.Created), Changed: v.number(run.Updated), Failed: run.Failed,
	}
	if !run.FinishedAt.IsZero() && !run.StartedAt.IsZero() {
		row.Took = v.took(run.FinishedAt.Sub(run.StartedAt))
	}
	if run.ErrorCode != "" {
		row.Why = v.failure(run.ErrorCode, run.ErrorDetail)
	}
	return row
}

func viewAuditRow(p page, m store.Audit) auditRow {
	v := p.voice
	row := auditRow{
		Cause: v.badge(kindWords, m.Cause).Text, State: v.badge(runWords, m.State), Started: v.moment(m.QueuedAt), Checked: v.number(m.Checked),
		Found: p.Tell("audit.found", "Missing", v.number(m.Missing), "Extra", v.number(m.Extra), "Stale", v.number(m.Stale), "Repaired", v.number(m.Repaired())),
	}
	switch {
	case m.State != store.AuditCompleted:
	case m.Missing+m.Extra+m.Stale == 0:
		row.Result = badge{Text: p.Say("audit.clean"), Tone: toneGood}
	case m.Drift() == 0:
		row.Result = badge{Text: p.Say("audit.mended"), Tone: toneGood}
	default:
		row.Result = badge{Text: p.Tell("audit.drift", "N", v.number(m.Drift())), Tone: toneWarn}
	}
	if m.ErrorCode != "" {
		row.Why = v.failure(m.ErrorCode, m.ErrorDetail)
	}
	return row
}

func viewTopicRow(p page, t app.TopicState) topicRow {
	row := topicRow{Topic: t.Topic, Received: p.voice.moment(t.LastReceivedAt), State: badge{Text: p.Say("topic.missing"), Tone: toneWarn}}
	switch {
	case t.Subscribed && t.Silent:
		row.State = badge{Text: p.Say("topic.silent"), Tone: toneWarn}
	case t.Subscribed:
		row.State = badge{Text: p.Say("topic.subscribed"), Tone: toneGood}
	}
	return row
}
