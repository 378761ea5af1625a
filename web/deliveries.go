package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/store"
)

// deliveryStates are the values of the filter "state".
var deliveryStates = []string{"pending", "processed", "duplicate", "stale", "failed"}

// deliveryView is a webhook that was received, without its body.
type deliveryView struct {
	ID            uuid.UUID `json:"id"`
	WebhookID     *string   `json:"webhook_id"`
	EventID       *string   `json:"event_id"`
	Topic         string    `json:"topic"`
	APIVersion    *string   `json:"api_version"`
	State         string    `json:"state"`
	Attempts      int       `json:"attempts"`
	Error         *string   `json:"error"`
	ErrorCode     *string   `json:"error_code"`
	TriggeredAt   stamp     `json:"triggered_at"`
	ReceivedAt    stamp     `json:"received_at"`
	ProcessedAt   stamp     `json:"processed_at"`
	NextAttemptAt stamp     `json:"next_attempt_at"`
	DurationMs    *int64    `json:"duration_ms"`
}

func viewDelivery(v voice, d store.Delivery) deliveryView {
	view := deliveryView{
		ID: d.ID, WebhookID: nullable(d.WebhookID), EventID: nullable(d.EventID), Topic: d.Topic, State: d.State,
		Attempts: d.Attempts, ErrorCode: nullable(d.ErrorCode), TriggeredAt: stamp(d.TriggeredAt),
		ReceivedAt: stamp(d.ReceivedAt), ProcessedAt: stamp(d.ProcessedAt), NextAttemptAt: stamp(d.NextAttemptAt),
		APIVersion: nullable(d.APIVersion),
	}
	if !d.ProcessedAt.IsZero() {
		took := d.Duration.Milliseconds()
		view.DurationMs = &took
	}
	if d.ErrorCode != "" {
		sentence := v.failure(d.ErrorCode, d.ErrorDetail)
		view.Error = &sentence
	}
	return view
}

// readDeliveryFilter reads which deliveries are meant, for programs and for pages.
func readDeliveryFilter(q *query) store.DeliveryFilter {
	f := store.DeliveryFilter{
		State: q.choice("state", "", deliveryStates...), Topic: q.word("topic"), Since: q.moment("since", false), Until: q.moment("until", true),
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && f.Until.Before(f.Since) {
		q.complain("until", "before_since", nil)
	}
	return f
}

// listDeliveries is GET /api/integrations/shopify/{id}/deliveries/, newest first.
func (s *Server) listDeliveries(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	p := readPaging(q)
	f := readDeliveryFilter(q)
	f.WebhookID = q.word("webhook_id")
	if err := q.err(); err != nil {
		return err
	}
	ctx, st := c.Request().Context(), s.app.Store()
	count, err := st.CountDeliveries(ctx, in.ID, f)
	if err != nil {
		return err
	}
	if p, err = p.within(count); err != nil {
		return err
	}
	f.Limit, f.Offset = p.size, p.offset()
	deliveries, err := st.Deliveries(ctx, in.ID, f)
	if err != nil {
		return err
	}
	v, page := s.voice(c), pageView[deliveryView]{Count: count, Results: []deliveryView{}}
	for _, d := range deliveries {
		page.Results = append(page.Results, viewDelivery(v, d))
	}
	page.Next, page.Previous = s.viewPage(c, p, count)
	return c.JSON(http.StatusOK, page)
}

// getDelivery is GET /api/integrations/shopify/{id}/deliveries/{uuid}/: with the body, byte for byte when it is JSON.
func (s *Server) getDelivery(c echo.Context) error {
	in, id, err := s.ownedPart(c, "delivery")
	if err != nil {
		return err
	}
	d, err := s.app.Store().Delivery(c.Request().Context(), in.ID, id)
	if err != nil {
		return err
	}
	view, err := json.Marshal(viewDelivery(s.voice(c), d))
	if err != nil {
		return err
	}
	body := bytes.TrimSpace(d.Body)
	switch {
	case len(d.Body) == 0:
		body = []byte("null")
	case !utf8.Valid(body) || !json.Valid(body):
		if body, err = json.Marshal(strings.ToValidUTF8(string(d.Body), "\uFFFD")); err != nil {
			return err
		}
	}
	return c.JSONBlob(http.StatusOK, slices.Concat(view[:len(view)-1], []byte(`,"body":`), body, []byte("}\n")))
}

type replayedView struct {
	Message  string       `json:"message"`
	Delivery deliveryView `json:"delivery"`
}

// replayDelivery is POST /api/integrations/shopify/{id}/deliveries/{uuid}/replay/.
func (s *Server) replayDelivery(c echo.Context) error {
	in, id, err := s.ownedPart(c, "delivery")
	if err != nil {
		return err
	}
	d, err := s.app.Replay(c.Request().Context(), caller(c).ID, in.ID, id)
	if err != nil {
		return err
	}
	v := s.voice(c)
	return c.JSON(http.StatusAccepted, replayedView{Message: v.say("done.replay_queued", nil), Delivery: viewDelivery(v, d)})
}

type replayedAllView struct {
	Message  string `json:"message"`
	Replayed int    `json:"replayed"`
}

// replayDeliveries is POST /api/integrations/shopify/{id}/deliveries/replay/: all failed ones, or those of a filter.
func (s *Server) replayDeliveries(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	f := store.DeliveryFilter{
		State: m.choice("state", store.DeliveryFailed, deliveryStates...), Topic: m.textOr("topic", ""),
		Since: m.moment("since"), Until: m.until("until"),
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && f.Until.Before(f.Since) {
		m.complain("until", "before_since")
	}
	if err := m.err(); err != nil {
		return err
	}
	n, err := s.app.ReplayAll(c.Request().Context(), caller(c).ID, in.ID, f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, replayedAllView{Message: s.voice(c).say("done.replayed", map[string]any{"Count": n}), Replayed: n})
}
