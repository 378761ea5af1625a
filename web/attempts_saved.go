package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"probability/app"
	"probability/store"
)

// maxSavedText is how much is kept of a text that a store answered, in characters.
const maxSavedText = 500

// savedAttempt is an attempt as the database has it: enough for any process to show its page, and nothing secret.
type savedAttempt struct {
	Form        attemptForm   `json:"form"`
	Integration int64         `json:"integration,omitempty"`
	Problem     *savedProblem `json:"problem,omitempty"`
	Request     string        `json:"request"`
	Since       int64         `json:"since,omitempty"` // Unix milliseconds
	Steps       []savedStep   `json:"steps,omitempty"`
}

type savedStep struct {
	Notes   []savedNote     `json:"notes,omitempty"`
	Problem *savedProblem   `json:"problem,omitempty"`
	State   app.StepState   `json:"state"`
	Step    app.ConnectStep `json:"step"`
}

type savedNote struct {
	Code   string        `json:"code"`
	Params savedParams   `json:"params,omitempty"`
	State  app.StepState `json:"state"`
}

// savedProblem is what is told of an error. Its cause is in the log.
type savedProblem struct {
	Code   string                  `json:"code"`
	Fields map[string][]savedField `json:"fields,omitempty"`
	Params savedParams             `json:"params,omitempty"`
	Reason string                  `json:"reason,omitempty"`
	Status int                     `json:"status"`
}

type savedField struct {
	Code   string      `json:"code"`
	Params savedParams `json:"params,omitempty"`
}

// savedParams are what sentences need: texts and numbers.
type savedParams map[string]any

// UnmarshalJSON reads whole numbers as such.
func (p *savedParams) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	read := map[string]any{}
	if err := d.Decode(&read); err != nil {
		return err
	}
	for name, value := range read {
		if n, ok := value.(json.Number); ok {
			if whole, err := n.Int64(); err == nil {
				read[name] = int(whole)
			} else if read[name], err = n.Float64(); err != nil {
				return err
			}
		}
	}
	*p = read
	return nil
}

// saveParams shortens texts: some are what a store answered.
func saveParams(params map[string]any) savedParams {
	out := make(savedParams, len(params))
	for name, value := range params {
		if text, ok := value.(string); ok && utf8.RuneCountInString(text) > maxSavedText {
			value = string([]rune(text)[:maxSavedText]) + "…"
		}
		out[name] = value
	}
	return out
}

func saveProblem(err error) *savedProblem {
	if err == nil {
		return nil
	}
	p := problemOf(err)
	out := &savedProblem{Code: p.code, Params: saveParams(p.params), Reason: p.reason, Status: p.status}
	for name, complaints := range p.fields {
		if out.Fields == nil {
			out.Fields = map[string][]savedField{}
		}
		for _, f := range complaints {
			out.Fields[name] = append(out.Fields[name], savedField{Code: f.Code, Params: saveParams(f.Params)})
		}
	}
	return out
}

// problem is the error again; nil: there was none.
func (p *savedProblem) problem() error {
	if p == nil {
		return nil
	}
	out := &problem{code: p.Code, params: p.Params, reason: p.Reason, status: p.Status}
	for name, complaints := range p.Fields {
		if out.fields == nil {
			out.fields = map[string][]app.FieldError{}
		}
		for _, f := range complaints {
			out.fields[name] = append(out.fields[name], app.FieldError{Code: f.Code, Params: f.Params})
		}
	}
	return out
}

// saved is how an attempt stands, as the database has it.
func (a *attempt) saved(state attemptState, since time.Time) ([]byte, error) {
	out := savedAttempt{Form: a.form, Integration: state.integration, Problem: saveProblem(state.err), Request: a.request}
	if !since.IsZero() {
		out.Since = since.UnixMilli()
	}
	for _, r := range state.steps {
		step := savedStep{Problem: saveProblem(r.Err), State: r.State, Step: r.Step}
		for _, n := range r.Notes {
			step.Notes = append(step.Notes, savedNote{Code: n.Code, Params: saveParams(n.Params), State: n.State})
		}
		out.Steps = append(out.Steps, step)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("attempt: %w", err)
	}
	return text, nil
}

// storedAttempt is the account's attempt with that id as the database has it; attempt_over when there is none.
func (s *Server) storedAttempt(ctx context.Context, user, id uuid.UUID) (*attempt, error) {
	row, lost, err := s.app.Attempt(ctx, user, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &problem{status: http.StatusNotFound, code: "attempt_over", cause: err}
	}
	if err != nil {
		return nil, err
	}
	var is savedAttempt
	if err := json.Unmarshal(row.State, &is); err != nil {
		return nil, fmt.Errorf("attempt %s: %w", id, err)
	}
	a := &attempt{
		form: is.Form, id: row.ID, integration: row.IntegrationID, request: is.Request, user: row.UserID,
		state: attemptState{err: is.Problem.problem(), integration: is.Integration, over: row.Done, version: row.Version},
	}
	if is.Since != 0 {
		a.since = time.UnixMilli(is.Since)
	}
	for _, s := range is.Steps {
		r := app.StepReport{Err: s.Problem.problem(), State: s.State, Step: s.Step}
		for _, n := range s.Notes {
			r.Notes = append(r.Notes, app.StepNote{Code: n.Code, Params: n.Params, State: n.State})
		}
		a.state.steps = append(a.state.steps, r)
	}
	if lost {
		a.lose()
	}
	return a, nil
}

// lose ends an attempt that nobody carries out any more, at the step that was in hand or would have been the next.
func (a *attempt) lose() {
	code := "attempt_lost"
	if a.integration != 0 {
		code = "credentials_lost"
	}
	gone := &problem{status: http.StatusServiceUnavailable, code: code}
	s, way := &a.state, app.ConnectSteps()
	s.over, s.lost, s.err = true, true, gone
	at := 0
	if n := len(s.steps); n > 0 {
		last := s.steps[n-1]
		if at = slices.Index(way, last.Step); last.State != app.StepRunning {
			at = min(at+1, len(way)-1)
		}
	}
	s.steps = slices.DeleteFunc(s.steps, func(r app.StepReport) bool { return r.Step == way[at] })
	s.steps = append(s.steps, app.StepReport{Err: gone, State: app.StepFailed, Step: way[at]})
}
