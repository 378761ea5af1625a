package web

import (
	"encoding/json"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app/score"
	"probability/store"
)

// modelView is what was learnt from a store's outcomes at some time, in short.
type modelView struct {
	ID          uuid.UUID    `json:"id"`
	Version     int          `json:"version"`
	State       string       `json:"state"`
	Basis       string       `json:"basis"`
	N           int          `json:"n"`
	Failed      int          `json:"failed"`
	CreatedAt   stamp        `json:"created_at"`
	ActivatedAt stamp        `json:"activated_at"`
	Decision    string       `json:"decision"`
	Reason      string       `json:"reason"`
	Message     string       `json:"message"`
	Summary     modelSummary `json:"summary"`
}

// modelSummary is how well it predicted what it had not seen; null where too little came to tell.
type modelSummary struct {
	Tested           int      `json:"tested"`
	Skill            *float64 `json:"skill"`
	AUC              *float64 `json:"auc"`
	CalibrationError *float64 `json:"calibration_error"`
	Gain             *float64 `json:"gain"`
}

// viewModel reads the report as far as this version of the program understands it.
func viewModel(v voice, m store.ScoreModel) modelView {
	view, _ := readModel(v, m)
	return view
}

func readModel(v voice, m store.ScoreModel) (modelView, score.Report) {
	view := modelView{
		ID: m.ID, Version: m.Version, State: m.State, Basis: m.Basis, N: m.N, Failed: m.Failed, CreatedAt: stamp(m.CreatedAt), ActivatedAt: stamp(m.ActivatedAt),
	}
	var r score.Report
	if err := json.Unmarshal(m.Report, &r); err != nil {
		r = score.Report{} // of another version of the program: what its row says is still true
	}
	view.Decision, view.Reason = string(r.Decision), string(r.Reason)
	view.Message = v.say("score.reason."+view.Reason, nil)
	if t := r.Tested; t.N > 0 {
		view.Summary = modelSummary{Tested: t.N, Skill: &t.Skill, CalibrationError: &t.CalibrationErr}
		if t.AUC != nil {
			view.Summary.AUC = &t.AUC.Value
		}
		if t.CurrentLoss != nil {
			view.Summary.Gain = &t.Gain
		}
	}
	return view, r
}

// modelReportView is a model with everything that is known of how it was learnt.
type modelReportView struct {
	modelView
	Warnings []warningView `json:"warnings"`
	Report   score.Report  `json:"report"`
}

type warningView struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (v voice) warnings(codes []string) []warningView {
	out := make([]warningView, len(codes))
	for i, code := range codes {
		out[i] = warningView{code, v.say("score.warning."+code, nil)}
	}
	return out
}

// listModels is GET /api/integrations/shopify/{id}/scoring/models/, newest first.
func (s *Server) listModels(c echo.Context) error {
	st := s.app.Store()
	return listOwned(s, c, st.CountScoreModels, st.ScoreModels, viewModel)
}

// getModel is GET /api/integrations/shopify/{id}/scoring/models/{uuid}/.
func (s *Server) getModel(c echo.Context) error {
	in, id, err := s.ownedPart(c, "model")
	if err != nil {
		return err
	}
	m, err := s.app.Store().ScoreModelInfo(c.Request().Context(), in.ID, id)
	if err != nil {
		return err
	}
	v := s.voice(c)
	view, report := readModel(v, m)
	report.Complete()
	return c.JSON(http.StatusOK, modelReportView{modelView: view, Warnings: v.warnings(report.Warnings), Report: report})
}

// activateModel is POST /api/integrations/shopify/{id}/scoring/models/{uuid}/activate/. The id of zeros is the model that the
// program ships with.
func (s *Server) activateModel(c echo.Context) error {
	in, id, err := s.ownedPart(c, "model")
	if err != nil {
		return err
	}
	if err := s.app.ActivateModel(c.Request().Context(), caller(c).ID, in.ID, id); err != nil {
		return err
	}
	return s.answerScoring(c, http.StatusAccepted, in.ID)
}

type trainingView struct {
	Message string `json:"message"`
}

// trainModel is POST /api/integrations/shopify/{id}/scoring/train/.
func (s *Server) trainModel(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	if err := s.app.AskTraining(c.Request().Context(), caller(c).ID, in.ID); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, trainingView{s.voice(c).say("done.training_queued", nil)})
}
