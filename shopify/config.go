package shopify

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Defaults of Config.
const (
	DefaultEndpoint   = "https://{shop}"
	DefaultAPIVersion = "2026-10"

	defaultUserAgent = "probability"
	defaultTimeout   = 30 * time.Second
	defaultMaxWait   = 2 * time.Second
	defaultRetries   = 2

	shopPlaceholder = "{shop}"
)

// Config of a Client. The zero value is complete.
type Config struct {
	// Endpoint is the base URL of a store's Admin API; "{shop}" stands for the
	// store's domain. Changed only for a simulator.
	Endpoint string
	// APIVersion is the version in every path, such as "2026-10". Never
	// floating: a version is a decision.
	APIVersion string
	UserAgent  string
	// Timeout is for one request including its body.
	Timeout time.Duration
	// MaxWait is the longest one call sleeps for a call limit or a Retry-After
	// in all; beyond it the call ends as KindThrottled.
	MaxWait time.Duration
	// Retries are the extra tries, inside one call, for answers that are
	// KindUnavailable; negative for none.
	Retries int
	// Observe is told of each request, also of one that the call limit did not
	// let through; nil for nobody. It must be quick, and safe for concurrent use.
	Observe func(Observation)
	// Now is the clock that stamps pages.
	Now func() time.Time
	// Local answers for stores that live in this process, by their domain in lower case. A request to one of them goes there
	// and never to the network: nobody else may be sent its token, whoever owns that name at Shopify.
	Local map[string]http.RoundTripper
}

// Observation is what one request to a store came to.
type Observation struct {
	Kind   Kind          // of its failure, "" for none
	Status int           // of the answer, 0 when none came
	Waited time.Duration // for the call limit
	Took   time.Duration // after that
}

// withDefaults fills what is not set and refuses what cannot work.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Endpoint == "" {
		cfg.Endpoint = DefaultEndpoint
	}
	if cfg.APIVersion == "" {
		cfg.APIVersion = DefaultAPIVersion
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = defaultUserAgent
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxWait == 0 {
		cfg.MaxWait = defaultMaxWait
	}
	switch {
	case cfg.Retries == 0:
		cfg.Retries = defaultRetries
	case cfg.Retries < 0:
		cfg.Retries = 0
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}

	if cfg.Timeout < 0 || cfg.MaxWait < 0 {
		return cfg, errors.New("time-out and longest wait must not be negative")
	}
	if !isVersion(cfg.APIVersion) {
		return cfg, fmt.Errorf("API version %q is not of the form 2026-10", cfg.APIVersion)
	}
	if !isHeaderText(cfg.UserAgent) {
		return cfg, errors.New("user agent has characters that no header may have")
	}
	cfg.Endpoint = strings.TrimRight(cfg.Endpoint, "/")
	u, err := url.Parse(strings.ReplaceAll(cfg.Endpoint, shopPlaceholder, "any"+shopSuffix))
	if err != nil {
		return cfg, fmt.Errorf("endpoint is not a URL: %w", newCause(err))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return cfg, errors.New("endpoint must be http(s)://host[/path], without user, query or fragment")
	}
	return cfg, nil
}

// plainText reports whether tokens would travel unencrypted past this machine.
func (cfg Config) plainText() bool {
	u, err := url.Parse(strings.ReplaceAll(cfg.Endpoint, shopPlaceholder, "any"+shopSuffix))
	if err != nil || u.Scheme != "http" {
		return false
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	return host != "localhost" && (err != nil || !ip.IsLoopback())
}

func isVersion(s string) bool {
	if s == "unstable" {
		return true
	}
	_, err := time.Parse("2006-01", s)
	return err == nil
}

// isHeaderText reports whether s can be the value of a header as it is.
func isHeaderText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// newHTTPClient copies hc so that ours neither follows redirects, which would
// carry the token to another host, nor keeps cookies. At the default endpoint
// it connects to public addresses only.
func newHTTPClient(cfg Config, hc *http.Client) *http.Client {
	var own http.Client
	if hc != nil {
		own = *hc
	} else {
		dial := newDialer().DialContext
		if cfg.Endpoint == DefaultEndpoint {
			dial = dialPublic
		}
		own.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dial,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          100,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ExpectContinueTimeout: time.Second,
		}
	}
	if len(cfg.Local) > 0 {
		own.Transport = localStores{stores: cfg.Local, others: own.Transport}
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	own.Jar = nil
	return &own
}

// localStores sends the requests to stores that live in this process to them, and all others on.
type localStores struct {
	stores map[string]http.RoundTripper
	others http.RoundTripper // nil: that of net/http
}

// RoundTrip sends one request.
func (l localStores) RoundTrip(r *http.Request) (*http.Response, error) {
	if store, ok := l.stores[r.URL.Host]; ok {
		return store.RoundTrip(r)
	}
	if l.others == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return l.others.RoundTrip(r)
}
