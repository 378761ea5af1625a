package web_test

import (
	"net/http"
	"testing"

	"probability/store/storetest"
	"probability/store/storetest/postgres"
)

// The flows that matter most, once more on PostgreSQL. All tests of this package are run there with PROBABILITY_TEST_ENGINE=postgres.
func TestPostgres_TheFlowsThatMatterMost(t *testing.T) {
	t.Parallel()
	storetest.OnPostgres(t,
		TestConnect_AnswersWithStoreAndImport, TestIntegration_DisconnectNamesTheStore,
		TestOrders_FiltersChooseAndSort, TestOrders_CursorWalksOverEverythingOnce, TestOrders_PayloadKeepsEveryByte,
		TestExport_NDJSONLinesAreTheOrders, TestExport_CSVHasTheColumnsThatAreAskedFor, TestStats_ShowWhatADayBrought,
		TestWebhook_IsStoredBeforeItIsAcknowledged, TestDeliveries_AreFilteredAndReplayed,
		TestEvents_ShowAnImportToItsEnd, TestEvents_ShowWebhooksAndOrders,
		TestSignIn_WithTheForm, TestSession_OpensTheAPI,
		TestImportOutcomes_HostileFiles, TestPrivacy_ACustomersDataIsHandedOverOnce,
	)
}

// While the server is away, whoever asks is told to come again, on every way to ask.
func TestPostgres_TheServerIsAway(t *testing.T) {
	t.Parallel()
	server := postgres.Start(t)
	at := storetest.Config(t)
	at.URL = server.URL()
	b := newBench(t, func(o *options) { o.store = storetest.Open(t, at) })
	path, id := b.connected()
	b.put(id, order(1))
	w := b.browserOf("alice@example.com", "en")
	w.open("/")
	fatal(t, server.Stop())
	refused := func(got answer, code string) {
		t.Helper()
		if got.problem(http.StatusServiceUnavailable, code); got.header.Get("Retry-After") == "" {
			t.Errorf("%s is not told when to come again", got.what)
		}
	}
	for _, at := range []string{"", "orders/", "orders/?search=1", "orders/1/", "orders/export/", "stats/", "imports/", "deliveries/", "events/", "audits/"} {
		refused(b.get(path+at), "database_unavailable")
	}
	refused(b.do(http.MethodPatch, path, `{"is_active":false}`), "database_unavailable")
	refused(b.post(path+"sync-orders/", ""), "database_unavailable")
	body := order(2)
	refused(b.post(webhookPath, body, signed(body)), "webhook_not_stored")
	refused(b.post("/login", `{"email":"alice@example.com","password":"anything at all"}`, anonymous), "database_unavailable")
	for _, page := range []string{"/", "/orders", "/deliveries"} {
		if got := w.send(http.MethodGet, page, ""); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.doc == nil {
			t.Errorf("%s answers %d, and when to come again is %q", page, got.status, got.header.Get("Retry-After"))
		}
	}
	b.get("/healthz", anonymous).want(http.StatusOK)
}
