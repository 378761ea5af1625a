package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"probability/app"
	"probability/store"
)

// scrape gives the metrics as this machine's own monitoring gets them.
func (b *bench) scrape() string {
	b.t.Helper()
	got := b.get("/metrics", anonymous).want(http.StatusOK)
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
		b.t.Errorf("content type %q", kind)
	}
	return string(got.body)
}

// wantLines complains about lines that the text has not.
func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %q in the scrape", line)
		}
	}
}

func TestMetrics_CountWhatHappens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.Generate(40, 30*24*time.Hour)
	path, id := b.connected()
	b.carryOut(b.get(path+"imports/").at("results", 0, "id").(string))
	body := order(1)
	b.post(webhookPath, body, signed(body)).want(http.StatusOK)
	b.post(webhookPath, body, signed(body, "X-Shopify-Webhook-Id", "another")).want(http.StatusOK)
	b.post(webhookPath, body, signed(body+" ")).want(http.StatusUnauthorized)
	b.post(webhookPath, "{", signed("{")).want(http.StatusBadRequest)
	b.clock.pass(30 * time.Second)
	wantLines(t, b.scrape(),
		`probability_deliveries{state="pending"} 2`, `probability_delivery_oldest_due_seconds 30`,
		`probability_webhook_last_accepted_timestamp_seconds `+strconv.FormatFloat(float64(noon.Unix()), 'g', -1, 64),
	)
	b.work(id)
	b.get("/nothing/of/ours").want(http.StatusNotFound)
	b.do("BREW", "/healthz", "").want(http.StatusMethodNotAllowed)
	text := b.scrape()
	wantLines(t, text,
		`probability_webhooks_total{code="accepted"} 2`, `probability_webhooks_total{code="webhook_signature_invalid"} 1`,
		`probability_webhooks_total{code="invalid_json"} 1`, `probability_webhooks_total{code="webhook_not_stored"} 0`,
		`probability_webhook_accept_seconds_count 2`,
		`probability_deliveries{state="pending"} 0`, `probability_delivery_oldest_due_seconds 0`,
		`probability_deliveries_total{state="processed"} 1`, `probability_deliveries_total{state="duplicate"} 1`,
		`probability_imports_total{kind="initial",state="completed"} 1`, `probability_import_orders_total{outcome="created"} 40`,
		`probability_imports{kind="initial",state="running"} 0`,
		`probability_integrations{state="active"} 1`, `probability_problems{code="reauthorize"} 0`,
		`probability_ready 1`, `probability_not_ready{reason="disk"} 0`, `probability_disk_state 0`, `probability_drift_orders{integration_id=""} 0`,
		`probability_build_info{commit="",version="test"} 1`,
		`probability_http_request_seconds_count{method="POST",route="/api/webhooks/shopify/orders",status="2xx"} 2`,
		`probability_http_request_seconds_count{method="GET",route="unmatched",status="4xx"} 1`,
		`probability_http_request_seconds_count{method="other",route="/healthz",status="4xx"} 1`,
	)
	if !regexp.MustCompile(`(?m)^probability_shopify_calls_total\{kind="ok",status="2xx"\} [1-9]`).MatchString(text) {
		t.Error("no calls to Shopify are counted")
	}
	for _, secret := range []string{b.alice, shopDomain, "alice@"} {
		if strings.Contains(text, secret) {
			t.Errorf("the scrape holds %q", secret)
		}
	}
}

func TestMetrics_WhoMayRead(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertUser(ctx, store.User{ID: uuid.Must(uuid.NewV7()), Email: "root@example.com", Admin: true, PasswordHash: "none", CreatedAt: noon})
	}))
	admin, _, err := b.app.CreateToken(t.Context(), "root@example.com", "test", 0)
	fatal(t, err)
	for name, c := range map[string]struct {
		peer, host string
		change     change
		status     int
	}{
		"this machine":              {"127.0.0.1:4711", "127.0.0.1:8080", nil, http.StatusOK},
		"this machine, IPv6":        {"[::1]:4711", "[::1]:8080", nil, http.StatusOK},
		"this machine, mapped":      {"[::ffff:127.0.0.1]:4711", "localhost:8080", nil, http.StatusOK},
		"a page elsewhere":          {"127.0.0.1:4711", "evil.example:8080", nil, http.StatusUnauthorized},
		"a proxy here":              {"127.0.0.1:4711", "127.0.0.1", header("X-Forwarded-For", "203.0.113.9"), http.StatusUnauthorized},
		"a proxy that says little":  {"127.0.0.1:4711", "127.0.0.1", header("X-Forwarded-Proto", ""), http.StatusUnauthorized},
		"a proxy of the standard":   {"127.0.0.1:4711", "127.0.0.1", header("Forwarded", "for=203.0.113.9"), http.StatusUnauthorized},
		"a proxy that names itself": {"127.0.0.1:4711", "127.0.0.1", header("Via", "1.1 x"), http.StatusUnauthorized},
		"elsewhere":                 {"203.0.113.9:4711", "127.0.0.1", nil, http.StatusUnauthorized},
		"a private network":         {"10.0.0.2:4711", "127.0.0.1", nil, http.StatusUnauthorized},
		"who says to be here":       {"203.0.113.9:4711", "127.0.0.1", header("X-Forwarded-For", "127.0.0.1"), http.StatusUnauthorized},
		"elsewhere, an account":     {"203.0.113.9:4711", "x", as(b.alice), http.StatusForbidden},
		"elsewhere, an admin":       {"203.0.113.9:4711", "x", as(admin), http.StatusOK},
		"no address":                {"@", "127.0.0.1", nil, http.StatusUnauthorized},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.RemoteAddr, r.Host = c.peer, c.host
		if c.change != nil {
			c.change(r)
		}
		got := direct(t, b.server, r)
		if got.status != c.status {
			t.Errorf("%s: got %d, want %d", name, got.status, c.status)
		}
		if c.status != http.StatusOK && strings.Contains(string(got.body), "probability_") {
			t.Errorf("%s: it got metrics", name)
		}
	}
	b.get("/metrics", header("Via", "1.1 x")).problem(http.StatusForbidden, "admin_only")
	b.get("/metrics", anonymous, header("Via", "1.1 x")).problem(http.StatusUnauthorized, "unauthorized")
	b.get("/metrics", as(admin), header("Via", "1.1 x")).want(http.StatusOK)
}

