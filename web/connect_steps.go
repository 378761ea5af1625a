package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"probability/app"
)

const (
	// attemptRefresh is how often a browser without scripts loads the page of an attempt again, in seconds.
	attemptRefresh = 1
	// slowStep is how long a step may take before the page says that it waits for Shopify.
	slowStep = 3 * time.Second
)

// attemptView is how an attempt stands.
type attemptView struct {
	page
	Again     string // where the next change is asked for; "" once it is over
	Announce  string // for screen readers
	Connected string // the page of the store, where that is the trouble
	Failed    bool
	Hint      string // below the steps
	Leads     string // where to go once it is over
	Steps     []connectStep
}

// connectStep is one thing that is proven on the way, and what it came to.
type connectStep struct {
	Name   string
	Notes  []connectNote
	Reason string // why it failed, and what to do
	State  badge
}

// connectNote is what a step found.
type connectNote struct {
	Scope string // that it is about; "": about none
	State badge  // with a scope
	Text  string
	Warns bool
}

// stepWords names the steps as a merchant sees them.
var stepWords = map[app.ConnectStep]string{
	app.StepName: "page.connect.step_name", app.StepStore: "page.connect.step_store", app.StepCredentials: "page.connect.step_credentials",
	app.StepScopes: "page.connect.step_scopes", app.StepCustomers: "page.connect.step_customers", app.StepSave: "page.connect.step_save",
	app.StepWebhooks: "page.connect.step_webhooks",
}

// credentialsWords are those of new credentials for a store that is there, where they differ.
var credentialsWords = map[app.ConnectStep]string{app.StepName: "page.settings.step_name", app.StepSave: "page.settings.step_save"}

var stepStates = map[app.StepState]stateWord{
	app.StepWaiting: {"page.connect.not_reached", toneIdle}, app.StepRunning: {"page.connect.checking", toneBusy},
	app.StepPassed: {"page.connect.passed", toneGood}, app.StepWarned: {"page.connect.warned", toneWarn}, app.StepFailed: {"page.connect.failed", toneBad},
}

// stepNotNeeded is a step that was left out.
var stepNotNeeded = stateWord{"page.connect.not_needed", toneIdle}

// noteWords are what is said of a note, and of what is not all well what to do.
var noteWords = map[string]string{
	app.NoteStore: "page.connect.store_is", app.NoteScopeAll: "page.connect.scope_all_missing",
	app.NoteScopesUnknown: "page.connect.scopes_unknown", app.NoteCustomersNone: "page.connect.customers_none",
	app.NoteCustomersHidden: "page.connect.customers_empty", app.NoteCustomersRefused: "page.connect.customers_refused",
	app.NoteCustomersUnknown: "page.connect.customers_unknown", app.NoteNoAddress: "page.connect.no_address",
	app.NoteNoSecret: "page.connect.no_secret", app.NoteNotSubscribed: "page.fix.webhooks_missing",
}

// noteScopes are the scopes that notes are about, what is said of one that is granted, and what is lost without it.
var noteScopes = map[string]struct{ name, granted, lost string }{
	app.NoteScopeOrders: {"read_orders", "page.connect.scope_orders_granted", "page.connect.scope_orders"},
	app.NoteScopeAll:    {"read_all_orders", "page.connect.scope_all_granted", "page.connect.scope_all"},
}

// path is the page of the attempt.
func (a *attempt) path() string {
	if a.integration != 0 {
		return page{StoreID: a.integration}.StorePath() + "/credentials/" + a.id.String()
	}
	return "/stores/connect/" + a.id.String()
}

