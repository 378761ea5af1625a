package web

import (
	"context"
	"net/url"
	"slices"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// replayMany is POST /stores/{id}/deliveries/replay: those that are checked; or, once it was confirmed, all that match the filter. Where
// it names no state these are the failed ones, or with do=all those in any state but waiting.
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
	f, do := readDeliveryFilter(q), q.choice("do", "failed", "failed", "chosen", "all")
	if err := q.err(); err != nil {
		return err
	}
	ctx, v, back := c.Request().Context(), s.pageVoice(c), listBack(page{StoreID: in.ID}.NavPath("deliveries"), form)
	if do == "chosen" {
		n, err := s.replayChosen(ctx, caller(c).ID, in.ID, form["delivery"])
		switch {
		case err != nil:
			return s.failed(c, back, err)
		case n == 0:
			return s.goOn(c, back, flash{Text: v.say("page.deliveries.nothing", nil), Bad: true})
		}
		return s.done(c, back, v.say("done.replayed", map[string]any{"Count": n}))
	}
	filters := replayed(f, do)
	if form.Get("confirm") == "" {
		n := 0
		for _, f := range filters {
			count, err := s.app.Store().CountDeliveries(ctx, in.ID, f)
			if err != nil {
				return err
			}
			n += count
		}
		return s.confirm(c, confirmView{
			Action: c.Request().URL.Path, Back: back, Button: v.say("page.deliveries.replay", nil), Nav: "deliveries",
			Text: v.say("page.deliveries.sure_what", map[string]any{"Count": n, "N": v.number(n)}), Title: v.say("page.deliveries.sure", nil), Values: form,
		})
	}
	n := 0
	for _, f := range filters {
		again, err := s.app.ReplayAll(ctx, caller(c).ID, in.ID, f)
		n += again
		if err != nil {
			return s.failed(c, back, err)
		}
	}
	return s.done(c, back, v.say("done.replayed", map[string]any{"Count": n}))
}

// replayed are the filters of what is to be processed again, each of one state.
func replayed(f store.DeliveryFilter, do string) []store.DeliveryFilter {
	states := []string{f.State}
	switch {
	case f.State != "":
	case do == "all":
		states = slices.DeleteFunc(slices.Clone(deliveryStates), func(state string) bool { return state == store.DeliveryPending })
	default:
		states[0] = store.DeliveryFailed
	}
	out := make([]store.DeliveryFilter, len(states))
	for i, state := range states {
		out[i] = f
		out[i].State = state
	}
	return out
}

// listBack is the address of the list of deliveries with the filter that a form of it carries.
func listBack(path string, form url.Values) string {
	values := url.Values{}
	for _, name := range deliveryFilters {
		if text := form.Get(name); text != "" && len(text) <= maxWord {
			values.Set(name, text)
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
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
