package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/store"
)

// deliveryStates are the values of the filter "state".
var deliveryStates = []string{"pending", "processed", "duplicate", "stale", "failed"}

// deliveryView is a webhook that was received, without its body.
type deliveryView struct {
	ID          uuid.UUID `json:"id"`
	WebhookID   *string   `json:"webhook_id"`
	EventID     *string   `json:"event_id"`
	Topic       string    `json:"topic"`
	State       string    `json:"state"`
	Attempts    int       `json:"attempts"`
	Error       *string   `json:"error"`
	ErrorCode   *string   `json:"error_code"`
	TriggeredAt stamp     `json:"triggered_at"`
	ReceivedAt  stamp     `json:"received_at"`
	ProcessedAt stamp     `json:"processed_at"`
}

func viewDelivery(v voice, d store.Delivery) deliveryView {
	view := deliveryView{
		ID: d.ID, WebhookID: nullable(d.WebhookID), EventID: nullable(d.EventID), Topic: d.Topic, State: d.State,
		Attempts: d.Attempts, ErrorCode: nullable(d.ErrorCode), TriggeredAt: stamp(d.TriggeredAt),
		ReceivedAt: stamp(d.ReceivedAt), ProcessedAt: stamp(d.ProcessedAt),
	}
	if d.ErrorCode != "" {
		sentence := v.failure(d.ErrorCode, d.ErrorDetail)
		view.Error = &sentence
	}
	return view
}

// listDeliveries is GET /api/integrations/shopify/{id}/deliveries/, newest first.
func (s *Server) listDeliveries(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	p := readPaging(q)
	f := store.DeliveryFilter{State: q.choice("state", "", deliveryStates...), Topic: q.text("topic")}
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

type replayedView struct {
	Message  string       `json:"message"`
	Delivery deliveryView `json:"delivery"`
}

// replayDelivery is POST /api/integrations/shopify/{id}/deliveries/{uuid}/replay/.
func (s *Server) replayDelivery(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	id, err := pathUUID(c, "delivery")
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
