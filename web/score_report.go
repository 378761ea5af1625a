package web

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/app/score"
	"probability/store"
)

// What a report names: no place, product or carrier with fewer outcomes, and no more of each.
const (
	reportLeast = 5
	reportMost  = 10
)

// coverageView is of how many orders it is known what became of them.
type coverageView struct {
	Orders   int                     `json:"orders"`
	Known    int                     `json:"known"`
	Pending  int                     `json:"pending"`
	Share    float64                 `json:"share"` // known ÷ orders
	Outcomes outcomeCounts           `json:"outcomes"`
	Sources  map[string]sourceCounts `json:"sources"`
	// Of the orders old enough to have an outcome, those that were never shipped; null before the first training.
	NotShippedShare *float64 `json:"not_shipped_share"`
	NotShipped      *int     `json:"not_shipped"`
}

type outcomeCounts struct {
	Delivered int `json:"delivered"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
}

type sourceCounts = outcomeCounts

func viewCounts(n map[store.ParcelOutcome]int) outcomeCounts {
	return outcomeCounts{Delivered: n[store.ParcelDelivered], Failed: n[store.ParcelFailed], Cancelled: n[store.ParcelCancelled]}
}

func viewCoverage(c app.Coverage, last *score.Report) coverageView {
	view := coverageView{
		Orders: c.Orders, Known: c.Orders - c.Pending, Pending: c.Pending, Share: c.Known(), Outcomes: viewCounts(c.Outcomes), Sources: map[string]sourceCounts{},
	}
	for source, n := range c.Sources {
		view.Sources[source] = viewCounts(n)
	}
	if last != nil {
		view.NotShippedShare, view.NotShipped = &last.NotShippedShare, &last.Excluded.NotShipped
	}
	return view
}

// outcomeCoverage is GET /api/integrations/shopify/{id}/outcomes/.
func (s *Server) outcomeCoverage(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	r, err := s.app.ScoreReport(c.Request().Context(), in.ID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewCoverage(r.Coverage, r.Last))
}

// scoreReportView is what the score knows of a store's deliveries, and what it does not.
type scoreReportView struct {
	Basis         string          `json:"basis"`
	Message       string          `json:"message"`
	ModelID       *uuid.UUID      `json:"model_id"` // null: the one that the program ships with
	ModelVersion  *int            `json:"model_version"`
	Until         stamp           `json:"until"`
	N             int             `json:"n"`
	Failed        int             `json:"failed"`
	Coverage      coverageView    `json:"coverage"`
	Places        []score.Learnt  `json:"places"`
	Products      []score.Learnt  `json:"products"`
	Carriers      []carrierCounts `json:"carriers"`
	Warnings      []warningView   `json:"warnings"`
	TrainedAt     stamp           `json:"trained_at"`
	NextTraining  stamp           `json:"next_training_at"`
	TrainingAsked bool            `json:"training_asked"`
	Rescoring     rescoringView   `json:"rescoring"`
}

type carrierCounts struct {
	Name      string `json:"name"`
	Delivered int    `json:"delivered"`
	Failed    int    `json:"failed"`
}

// scoreReport is GET /api/integrations/shopify/{id}/scoring/report/.
func (s *Server) scoreReport(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	r, err := s.app.ScoreReport(ctx, in.ID)
	if err != nil {
		return err
	}
	total, err := s.app.Store().CountOrders(ctx, store.OrderFilter{IntegrationID: in.ID})
	if err != nil {
		return err
	}
	v := s.voice(c)
	view := scoreReportView{
		Basis: string(r.Model.Basis), Message: v.say("score.basis."+string(r.Model.Basis), nil), Until: stamp(r.Model.Until), N: r.Model.N, Failed: r.Model.Failed,
		Coverage: viewCoverage(r.Coverage, r.Last), Carriers: []carrierCounts{}, Warnings: []warningView{},
		TrainedAt: stamp(r.State.TrainedAt), NextTraining: stamp(r.State.NextTraining), TrainingAsked: r.State.TrainingAsked,
		Rescoring: rescoringView{Running: r.State.Rescoring, Since: stamp(r.State.RescoringSince), Done: r.State.Rescored, Total: total},
	}
	if r.Row != nil {
		view.ModelID, view.ModelVersion = &r.Row.ID, &r.Row.Version
	}
	if r.Last != nil {
		view.Warnings = v.warnings(r.Last.Warnings)
	}
	places, products := r.Model.Largest(reportLeast, reportMost)
	view.Places, view.Products = list(places), list(products)
	for _, rate := range r.Model.CarriersAnywhere() {
		if rate.Delivered+rate.Failed >= reportLeast && len(view.Carriers) < reportMost {
			view.Carriers = append(view.Carriers, carrierCounts{rate.Name, rate.Delivered, rate.Failed})
		}
	}
	return c.JSON(http.StatusOK, view)
}
