package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProblem_SpeaksTheLanguageOfTheCaller(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for accept, want := range map[string]string{
		"":                               "en",
		"de":                             "en",
		"en;q=0.5, es":                   "es",
		"es":                             "es",
		"es-CO, en;q=0.8":                "es",
		"en-US, es;q=0.9":                "en",
		"fr, es;q=0.3":                   "es",
		"es;q=0, en":                     "en",
		"*":                              "en",
		"=;=;":                           "en",
		strings.Repeat("es-", 500) + "x": "en",
	} {
		got := b.get("/api/integrations/shopify/", header("Accept-Language", accept)).problem(http.StatusUnauthorized, "unauthorized")
		if l := got.header.Get("Content-Language"); l != want {
			t.Errorf("Accept-Language %.20q: got %s, want %s", accept, l, want)
		}
		spanish := strings.Contains(got.at("detail").(string), "Se necesita")
		if spanish != (want == "es") {
			t.Errorf("Accept-Language %.20q: the sentence is %q", accept, got.at("detail"))
		}
	}
}

func TestProblem_HasTheMembersOfTheContract(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.get("/api/nothing/here").problem(http.StatusNotFound, "not_found")
	for member, want := range map[string]any{
		"type": "urn:probability:problem:not_found", "title": "Not found", "status": 404.0, "request_id": nil,
	} {
		if got.at(member) != want {
			t.Errorf("%s: got %v, want %v", member, got.at(member), want)
		}
	}
	if refused := b.get("/api/session").problem(http.StatusUnauthorized, "unauthorized"); refused.at("request_id") != refused.header.Get("X-Request-Id") {
		t.Errorf("request_id %v, want the header's", refused.at("request_id"))
	}
	if got.at("errors") != nil {
		t.Error("errors are given without any")
	}
}

func TestProblem_InternalErrorTellsNothingButTheRequestID(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) {
		o.web.Ready = func(context.Context) error { panic(errors.New("a secret reason")) }
	})
	got := b.get("/readyz", header("X-Request-Id", "mine-1")).problem(http.StatusInternalServerError, "internal")
	if strings.Contains(string(got.body), "a secret reason") {
		t.Errorf("the cause is told: %s", got.body)
	}
	if logged := b.logs.String(); !strings.Contains(logged, "a secret reason") || !strings.Contains(logged, `"request_id":"mine-1"`) {
		t.Errorf("the cause is not in the log under the request id: %s", logged)
	}
	b.get("/healthz").want(http.StatusOK)
}

func TestProblem_InterruptedRequestMayComeAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path+"orders/", nil)
	as(b.alice)(r)
	cancel()
	got := direct(t, b.server, r).problem(http.StatusServiceUnavailable, "interrupted")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestProblem_ClosedDatabaseIsInternalEverywhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	fatal(t, b.store.Close())
	got := b.get(path+"orders/").problem(http.StatusInternalServerError, "internal")
	if strings.Contains(string(got.body), "sql") {
		t.Errorf("the cause is told: %s", got.body)
	}
	hook := b.post("/api/webhooks/shopify/orders/", `{"id":1}`, signed(`{"id":1}`)).
		problem(http.StatusServiceUnavailable, "webhook_not_stored")
	if hook.header.Get("Retry-After") == "" {
		t.Error("a webhook that is not stored needs Retry-After")
	}
}
