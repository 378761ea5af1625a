package web

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// eventRow is something that happened to an order.
type eventRow struct {
	At   time.Time
	When when
	Text string
	Note string
	Of   when   // the time that Text speaks of, where that is another
	By   string // who or what told of it
	Path string // where more of it stands
}

// orderStory is what happened to an order, newest first: by its payload, by our own tables, by the deliveries that changed it, by what was
// reported of its parcel, and by how it is marked.
func (s *Server) orderStory(c echo.Context, p page, o *store.Order, deliveries []store.Delivery, e app.ScoreExplanation, reports []store.Report) ([]eventRow, error) {
	events := append(payloadEvents(p, o), eventRow{At: o.ImportedAt, Text: p.Say("event.imported")})
	for _, d := range deliveries {
		events = append(events, eventRow{
			At: d.ReceivedAt, Text: p.Tell("event.delivery", "Topic", d.Topic), Path: p.NavPath("deliveries") + "/" + d.ID.String(),
		})
	}
	if o.UpdatedAt.After(o.CreatedAt) && len(deliveries) == 0 {
		events = append(events, eventRow{At: o.UpdatedAt, Text: p.Say("event.updated")})
	}
	files, err := s.reportFiles(c, p.StoreID, o.ID, reports)
	if err != nil {
		return nil, err
	}
	me := caller(c).ID
	for _, r := range reports {
		events = append(events, reportEvents(p, r, files[r.Import], person(p, me, r.UserID))...)
	}
	if told := e.Facts.Platform; told.Outcome != store.ParcelPending && !told.At.IsZero() {
		events = append(events, eventRow{
			At: told.At, Text: p.Tell("event.outcome", "Outcome", p.voice.badge(outcomeWords, outcomeNames[told.Outcome]).Text),
			By: p.voice.badge(sourceWords, app.SourcePlatform).Text, Path: p.StorePath() + "/score",
		})
	}
	if m := e.Mark; m != nil && m.Mark != 0 && !m.MarkedAt.IsZero() {
		told := viewMark(m)
		events = append(events, eventRow{
			At: m.MarkedAt, Text: p.voice.badge(markWords, told.Mark).Text + ": " + p.voice.badge(scopeWords, told.Scope).Text, Note: m.Note, By: person(p, me, m.UserID),
		})
	}
	slices.SortStableFunc(events, func(a, b eventRow) int { return b.At.Compare(a.At) })
	events = events[:min(len(events), shownEvents)]
	for i := range events {
		events[i].When = p.voice.moment(events[i].At)
	}
	return events, nil
}

// payloadEvents are what the payload of an order tells of with a time.
func payloadEvents(p page, o *store.Order) []eventRow {
	var told struct {
		Created      json.RawMessage              `json:"created_at"`
		Closed       json.RawMessage              `json:"closed_at"`
		Cancelled    json.RawMessage              `json:"cancelled_at"`
		Reason       json.RawMessage              `json:"cancel_reason"`
		Fulfillments []map[string]json.RawMessage `json:"fulfillments"`
		Refunds      []map[string]json.RawMessage `json:"refunds"`
	}
	// Members of odd types are passed over: what could be read is still told.
	_ = json.Unmarshal(o.Raw, &told)
	var events []eventRow
	add := func(at json.RawMessage, text, note string) {
		if t, err := time.Parse(time.RFC3339, plain(at)); err == nil {
			events = append(events, eventRow{At: t.UTC(), Text: text, Note: note})
		}
	}
	add(told.Created, p.Say("event.created"), "")
	add(told.Cancelled, p.Say("event.cancelled"), plain(told.Reason))
	add(told.Closed, p.Say("event.closed"), "")
	for _, f := range told.Fulfillments[:min(len(told.Fulfillments), shownEvents)] {
		carrier := strings.TrimSpace(plain(f["tracking_company"]) + " " + plain(f["tracking_number"]))
		add(f["created_at"], p.Say("event.shipped"), carrier)
		if state := plain(f["shipment_status"]); state != "" {
			add(f["updated_at"], p.Tell("event.shipment", "State", p.voice.badge(shipmentWords, state).Text), carrier)
		}
	}
	for _, r := range told.Refunds[:min(len(told.Refunds), shownEvents)] {
		add(r["created_at"], p.Say("event.refunded"), plain(r["note"]))
	}
	return events
}

// reportFiles are the names of the carriers' reports that some reports came with, by their imports.
func (s *Server) reportFiles(c echo.Context, integrationID, orderID int64, reports []store.Report) (map[uuid.UUID]string, error) {
	if !slices.ContainsFunc(reports, func(r store.Report) bool { return r.Import != uuid.Nil }) {
		return nil, nil
	}
	return s.app.Store().ReportFiles(c.Request().Context(), integrationID, orderID)
}

// reportEvents are that an outcome was reported, and that it was taken back.
func reportEvents(p page, r store.Report, file, who string) []eventRow {
	outcome := p.voice.badge(outcomeWords, outcomeNames[r.Outcome]).Text
	said := eventRow{
		At: r.RecordedAt, Text: p.Tell("event.reported", "Outcome", outcome), Of: p.voice.day(r.HappenedAt), Path: "#end",
		Note: strings.Join(slices.DeleteFunc([]string{r.Carrier, r.Tracking, r.Note}, func(t string) bool { return t == "" }), " · "),
	}
	switch r.Source {
	case store.SourceCSV:
		said.By, said.Path = p.voice.badge(sourceWords, r.Source).Text, p.StorePath()+"/outcomes#reports"
		if file != "" {
			said.By += ": " + file
		}
	case store.SourceAPI:
		said.By = p.voice.badge(sourceWords, r.Source).Text + ": " + who
	default:
		said.By = who
	}
	if r.UndoneAt.IsZero() {
		return []eventRow{said}
	}
	return []eventRow{said, {At: r.UndoneAt, Text: p.Tell("event.undone", "Outcome", outcome), Path: "#end"}}
}

// person is who did something, for who looks at it. Only the owner of a store changes anything of it, so anybody else was its owner before.
func person(p page, me, who uuid.UUID) string {
	if who == me {
		return p.User
	}
	return p.Say("event.somebody")
}
