package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

const (
	storesPath  = "/api/integrations/shopify"
	webhookPath = "/api/webhooks/shopify/orders"
	reportPath  = storesPath + "/:id/outcomes/import"
	uploadPath  = "/stores/:id/outcomes/import" // the same on a page
	// refusedRoute names routes that exist only to answer 405, where the router alone would take the
	// last part of the path for an id.
	refusedRoute = "refused"
	// pageRoute names the routes of the dashboard.
	pageRoute = "page"
	// consoleRoute names those of the queue's own screens, which answer for themselves.
	consoleRoute = "console"
)

// allButPost are the methods that onlyPost answers.
var allButPost = []string{
	http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPut, http.MethodTrace,
}

// consoleMethods are those that the queue's own screens know.
var consoleMethods = []string{http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut}

// Route is one method and path of the server.
type Route struct{ Method, Path string }

// routes is every path, grouped by who may call. A path is written without its trailing slash; one
// slash more is taken off before the router sees it. Middleware is given route by route, since a
// group's own would turn its 405 into 404.
func (s *Server) routes() {
	e := s.echo
	e.Pre(withoutTrailingSlash)
	e.Use(s.identify, s.logRequests, s.recoverPanics, s.secureHeaders, s.limitBodies)

	// Anybody.
	get(e, "/", s.index)
	get(e, "/healthz", s.healthz)
	get(e, "/readyz", s.readyz)
	get(e, "/metrics", s.showMetrics, s.localOrAdmin)
	get(e, "/api/openapi.json", s.openAPI)
	get(e, "/api/docs", s.showDocs, middleware.Gzip())

	get(e, "/login", s.signInPage)
	e.POST("/login", s.signIn)
	e.POST("/logout", s.signOut)

	// Whoever holds the set-up link.
	get(e, "/setup", s.setupPage)
	e.POST("/setup", s.setupSubmit, s.sameOrigin)

	// Shopify, proven by the signature of the body.
	e.POST(webhookPath, s.receiveWebhook)

	// Accounts, proven by a token or a session, and only for what is theirs.
	account := s.authenticate
	get(e, "/api/session", s.getSession, account)
	get(e, storesPath, s.listIntegrations, account)
	e.POST(storesPath+"/connect", s.connect, account)
	e.Match(allButPost, storesPath+"/connect", onlyPost)

	one := storesPath + "/:id"
	get(e, one, s.getIntegration, account)
	e.PATCH(one, s.patchIntegration, account)
	e.POST(one+"/test", s.testIntegration, account)
	e.DELETE(one+"/disconnect", s.disconnect, account)
	e.POST(one+"/sync-orders", s.syncOrders, account)
	e.POST(one+"/register-webhook", s.registerWebhook, account)
	get(e, one+"/imports", s.listImports, account)
	get(e, one+"/imports/:import", s.getImport, account)
	get(e, one+"/audits", s.listAudits, account)
	e.POST(one+"/audit", s.startAudit, account)
	get(e, one+"/orders", s.listOrders, account)
	get(e, one+"/orders/export", s.exportOrders, account)
	get(e, one+"/orders/:order", s.getOrder, account)
	get(e, one+"/orders/:order/score", s.getScore, account)
	get(e, one+"/orders/:order/outcomes", s.listOutcomes, account)
	e.POST(one+"/orders/:order/outcomes", s.reportOutcome, account)
	e.PUT(one+"/orders/:order/mark", s.markOrder, account)
	get(e, one+"/outcomes", s.outcomeCoverage, account)
	e.POST(reportPath, s.importOutcomes, account)
	get(e, one+"/outcomes/imports", s.listOutcomeImports, account)
	get(e, one+"/outcomes/imports/:outcome_import", s.getOutcomeImport, account)
	e.DELETE(one+"/outcomes/imports/:outcome_import", s.undoOutcomeImport, account)
	e.DELETE(one+"/outcomes/:outcome", s.undoOutcome, account)
	get(e, one+"/scoring", s.getScoring, account)
	e.PUT(one+"/scoring", s.putScoring, account)
	e.POST(one+"/scoring/preview", s.previewScoring, account)
	e.POST(one+"/scoring/restore", s.restoreScoring, account)
	get(e, one+"/scoring/models", s.listModels, account)
	get(e, one+"/scoring/models/:model", s.getModel, account)
	e.POST(one+"/scoring/models/:model/activate", s.activateModel, account)
	e.POST(one+"/scoring/train", s.trainModel, account)
	get(e, one+"/scoring/report", s.scoreReport, account)
	get(e, one+"/stats", s.orderStats, account)
	get(e, one+"/deliveries", s.listDeliveries, account)
	e.POST(one+"/deliveries/replay", s.replayDeliveries, account)
	e.Match(allButPost, one+"/deliveries/replay", onlyPost)
	get(e, one+"/deliveries/:delivery", s.getDelivery, account)
	e.POST(one+"/deliveries/:delivery/replay", s.replayDelivery, account)
	get(e, one+"/refusals", s.listRefusals, account)
	get(e, one+"/events", s.streamEvents, account)
	get(e, one+"/privacy", s.listPrivacy, account)
	get(e, one+"/privacy/:request/export", s.exportPrivacy, account)

	s.pageRoutes()

	for _, r := range e.Routes() {
		if (r.Path == storesPath+"/connect" || r.Path == one+"/deliveries/replay") && r.Method != http.MethodPost {
			r.Name = refusedRoute
		}
	}
}