// viewAttempt puts an attempt into words: all steps of the way, those that were not tried too.
func (s *Server) viewAttempt(p page, a *attempt, state attemptState, since time.Time) *attemptView {
	view := &attemptView{page: p, Failed: state.over && state.err != nil}
	if state.over {
		view.Leads = a.path()
	} else {
		view.Again = fmt.Sprintf("%s/live?seen=%d", a.path(), state.version)
	}
	view.Steps = s.viewSteps(p.voice, a, state.steps)
	saved := false
	for i, step := range app.ConnectSteps() {
		switch r := reportOf(state.steps, step); {
		case r.State == app.StepRunning, r.State == app.StepFailed:
			line := view.Steps[i]
			view.Announce = strings.TrimSpace(fmt.Sprintf("%s: %s. %s", line.State.Text, line.Name, line.Reason))
		case r.Step == app.StepSave && r.State != app.StepWaiting:
			saved = true
		}
	}
	connects := a.integration == 0
	hint := func(connecting, replacing string) string {
		if connects {
			return p.voice.say(connecting, nil)
		}
		return p.voice.say(replacing, nil)
	}
	switch {
	case state.over && state.err == nil:
		view.Announce = hint("done.connected", "page.done.credentials")
		view.Hint = hint("page.connect.leads_on", "page.settings.leads_on")
	case state.lost: // its reason says all that is known
	case state.over && saved:
		view.Hint = hint("page.connect.kept_all", "page.settings.kept_all")
	case state.over:
		view.Hint = hint("page.connect.nothing_kept", "page.settings.nothing_changed")
	case !since.IsZero() && time.Since(since) >= slowStep:
		view.Hint = hint("page.connect.slow", "page.settings.slow")
	default:
		view.Hint = p.voice.say("page.connect.may_leave", nil)
	}
	return view
}

// reportOf is how a step stands; one that was not begun waits.
func reportOf(reports []app.StepReport, step app.ConnectStep) app.StepReport {
	if i := slices.IndexFunc(reports, func(r app.StepReport) bool { return r.Step == step }); i >= 0 {
		return reports[i]
	}
	return app.StepReport{Step: step}
}

// viewSteps puts all steps of a way into words, those that were not tried too. What new credentials give no reason to look at says so.
func (s *Server) viewSteps(v voice, a *attempt, reports []app.StepReport) []connectStep {
	way := app.ConnectSteps()
	lines, reached := make([]connectStep, len(way)), false
	for i := range slices.Backward(way) {
		r := reportOf(reports, way[i])
		words, state := stepWords[way[i]], stepStates[r.State]
		if a.integration != 0 && credentialsWords[way[i]] != "" {
			words = credentialsWords[way[i]]
		}
		if r.State != app.StepWaiting {
			reached = true
		} else if reached {
			state = stepNotNeeded
		}
		lines[i] = connectStep{Name: v.say(words, nil), State: badge{Text: v.say(state.id, nil), Tone: state.tone}}
		for _, n := range r.Notes {
			lines[i].Notes = append(lines[i].Notes, viewNote(v, n))
		}
		if r.Err != nil {
			lines[i].Reason = s.reasonOf(v, problemOf(r.Err), a.request)
		}
	}
	return lines
}

// doneWith is what a page says of something that was done, and of what is not as good as it could be.
func doneWith(v voice, said string, reports []app.StepReport) flash {
	f := flash{Text: said}
	for _, r := range reports {
		for _, n := range r.Notes {
			if n.State != app.StepPassed {
				f.Text, f.Warn = f.Text+" "+v.say(noteWords[n.Code], n.Params), true
			}
		}
	}
	return f
}

func viewNote(v voice, n app.StepNote) connectNote {
	note := connectNote{Text: v.say(noteWords[n.Code], n.Params), Warns: n.State == app.StepWarned}
	scope, ok := noteScopes[n.Code]
	if !ok {
		return note
	}
	note.Scope, note.Text = scope.name, v.say(scope.lost, nil)
	switch n.State {
	case app.StepPassed:
		note.Text, note.State = v.say(scope.granted, nil), badge{Text: v.say("page.connect.granted", nil), Tone: toneGood}
	case app.StepFailed:
		note.State = badge{Text: v.say("page.connect.missing", nil), Tone: toneBad}
	case app.StepWarned, app.StepWaiting, app.StepRunning:
		note.State = badge{Text: v.say("page.connect.missing", nil), Tone: toneWarn}
	}
	return note
}

// reasonOf says why a step failed and what to do. What is wrong with fields is said in their own words.
func (s *Server) reasonOf(v voice, p *problem, request string) string {
	if len(p.fields) > 0 {
		complaints := v.complaints(p.fields)
		var all []string
		for _, field := range slices.Sorted(maps.Keys(complaints)) {
			all = append(all, complaints[field]...)
		}
		return strings.Join(slices.Compact(all), " ")
	}
	text := s.explain(v, p)
	if p.status >= http.StatusInternalServerError {
		text += " " + v.say("page.error.request", nil) + " " + request
	}
	return text
}
