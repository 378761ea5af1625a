package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"probability/app"
	"probability/jobs"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
	"probability/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token  = "shpat_0123456789abcdef0123456789abcdef"
	secret = "secret-of-the-app"
	days   = 24 * time.Hour
	// patience is how long a test waits for what normally takes a moment, on a machine with much else to do. It is less than the four
	// minutes after which the queue by itself gives back a job that was lost.
	patience = 3 * time.Minute
)

// service is the application with its background, and the simulated Shopify.
type service struct {
	app    *app.App
	runner *jobs.Runner
	sim    *simulator.Server
	store  *store.Store
}

func setup(t *testing.T, cfg jobs.Config, change ...func(*app.Config)) *service {
	t.Helper()
	return setupOn(t, storetest.Chosen(t), simulator.New(simulator.WithSeed(1)), cfg, change...)
}

// setupOn is setup on a store that is there, with a simulated Shopify that others may ask too.
func setupOn(t *testing.T, st *store.Store, sim *simulator.Server, cfg jobs.Config, change ...func(*app.Config)) *service {
	t.Helper()
	s := &service{sim: sim, store: st}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s.build(t, cfg, s.sim.Transport(), log, change...)
	return s
}

// setupFault is setup with a fault on the way to Shopify, and with a log to look at.
func setupFault(t *testing.T, f *fault, cfg jobs.Config) (*service, *lines) {
	t.Helper()
	s, log := &service{sim: simulator.New(simulator.WithSeed(1)), store: storetest.Chosen(t)}, &lines{}
	f.next = s.sim.Transport()
	s.build(t, cfg, f, slog.New(slog.NewJSONHandler(log, nil)))
	return s, log
}

func (s *service) build(t *testing.T, cfg jobs.Config, transport http.RoundTripper, log *slog.Logger, change ...func(*app.Config)) {
	t.Helper()
	client, err := shopify.NewClient(shopify.Config{}, &http.Client{Transport: transport}, log)
	if err != nil {
		t.Fatal(err)
	}
	c := app.Config{SyncInterval: time.Hour}
	for _, f := range change {
		f(&c)
	}
	if s.app, err = app.New(c, s.store, client, log); err != nil {
		t.Fatal(err)
	}
	if s.runner, err = jobs.NewRunner(s.app, cfg, log); err != nil {
		t.Fatal(err)
	}
}