// pageRoutes are the dashboard: for people who are signed in, and only for what is theirs. A link or a form never has a
// trailing slash.
func (s *Server) pageRoutes() {
	show := func(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
		s.echo.GET(path, h, m...).Name = pageRoute
		s.echo.HEAD(path, h, m...).Name = pageRoute
	}
	do := func(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
		s.echo.POST(path, h, m...).Name = pageRoute
	}

	// Anybody.
	show("/static/:digest/:name", s.asset, middleware.Gzip())
	do("/preferences", s.setWishes, s.sameOrigin)

	// Whoever holds a link with which to choose a password.
	show("/password", s.passwordPage)
	do("/password", s.choosePassword, s.sameOrigin)

	account := s.signedIn
	show("/stores", s.storesPage, account)
	show("/stores/new", s.welcomePage, account)
	do("/stores/demo", s.openDemo, account)
	show("/stores/connect", s.connectPage, account)
	do("/stores/connect", s.connectSubmit, account)
	show("/stores/connect/:attempt", s.attemptPage, account)
	show("/stores/connect/:attempt/live", s.attemptLive, account)
	show("/orders", s.toStore, account)
	show("/score", s.toStore, account)
	show("/deliveries", s.toStore, account)
	show("/insights", s.toStore, account)

	show("/jobs", s.jobsPage, account)
	do("/jobs/do", s.doJobs, account)

	one := "/stores/:id"
	show(one, s.storePage, account)
	show(one+"/live", s.liveStore, account)
	do(one+"/sync", s.syncNow, account)
	do(one+"/audit", s.auditNow, account)
	do(one+"/webhooks", s.subscribeNow, account)
	do(one+"/test", s.testNow, account)
	do(one+"/active", s.switchStore, account)
	show(one+"/settings", s.storeSettings, account)
	do(one+"/credentials", s.saveCredentials, account)
	show(one+"/credentials/:attempt", s.credentialsPage, account)
	show(one+"/credentials/:attempt/live", s.credentialsLive, account)
	do(one+"/disconnect", s.disconnectStore, account)
	show(one+"/orders", s.ordersPage, account)
	show(one+"/orders/:order", s.orderPage, account)
	do(one+"/orders/:order/outcome", s.recordOutcome, account)
	do(one+"/orders/:order/outcomes/:outcome/undo", s.undoOrderOutcome, account)
	do(one+"/orders/:order/mark", s.saveMark, account)
	show(one+"/score", s.scorePage, account)
	show(one+"/score/live", s.liveScore, account)
	do(one+"/score/train", s.trainNow, account)
	do(one+"/score/models/:model/activate", s.useModel, account)
	show(one+"/score/settings", s.scoreSettings, account)
	do(one+"/score/settings", s.saveScoreSettings, account)
	do(one+"/score/settings/restore", s.restoreScoreSettings, account)
	show(one+"/outcomes", s.outcomesPage, account)
	do(uploadPath, s.uploadOutcomes, account)
	do(one+"/outcomes/confirm", s.importHeld, account)
	do(one+"/outcomes/imports/:outcome_import/undo", s.undoReport, account)
	show(one+"/insights", s.insightsPage, account)
	show(one+"/deliveries", s.deliveriesPage, account)
	show(one+"/deliveries/:delivery", s.deliveryPage, account)
	show(one+"/privacy", s.privacyPage, account)
	do(one+"/deliveries/replay", s.replayMany, account)
	do(one+"/deliveries/:delivery/replay", s.replayOne, account)

	show(usersPath, s.usersPage, account, s.administrator)
	do(usersPath, s.addUser, account, s.administrator)
	do(usersPath+"/:user/admin", s.switchAdmin, account, s.administrator)
	do(usersPath+"/:user/link", s.linkUser, account, s.administrator)
	do(usersPath+"/:user/delete", s.deleteUser, account, s.administrator)
	do("/admin/backup", s.downloadBackup, account, s.administrator)
	if s.cfg.Console != nil {
		for _, path := range []string{ConsolePath, ConsolePath + "/*"} {
			for _, r := range s.echo.Match(consoleMethods, path, s.console) {
				r.Name = consoleRoute
			}
		}
	}

	show("/settings", s.settingsPage, account)
	do("/settings/password", s.changePassword, account)
	do("/settings/tokens", s.makeToken, account)
	do("/settings/tokens/:token/revoke", s.revokeToken, account)
	do("/settings/sessions/end", s.endOtherSessions, account)
	do("/settings/sessions/:session/end", s.endSession, account)
}

// get serves GET and HEAD alike; net/http leaves the body of the latter out.
func get(e *echo.Echo, path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
	e.GET(path, h, m...)
	e.HEAD(path, h, m...)
}

// onlyPost answers every other method of a path that would else be taken for an id's.
func onlyPost(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderAllow, http.MethodOptions+", "+http.MethodPost)
	if c.Request().Method == http.MethodOptions {
		return c.NoContent(http.StatusNoContent)
	}
	return echo.ErrMethodNotAllowed
}

// openAPIPath turns "/a/:id" into "/a/{id}".
func openAPIPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}
