package shopify

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Client calls the Admin API of any number of stores. It is safe for concurrent
// use, and one is enough for a process: limits are kept per store and token.
type Client struct {
	cfg     Config
	http    *http.Client
	log     *slog.Logger
	limiter *limiter
	graphs  graphStates
	served  versions
}

// NewClient checks the configuration and starts nothing. The http.Client is
// copied; nil means one with sensible limits, which at the default endpoint
// connects to public addresses only.
func NewClient(cfg Config, hc *http.Client, log *slog.Logger) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("shopify: configure client: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if cfg.plainText() {
		log.Warn("shopify: the endpoint is plain http beyond this machine: access tokens can be read on the way")
	}
	return &Client{
		cfg:     cfg,
		http:    newHTTPClient(cfg, hc),
		log:     log,
		limiter: newLimiter(),
		graphs:  graphStates{all: map[account]graphState{}},
		served:  versions{last: map[string]string{}, warned: map[string]string{}},
	}, nil
}

// APIVersion returns the version that is asked for.
func (c *Client) APIVersion() string { return c.cfg.APIVersion }

// ServedVersion returns the version of a store's last answer, "" when unknown.
// Shopify serves another one instead of failing when ours is no longer there.
func (c *Client) ServedVersion(shop string) string {
	return c.served.of(strings.ToLower(shop))
}

// base returns the URL before /admin for a domain that ParseShop has passed.
func (c *Client) base(shop string) (*url.URL, error) {
	if _, local := c.cfg.Local[shop]; local {
		return &url.URL{Scheme: "https", Host: shop}, nil
	}
	u, err := url.Parse(strings.ReplaceAll(c.cfg.Endpoint, shopPlaceholder, shop))
	if err != nil {
		return nil, newCause(err)
	}
	return u, nil
}

// maxVersions bounds the memory of versions; far more stores than one process
// has.
const maxVersions = 10_000

// versions remembers what each store last served.
type versions struct {
	mu     sync.Mutex
	last   map[string]string
	warned map[string]string
}

func (v *versions) of(shop string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last[shop]
}

// note records a served version; it reports whether to warn, which is the first
// time that this store serves that version in place of the one asked for.
func (v *versions) note(shop, served, asked string) bool {
	if len(served) > maxHeaderLen || !isHeaderText(served) {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.last[shop]; !known && len(v.last) >= maxVersions {
		clear(v.last)
		clear(v.warned)
	}
	v.last[shop] = served
	if served == asked || v.warned[shop] == served {
		return false
	}
	v.warned[shop] = served
	return true
}
