package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/semaphore"

	"probability/app"
)

// Limits of a request's body, in bytes.
const (
	maxAPIBody     = 1 << 20
	defaultMaxBody = 4 << 20 // Shopify's largest orders stay well below
)

// Config is what the server needs to know of the configuration.
type Config struct {
	// Commit is what Version was built from, for the metrics; may be empty.
	Commit string
	// Console are the queue's own screens, below ConsolePath; nil: there are none.
	Console http.Handler
	// Demo opens the built-in demo store for whoever wants to look round; nil: there is none.
	Demo func(context.Context) (DemoStore, error)
	// MaxBody is the largest webhook that is read, in bytes; 0 means 4 MiB.
	MaxBody int64
	// Now is the clock, for "today"; nil means time.Now.
	Now func() time.Time
	// PublicURL is the base address under which browsers and Shopify reach us; may be empty.
	PublicURL string
	// Ready answers /readyz: nil when the service can do its work.
	Ready func(context.Context) error
	// TrustedProxies are the peers whose X-Forwarded-* headers are believed; none by default.
	TrustedProxies []netip.Prefix
	// Version is shown at / to whoever asks what this is.
	Version string
}

// DemoStore is what connects to the built-in demo store.
type DemoStore struct {
	app.Credentials
	StoreName string
	Webhooks  string // base address that its webhooks are to go to
}

// Server answers requests. It is an http.Handler; its owner brings the http.Server and the timeouts.
type Server struct {
	app         *app.App
	assets      assets
	attempts    attempts // to connect stores and to replace credentials
	bodies      budget   // of webhooks
	bodyTimes   bodyTimes
	buffers     sync.Pool
	catalog     *catalog
	cfg         Config
	cross       *http.CrossOriginProtection
	docs        *docs
	echo        *echo.Echo
	exports     slots
	exportStall time.Duration
	log         *slog.Logger
	metrics     *metrics
	pages       *template.Template
	publicHost  string // of the public address when it is https, with its port; else ""
	ready       readiness
	reports     *semaphore.Weighted // of carriers that are being read
	streams     slots               // of events
	streamTimes streamTimes
}

// New builds the server. It listens to nothing and starts nothing.
func New(cfg Config, a *app.App, log *slog.Logger) (*Server, error) {
	if a == nil || log == nil || cfg.Ready == nil {
		return nil, errors.New("web: application, logger and readiness check are all needed")
	}
	if cfg.MaxBody < 0 {
		return nil, errors.New("web: the limit of a webhook's body cannot be negative")
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	sentences, err := newCatalog(messageFiles)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	pages, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	files, err := readAssets()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &Server{
		app: a, assets: files, catalog: sentences, cfg: cfg, cross: http.NewCrossOriginProtection(), docs: newDocs(files, pages),
		echo: echo.New(), exportStall: defaultStall, log: log, pages: pages, reports: semaphore.NewWeighted(reportReaders),
	}
	if s.metrics, err = newMetrics(cfg, a, &s.streams); err != nil {
		return nil, fmt.Errorf("web: metrics: %w", err)
	}
	s.attempts.hold = attemptHold
	s.attempts.running.most, s.attempts.running.mostEach = maxAttempts, maxAttempts
	s.exports.most, s.exports.mostEach = maxExports, maxAccountExports
	s.streams.most, s.streams.mostEach = maxStreams, maxAccountStreams
	s.streamTimes = streamTimes{beat: streamBeat, check: streamCheck, stall: streamStall}
	s.bodies.most, s.bodies.mostEach = bodyBudget, bodyBudget/4
	s.bodyTimes = bodyTimes{api: apiBodyTime, report: reportBodyTime, webhook: webhookBodyTime}
	s.ready.changed = s.tellReadiness
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.writeProblem
	s.trustProxies(cfg.TrustedProxies)
	if err := s.trustPublicURL(cfg.PublicURL); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s.routes()
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Routes lists method and path of everything that is served but the dashboard, in OpenAPI's notation of parameters.
func (s *Server) Routes() []Route {
	var out []Route
	for _, r := range s.echo.Routes() {
		if r.Name != refusedRoute && r.Name != pageRoute && r.Name != consoleRoute {
			out = append(out, Route{Method: r.Method, Path: openAPIPath(r.Path)})
		}
	}
	return out
}

// Pages lists method and path of the dashboard, in the order of the paths; it is for people and in no description of the API.
func (s *Server) Pages() []Route {
	var out []Route
	for _, r := range s.echo.Routes() {
		if r.Name == pageRoute {
			out = append(out, Route{Method: r.Method, Path: openAPIPath(r.Path)})
		}
	}
	slices.SortFunc(out, func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return out
}

// trustProxies decides whose word about address, scheme and host is taken. Without it Echo would
// believe X-Forwarded-For from anybody, and the scheme from any private address.
func (s *Server) trustProxies(proxies []netip.Prefix) {
	if len(proxies) == 0 {
		s.echo.IPExtractor = echo.ExtractIPDirect()
		s.echo.SchemeExtractor = echo.ExtractSchemeDirect()
		return
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		p = p.Masked()
		trust = append(trust, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	s.echo.IPExtractor = echo.ExtractIPFromXFFHeader(trust...)
	s.echo.SchemeExtractor = echo.ExtractSchemeFromHeaders(trust...)
}

// trustPublicURL takes what comes from the public address for our own, even where a proxy in between changes the Host.
func (s *Server) trustPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return errors.New("the public address is no URL")
	}
	if u.Scheme == "https" {
		s.publicHost = u.Host
	}
	return s.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host)
}

// voice is the language of the request; the answer says which one it is in.
func (s *Server) voice(c echo.Context) voice {
	v := s.catalog.voice(c.Request().Header.Get("Accept-Language"))
	c.Response().Header().Set("Content-Language", v.tag.String())
	return v
}
