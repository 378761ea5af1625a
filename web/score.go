package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
)

// orderScoreView is the score of one order with everything that it was made of.
type orderScoreView struct {
	Order int64 `json:"order"`
	scoreView
	ModelID         *uuid.UUID `json:"model_id"`
	ModelVersion    *int       `json:"model_version"`
	SettingsVersion int64      `json:"settings_version"`
	End             endView    `json:"end"`
	Mark            *markView  `json:"mark"`
	Stored          storedView `json:"stored"`
}

// storedView is the score as lists show it. It may lag behind for as long as orders are being rated anew.
type storedView struct {
	Score     *int    `json:"score"`
	Band      *string `json:"band"`
	UpToDate  bool    `json:"up_to_date"`
	Rescoring bool    `json:"rescoring"`
}

func (v voice) orderScore(order int64, e app.ScoreExplanation) orderScoreView {
	view := orderScoreView{
		Order: order, scoreView: v.score(e.Explanation), SettingsVersion: e.State.Settings, End: viewEnd(e.Facts, e.Report), Mark: viewMark(e.Mark),
		Stored: storedView{Score: e.Facts.Score, Band: nullable(e.Facts.Probability), UpToDate: e.UpToDate, Rescoring: e.State.Rescoring},
	}
	if e.ModelRow != nil {
		view.ModelID, view.ModelVersion = &e.ModelRow.ID, &e.ModelRow.Version
	}
	return view
}

// getScore is GET /api/integrations/shopify/{id}/orders/{order}/score/.
func (s *Server) getScore(c echo.Context) error {
	in, order, err := s.ownedOrder(c)
	if err != nil {
		return err
	}
	e, err := s.app.ExplainScore(c.Request().Context(), in, order)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.voice(c).orderScore(order, e))
}
