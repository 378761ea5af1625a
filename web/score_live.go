package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"probability/store"
)

// ratingView is what is under way for a store's score: that it is learnt anew, or how far the rating of all orders is.
type ratingView struct {
	page
	Asked    bool // a model is learnt soon
	Running  bool // orders are being rated anew
	Text     string
	Done     int
	Total    int
	Announce string // what a screen reader is told, which changes ten times at most
}

// Busy tells whether there is anything to look at again soon.
func (v ratingView) Busy() bool { return v.Asked || v.Running }

// liveScore is GET /stores/{id}/score/live: the part of the score's pages that changes by itself, for their script.
func (s *Server) liveScore(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	ctx, p := c.Request().Context(), s.frame(c)
	p.StoreID = in.ID
	state, err := s.app.Store().ScoreState(ctx, in.ID)
	if err != nil {
		return err
	}
	view, err := s.rating(ctx, p, state)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "rating-live", view)
}

// rating puts what is under way into words.
func (s *Server) rating(ctx context.Context, p page, st store.ScoreState) (ratingView, error) {
	view := ratingView{page: p, Asked: st.TrainingAsked, Running: st.Rescoring, Done: st.Rescored}
	if view.Asked {
		view.Announce = p.Say("score.training_what")
	}
	if !st.Rescoring {
		return view, nil
	}
	total, err := s.app.Store().CountOrders(ctx, store.OrderFilter{IntegrationID: p.StoreID})
	view.Total = max(total, st.Rescored)
	view.Text = p.Tell("score.rating", "Done", p.voice.number(st.Rescored), "Total", p.voice.number(view.Total))
	percent := 0
	if view.Total > 0 {
		percent = st.Rescored * 100 / view.Total
	}
	view.Announce = p.Tell("score.rating_said", "Percent", percent/10*10)
	return view, err
}