func (s *service) start(t *testing.T) {
	t.Helper()
	if err := s.runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := s.runner.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// connect adds a simulated store and connects it for a new user.
func (s *service) connect(t *testing.T, cfg simulator.ShopConfig, orders int, faults ...simulator.Fault) (*simulator.Shop, app.Connected) {
	t.Helper()
	cfg.Token, cfg.APISecret = token, secret
	shop := s.sim.AddShop(cfg)
	shop.Generate(orders, 80*days)
	for _, f := range faults {
		shop.Inject(f)
	}
	u, err := s.app.AddUser(t.Context(), cfg.Domain+"@example.com", "correct horse battery", false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.app.Connect(t.Context(), u.ID, app.ConnectInput{
		StoreName: cfg.Domain, Credentials: app.Credentials{AccessToken: token, APISecret: secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	return shop, c
}

func (s *service) accept(t *testing.T, shop, id, body string) {
	t.Helper()
	err := s.app.Accept(t.Context(), app.Incoming{
		Shop: shop, Topic: app.TopicOrdersCreate, WebhookID: id, Body: []byte(body), HMAC: shopify.Sign(secret, []byte(body)),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// exec changes rows behind the application's back.
func (s *service) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := s.store.Writer().ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// leaveRunning makes all jobs look as if somebody had begun them long ago.
func (s *service) leaveRunning(t *testing.T, by string) {
	t.Helper()
	list := `["` + by + `"]`
	if s.store.Engine() == store.PostgreSQL {
		list = `{` + by + `}`
	}
	s.exec(t, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = '2026-01-01 00:00:00', attempted_by = '`+list+`'`)
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-deadline:
			t.Fatalf("%s does not happen", what)
		case <-tick.C:
		}
	}
}

func (s *service) count(t *testing.T, integration int64) int {
	t.Helper()
	n, err := s.store.CountOrders(t.Context(), store.OrderFilter{IntegrationID: integration})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *service) state(t *testing.T, c app.Connected) string {
	t.Helper()
	run, err := s.store.ImportByID(t.Context(), c.Import.ID)
	if err != nil {
		t.Fatal(err)
	}
	return run.State
}

func TestRunner_ImportsAndProcesses(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	s.start(t)
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 700)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	if got := s.count(t, c.Integration.ID); got != 700 {
		t.Fatalf("%d orders, want 700", got)
	}
	for i := range 200 { // also while a drain is about to end
		s.accept(t, "uno.myshopify.com", fmt.Sprint(i), fmt.Sprintf(`{"id":%d,"updated_at":"2026-11-01T10:00:00Z"}`, 100+i))
	}
	eventually(t, "the last order", func() bool { return s.count(t, c.Integration.ID) == 900 })
	if err := s.runner.Healthy(); err != nil {
		t.Error(err)
	}
	if n := s.sim.Count429(); n != 0 {
		t.Errorf("%d answers 429 that could have been avoided", n)
	}
}

func TestRunner_StaysBelowTheCallLimit(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	s.start(t)
	// 40 pages, two counts and what connecting asks: more than Shopify's bucket of 40 holds at once.
	_, c := s.connect(t, simulator.ShopConfig{Domain: "diez-mil.myshopify.com"}, 10_000)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	if got := s.count(t, c.Integration.ID); got != 10_000 {
		t.Errorf("%d orders, want 10000", got)
	}
	if n := s.sim.Count429(); n != 0 {
		t.Errorf("%d answers 429 that could have been avoided", n)
	}
}

func TestRunner_OneStoreDoesNotHoldAnotherUp(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{Workers: 2})
	s.start(t)
	s.connect(t, simulator.ShopConfig{Domain: "failing.myshopify.com"}, 600,
		simulator.Fault{Kind: simulator.FaultBadGateway, Path: "orders.json"})
	_, bad := s.connect(t, simulator.ShopConfig{Domain: "silent.myshopify.com"}, 600,
		simulator.Fault{Kind: simulator.FaultHang, Path: "orders.json"})
	_, good := s.connect(t, simulator.ShopConfig{Domain: "good.myshopify.com"}, 600)
	eventually(t, "the end of the good store's import", func() bool { return s.state(t, good) == store.ImportCompleted })
	if state := s.state(t, bad); state == store.ImportCompleted {
		t.Errorf("the silent store's import is %s already: the test proves nothing", state)
	}
}

func TestRunner_SyncNowWakesARunThatSleeps(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	s.start(t)
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 20,
		simulator.Fault{Kind: simulator.FaultPayment, Path: "orders.json", Times: 1})
	eventually(t, "the sleep of an hour", func() bool {
		jobs, err := s.store.JobCounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return jobs["scheduled"] == 1
	})
	if _, err := s.app.StartSync(t.Context(), c.Integration.UserID, c.Integration.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
}

func TestRunner_GoesOnAfterAStop(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 300)
	s.accept(t, "uno.myshopify.com", "w", `{"id":100,"updated_at":"2026-11-01T10:00:00Z"}`)
	// What a killed process leaves: jobs that look as if they ran.
	s.leaveRunning(t, "gone")
	s.start(t)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	eventually(t, "the delivery's order", func() bool { return s.count(t, c.Integration.ID) == 301 })
}

func TestRunner_FindsWorkThatLostItsJob(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 300)
	s.accept(t, "uno.myshopify.com", "w", `{"id":100,"updated_at":"2026-11-01T10:00:00Z"}`)
	s.exec(t, `DELETE FROM river_job`)
	s.start(t)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	eventually(t, "the delivery's order", func() bool { return s.count(t, c.Integration.ID) == 301 })
}

func TestRunner_PurgesADisconnectedStore(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	s.start(t)
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 1200)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	if _, err := s.app.Disconnect(t.Context(), c.Integration.UserID, c.Integration.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the deletion of every row", func() bool {
		gone, err := s.store.DeletedIntegrations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(gone) == 0
	})
	for _, table := range []string{"orders", "order_payloads", "deliveries", "imports", "secrets", "integrations"} {
		var n int
		if err := s.store.Writer().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s has %d rows, %v, want none", table, n, err)
		}
	}
}

func TestRunner_PeriodicSyncRuns(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{}, func(c *app.Config) { c.SyncInterval = time.Second })
	s.start(t)
	shop, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 20)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	shop.NewOrder()
	eventually(t, "the new order", func() bool { return s.count(t, c.Integration.ID) == 21 })
}

func TestRunner_StartsOnceAndStopsTwice(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	if err := s.runner.Healthy(); err == nil {
		t.Error("healthy before the start")
	}
	s.start(t)
	if err := s.runner.Start(t.Context()); err == nil {
		t.Error("started twice")
	}
	for range 2 {
		if err := s.runner.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := s.runner.Healthy(); err == nil {
		t.Error("healthy after the stop")
	}
}

func TestRunner_AuditsAfterALongAbsence(t *testing.T) {
	t.Parallel()
	var away atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(away.Load())) }
	s := setup(t, jobs.Config{}, func(c *app.Config) { c.Now = now })
	s.start(t)
	shop, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 60)
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	if err := s.runner.Stop(t.Context()); err != nil { // the last sign of life is now
		t.Fatal(err)
	}
	for _, id := range shop.OrderIDs()[:5] {
		shop.Delete(id)
	}
	away.Store(int64(5 * time.Hour))
	s.start(t)
	var audits []store.Audit
	eventually(t, "the end of the audit", func() bool {
		var err error
		if audits, err = s.store.Audits(t.Context(), c.Integration.ID, 9, 0); err != nil {
			t.Fatal(err)
		}
		return len(audits) > 0 && audits[0].State == store.AuditCompleted
	})
	if m := audits[0]; len(audits) != 1 || m.Cause != store.AuditAway || m.Extra != 5 || m.Drift() != 0 || s.count(t, c.Integration.ID) != 55 {
		t.Errorf("audits %+v, %d orders; want one that found and marked 5 extra", audits, s.count(t, c.Integration.ID))
	}
}

func TestRunner_FindsAnAuditThatLostItsJob(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 20)
	m, err := s.app.StartAudit(t.Context(), c.Integration.UserID, c.Integration.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	s.exec(t, `DELETE FROM river_job`)
	s.start(t)
	eventually(t, "the end of the audit", func() bool {
		m, err := s.store.AuditByID(t.Context(), m.ID)
		return err == nil && m.State == store.AuditCompleted
	})
}

// Subscriptions that vanished while nothing ran here, or that somebody deletes now, are made again without any sync.
func TestRunner_MakesSubscriptionsAgainAfterAStart(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{}, func(c *app.Config) { c.PublicURL, c.SyncInterval = "https://orders.example.com", 0 })
	shop, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 0)
	if n := len(shop.Subscriptions()); n != len(app.Topics) {
		t.Fatalf("%d subscriptions after connecting", n)
	}
	shop.DropSubscriptions()
	s.start(t)
	eventually(t, "the subscriptions", func() bool { return len(shop.Subscriptions()) == len(app.Topics) })
	eventually(t, "the problem", func() bool {
		problems, err := s.store.Problems(t.Context(), []int64{c.Integration.ID})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(problems[c.Integration.ID], func(p store.Problem) bool { return p.Code == app.ProblemRecreated })
	})
}

func TestRunner_WritesRefusalsAtTheStop(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 0)
	if err := s.runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const refused = 30
	for range refused {
		s.app.Refuse(app.Incoming{Shop: "uno.myshopify.com"}, app.RefusedNotSigned)
	}
	if err := s.runner.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := s.store.Refusals(t.Context(), c.Integration.ID, 9, 0)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, r := range rows {
		sum += r.Count
	}
	if sum != refused {
		t.Errorf("%d are written of %d", sum, refused)
	}
}
