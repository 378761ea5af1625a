package web

import (
	"context"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// replayMany is POST /stores/{id}/deliveries/replay: those that are checked; or, once it was confirmed, all that match the filter, which
// are the failed ones where it names no state.
func (s *Server) replayMany(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	q := &query{errs: map[string][]app.FieldError{}, values: form}
	f := store.DeliveryFilter{State: q.choice("state", store.DeliveryFailed, deliveryStates...), Topic: q.word("topic")}
	if err := q.err(); err != nil {
		return err
	}
	ctx, v, back := c.Request().Context(), s.pageVoice(c), page{StoreID: in.ID}.NavPath("deliveries")
	if do := form.Get("do"); do == "chosen" {
		n, err := s.replayChosen(ctx, caller(c).ID, in.ID, form["delivery"])
		switch {
		case err != nil:
			return s.failed(c, back, err)
		case n == 0:
			return s.goOn(c, back, flash{Text: v.say("page.deliveries.nothing", nil), Bad: true})
		}
		return s.done(c, back, v.say("done.replayed", map[string]any{"Count": n}))
	}
	if form.Get("confirm") == "" {
		n, err := s.app.Store().CountDeliveries(ctx, in.ID, f)
		if err != nil {
			return err
		}
		return s.confirm(c, confirmView{
			Action: c.Request().URL.Path, Back: back, Button: v.say("page.deliveries.replay", nil), Nav: "deliveries",
			Text: v.say("page.deliveries.sure_what", map[string]any{"Count": n, "N": v.number(n)}), Title: v.say("page.deliveries.sure", nil), Values: form,
		})
	}
	n, err := s.app.ReplayAll(ctx, caller(c).ID, in.ID, f)
	if err != nil {
		return s.failed(c, back, err)
	}
	return s.done(c, back, v.say("done.replayed", map[string]any{"Count": n}))
}

// replayChosen makes deliveries due again and tells how many they were; what is no delivery of the store is left.
func (s *Server) replayChosen(ctx context.Context, userID uuid.UUID, integrationID int64, ids []string) (n int, err error) {
	for _, text := range ids {
		id, err := uuid.Parse(text)
		if err != nil {
			continue
		}
		_, err = s.app.Replay(ctx, userID, integrationID, id)
		if err != nil && app.KindOf(err) != app.NotFound {
			return n, err
		}
		if err == nil {
			n++
		}
	}
	return n, nil
}
