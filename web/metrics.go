package web

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"probability/app"
)

// metrics is what this door measures itself, and the registry of all that is counted.
type metrics struct {
	accepting prometheus.Histogram
	failed    prometheus.Counter
	registry  *prometheus.Registry
	requests  *prometheus.HistogramVec
	webhooks  *prometheus.CounterVec
}

// accepted is the code of a webhook that was taken; the others are those of the problems.
const accepted = "accepted"

// webhookCodes are the usual ways to refuse one. They are there from the beginning, so that "none" is told apart from "not
// measured".
var webhookCodes = []string{
	accepted, "invalid_json", "payload_too_large", "webhook_not_stored", "webhook_shop_unknown", "webhook_signature_invalid",
}

func newMetrics(cfg Config, a *app.App, streams *slots) (*metrics, error) {
	m := &metrics{
		accepting: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "probability_webhook_accept_seconds", Help: "Time from a webhook's whole body to its being on the disk.",
			Buckets: []float64{0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5},
		}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probability_scrape_failures_total", Help: "Scrapes in which what is stored could not be looked at; its measures were left out.",
		}),
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "probability_http_request_seconds", Help: "Time of answering a request by route, method and class of status.",
			Buckets: []float64{0.005, 0.025, 0.1, 0.5, 2.5, 10, 60},
		}, []string{"route", "method", "status"}),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probability_webhooks_total", Help: "Webhooks that came in: accepted, or the code of the refusal.",
		}, []string{"code"}),
	}
	for _, code := range webhookCodes {
		m.webhooks.WithLabelValues(code)
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "probability_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": cfg.Version, "commit": cfg.Commit},
	})
	info.Set(1)
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "probability_event_streams", Help: "Streams of events that are open.",
	}, func() float64 { return float64(streams.count()) })
	for _, c := range []prometheus.Collector{
		m.accepting, m.failed, m.requests, m.webhooks, info, open, a.Counters(), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// request counts a request that was answered.
func (m *metrics) request(route, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodPut, http.MethodOptions:
	default:
		method = "other" // whoever asks may invent some
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// webhook counts a webhook that came in, by what was answered.
func (m *metrics) webhook(err error) {
	code := accepted
	if err != nil {
		code = problemOf(err).code
	}
	m.webhooks.WithLabelValues(code).Inc()
}

// showMetrics is GET /metrics. What is counted is shown even when what is stored cannot be looked at.
func (s *Server) showMetrics(c echo.Context) error {
	ctx := c.Request().Context()
	now := &snapshot{reasons: app.ReasonsOf(s.ready.check(ctx, s.cfg.Ready))}
	var err error
	if now.figures, err = s.app.Figures(ctx); err != nil {
		s.metrics.failed.Inc()
		s.log.WarnContext(ctx, "what is stored could not be looked at for the metrics", "error", err)
		now.blind = true
	}
	once := prometheus.NewRegistry()
	if err := once.Register(now); err != nil {
		return err
	}
	promhttp.HandlerFor(prometheus.Gatherers{s.metrics.registry, once}, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), c.Request())
	return nil
}

// local tells whether the request comes from this machine itself: over loopback, not through a proxy, and under a name that a
// web page elsewhere cannot give itself.
func local(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	if proxied(r.Header) {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err = netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost"
}

// localOrAdmin lets a request through that comes from this machine, and from elsewhere one with an administrator's token.
func (s *Server) localOrAdmin(next echo.HandlerFunc) echo.HandlerFunc {
	proven := s.authenticate(func(c echo.Context) error {
		if !caller(c).Admin {
			return &app.Error{Kind: app.Forbidden, Code: "admin_only", Err: errors.New("the account is no administrator's")}
		}
		return next(c)
	})
	return func(c echo.Context) error {
		if local(c.Request()) {
			return next(c)
		}
		return proven(c)
	}
}