func TestMetrics_GoOnWithoutADatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	fatal(t, b.store.Close())
	wantLines(t, b.scrape(), `probability_scrape_failures_total 1`, `probability_webhooks_total{code="accepted"} 0`, `probability_disk_state 0`)
}

func TestReadiness_IsToldOnceWhenItChanges(t *testing.T) {
	t.Parallel()
	reason := ""
	b := newBench(t, func(o *options) {
		o.web.Ready = func(context.Context) error {
			if reason == "" {
				return nil
			}
			return &app.Unready{Reason: reason, Err: errors.New("secret detail")}
		}
	})
	ask := func(want int) {
		t.Helper()
		b.server.ForgetReadiness()
		if got := b.get("/readyz", anonymous).want(want); strings.Contains(string(got.body), "secret detail") {
			t.Error("a stranger is told why")
		}
	}
	ask(http.StatusOK)
	reason = app.UnreadyDisk
	ask(http.StatusServiceUnavailable)
	ask(http.StatusServiceUnavailable)
	wantLines(t, b.scrape(), `probability_ready 0`, `probability_not_ready{reason="disk"} 1`, `probability_not_ready{reason="database"} 0`)
	reason = app.UnreadyJobs
	ask(http.StatusServiceUnavailable)
	reason = ""
	ask(http.StatusOK)
	logged := b.logs.String()
	for text, want := range map[string]int{`"reasons":["disk"]`: 1, `"reasons":["jobs"]`: 1, "the service is ready again": 1, `"level":"ERROR"`: 2} {
		if got := strings.Count(logged, text); got != want {
			t.Errorf("%s is in the log %d times, want %d", text, got, want)
		}
	}
}

// Every metric that the documents name is there, and every one of ours is explained.
func TestMetrics_DocumentsNameThemRightly(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) {
		o.app.Disk = func() (store.Space, error) { return store.Space{Used: 1, Free: 1 << 40}, nil }
	})
	b.app.CheckDisk(t.Context())
	b.get("/healthz").want(http.StatusOK)
	text := b.scrape()
	var there []string
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(text, -1) {
		there = append(there, found[1])
		if found[2] == "histogram" {
			there = append(there, found[1]+"_bucket", found[1]+"_sum", found[1]+"_count")
		}
	}
	name := regexp.MustCompile(`\b(probability|go|process)_[a-z_]+[a-z]\b`)
	for _, file := range []string{"monitoring.md", "grafana-dashboard.json", "alerts.yaml"} {
		doc, err := os.ReadFile("../docs/" + file)
		fatal(t, err)
		named := name.FindAllString(string(doc), -1)
		if len(named) < 10 {
			t.Errorf("%s names %d metrics; the test looks for the wrong thing", file, len(named))
		}
		for _, n := range named {
			if !slices.Contains(there, n) {
				t.Errorf("%s names %s, which is not in a scrape", file, n)
			}
		}
		if file != "monitoring.md" {
			continue
		}
		for _, n := range there {
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(n, "")
			if strings.HasPrefix(n, "probability_") && !slices.Contains(named, base) && !slices.Contains(named, n) {
				t.Errorf("monitoring.md does not explain %s", n)
			}
		}
	}
}

func TestMonitoring_DocumentsCanBeRead(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	text, err := os.ReadFile("../docs/alerts.yaml")
	fatal(t, err)
	fatal(t, yaml.Unmarshal(text, &rules))
	if len(rules.Groups) != 1 || len(rules.Groups[0].Rules) < 10 {
		t.Fatal("the alerts are not there")
	}
	for _, r := range rules.Groups[0].Rules {
		if r.Alert == "" || r.Expr == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
			t.Errorf("rule %+v is not complete", r)
		}
	}
	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			Type    string
			Targets []struct {
				Expr       string
				Datasource struct{ UID string }
			}
		}
		Templating struct{ List []struct{ Name, Type string } }
	}
	text, err = os.ReadFile("../docs/grafana-dashboard.json")
	fatal(t, err)
	fatal(t, json.Unmarshal(text, &dashboard))
	if l := dashboard.Templating.List; len(l) == 0 || l[0].Name != "datasource" || l[0].Type != "datasource" {
		t.Errorf("the dashboard cannot be pointed at a data source: %v", l)
	}
	seen := map[int]bool{}
	for _, p := range dashboard.Panels {
		if seen[p.ID] || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q is not complete", p.ID, p.Title)
		}
		seen[p.ID] = true
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" || strings.Count(target.Expr, "(") != strings.Count(target.Expr, ")") {
				t.Errorf("panel %q asks %q of %q", p.Title, target.Expr, target.Datasource.UID)
			}
		}
	}
}
