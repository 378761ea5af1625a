package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// deliveriesView is the log of received webhooks.
type deliveriesView struct {
	page
	Count        string
	Deliveries   []deliveryRow
	Errors       map[string][]string
	Failed       string            // how many failed, when any did
	Filter       map[string]string // as it was asked for
	Picks        bool              // some of those shown can be processed again
	Refusals     []refusalRow
	RefusalsTurn pager
	States       []choice
	Stores       []choice
	Turn         pager
}

type deliveryRow struct {
	ID       uuid.UUID
	Topic    string
	State    badge
	Received when
	Attempts int
	Took     string
	Why      string
	Again    bool // it can be processed again
}

// shownRefusals is how many refusals the page shows at once.
const shownRefusals = 20

// refusalRow is what one check refused within an hour.
type refusalRow struct {
	Check string
	Count string
	Last  when
	Topic string
	Why   string
}

// deliveryFilters are the parameters that choose deliveries.
var deliveryFilters = []string{"state", "topic", "since", "until"}

// deliveriesPage is GET /stores/{id}/deliveries.
func (s *Server) deliveriesPage(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	pages := paging{page: q.number("page", 1), size: shownOrders}
	f := readDeliveryFilter(q)
	p := s.pageAbout(c, in)
	view := deliveriesView{
		page: p.titled("deliveries", p.Tell("deliveries.title", "Store", in.StoreName)), Errors: p.voice.complaints(q.errs),
		States: p.choices(deliveryWords, f.State, deliveryStates...), Filter: map[string]string{},
	}
	for _, name := range deliveryFilters {
		if text := q.text(name); text != "" {
			view.Filter[name] = text
		}
	}
	if view.Stores, err = s.storeChoices(c, in.ID); err != nil {
		return err
	}
	if len(q.errs) > 0 {
		return s.render(c, http.StatusBadRequest, "deliveries.html", view)
	}
	ctx, st := c.Request().Context(), s.app.Store()
	count, err := st.CountDeliveries(ctx, in.ID, f)
	if err != nil {
		return err
	}
	if pages, err = pages.within(count); err != nil {
		return err
	}
	view.Turn = p.turn(q, "page", "", "", pages, count)
	f.Limit, f.Offset = pages.size, pages.offset()
	found, err := st.Deliveries(ctx, in.ID, f)
	if err != nil {
		return err
	}
	failed, err := st.CountDeliveries(ctx, in.ID, store.DeliveryFilter{State: store.DeliveryFailed})
	if err != nil {
		return err
	}
	if failed > 0 {
		view.Failed = p.voice.number(failed)
	}
	view.Count = p.Tell("deliveries.count", "N", p.voice.number(count))
	for _, d := range found {
		row := viewDeliveryRow(p.voice, d)
		view.Deliveries, view.Picks = append(view.Deliveries, row), view.Picks || row.Again
	}
	refused, turn, err := readListing(c, p, listing[store.Refusal]{
		name: "refusals", place: "refused", title: p.Say("deliveries.refused"), size: shownRefusals, count: st.CountRefusals, rows: st.Refusals,
	})
	if err != nil {
		return err
	}
	view.RefusalsTurn = turn
	for _, r := range refused {
		view.Refusals = append(view.Refusals, viewRefusalRow(p.voice, r))
	}
	return s.render(c, http.StatusOK, "deliveries.html", view)
}

// checkWords name the checks that refuse a delivery.
var checkWords = map[string]stateWord{
	app.RefusedIncomplete: {"page.check.incomplete_body", ""}, app.RefusedJSON: {"page.check.invalid_json", ""},
	app.RefusedMalformed: {"page.check.malformed_signature", ""}, app.RefusedNoSecret: {"page.check.no_secret", ""},
	app.RefusedNotSigned: {"page.check.not_signed", ""}, app.RefusedTooLarge: {"page.check.too_large", ""},
	app.RefusedWrongSecret: {"page.check.wrong_signature", ""},
}

func viewRefusalRow(v voice, r store.Refusal) refusalRow {
	return refusalRow{
		Check: v.badge(checkWords, r.Reason).Text, Count: v.number(r.Count), Last: v.moment(r.LastAt), Topic: r.Topic, Why: viewRefusal(v, r).Message,
	}
}

func viewDeliveryRow(v voice, d store.Delivery) deliveryRow {
	row := deliveryRow{
		ID: d.ID, Topic: d.Topic, State: v.badge(deliveryWords, d.State), Received: v.moment(d.ReceivedAt), Attempts: d.Attempts,
		Again: d.State != store.DeliveryPending,
	}
	if !d.ProcessedAt.IsZero() {
		if row.Took = "< 1 ms"; d.Duration >= time.Millisecond {
			row.Took = v.number(int(d.Duration.Milliseconds())) + " ms"
		}
	}
	if d.ErrorCode != "" {
		row.Why = v.failure(d.ErrorCode, d.ErrorDetail)
	}
	return row
}

// deliveryPageView is one delivery with its body.
type deliveryPageView struct {
	page
	Body  string
	Cut   bool
	Facts []fact
	Row   deliveryRow
	Whole string
}

// deliveryPage is GET /stores/{id}/deliveries/{delivery}.
func (s *Server) deliveryPage(c echo.Context) error {
	in, id, err := s.ownedPart(c, "delivery")
	if err != nil {
		return err
	}
	d, err := s.app.Store().Delivery(c.Request().Context(), in.ID, id)
	if err != nil {
		return err
	}
	p := s.pageAbout(c, in)
	view := deliveryPageView{
		page: p.titled("deliveries", p.Tell("delivery.title", "Topic", d.Topic)), Row: viewDeliveryRow(p.voice, d),
		Whole: storesPath + "/" + strconv.FormatInt(in.ID, 10) + "/deliveries/" + d.ID.String() + "/",
	}
	view.Facts = filled(
		fact{Label: p.Say("delivery.received"), At: p.voice.moment(d.ReceivedAt)},
		fact{Label: p.Say("delivery.triggered"), At: p.voice.moment(d.TriggeredAt)},
		fact{Label: p.Say("delivery.processed_at"), At: p.voice.moment(d.ProcessedAt)},
		fact{Label: p.Say("delivery.next"), At: p.voice.moment(d.NextAttemptAt)},
		fact{Label: p.Say("delivery.attempts"), Value: p.voice.number(d.Attempts)},
		fact{Label: p.Say("delivery.took"), Value: view.Row.Took},
		fact{Label: p.Say("delivery.webhook_id"), Value: d.WebhookID},
		fact{Label: p.Say("delivery.event_id"), Value: d.EventID},
		fact{Label: p.Say("delivery.version"), Value: d.APIVersion},
	)
	view.Body, view.Cut = prettyPayload(d.Body)
	return s.render(c, http.StatusOK, "delivery.html", view)
}

// replayOne is POST /stores/{id}/deliveries/{delivery}/replay.
func (s *Server) replayOne(c echo.Context) error {
	in, id, err := s.ownedPart(c, "delivery")
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	back := listBack(page{StoreID: in.ID}.NavPath("deliveries"), form)
	if _, err := s.app.Replay(c.Request().Context(), caller(c).ID, in.ID, id); err != nil {
		return s.failed(c, back, err)
	}
	return s.done(c, back, s.pageVoice(c).say("done.replay_queued", nil))
}
