package shopify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	tokenHeader   = "X-Shopify-Access-Token"
	limitHeader   = "X-Shopify-Shop-Api-Call-Limit"
	versionHeader = "X-Shopify-API-Version"

	maxPageBytes   = 64 << 20 // 250 orders with everything in them stay far below
	maxAnswerBytes = 1 << 20
)

// call is one request to a store.
type call struct {
	op          string // for errors and logs
	method      string
	path        string // below /admin/, or below the version's root
	versioned   bool
	query       string // raw
	body        []byte
	contentType string
	limit       int64   // of the answer's body, bytes
	retryGone   bool    // a 404 may be a passing fault, as happens to lists
	grant       bool    // the token endpoint: no token, not metered, own refusals
	points      float64 // of a query of GraphQL: what it may cost; 0 for a call of REST
	secrets     []string
}

// answer is a 2xx answer, whole.
type answer struct {
	url    *url.URL
	status int
	header http.Header
	body   []byte
	asked  time.Time
}

// do makes a call, again as often as it is worth it, and hands a good answer to
// read. What read refuses counts as a failure like any other: a page that is
// not a page is as good as cut.
func (c *Client) do(ctx context.Context, s Session, req call, read func(*answer) *Error) error {
	shop, err := ParseShop(s.Shop)
	if err != nil {
		return &Error{Kind: KindInvalid, Op: req.op, Err: err}
	}
	s.Shop = shop
	if !req.grant && (!isHeaderText(s.Token) || strings.Contains(s.Token, " ")) {
		return &Error{Kind: KindUnauthorized, Op: req.op, Err: errNoToken}
	}
	req.secrets = append(req.secrets, s.Token)

	patience := max(0, c.cfg.MaxWait)
	for tries := 1; ; {
		failure, err := c.try(ctx, s, req, &patience, read)
		if err != nil {
			return err
		}
		if failure == nil {
			return nil
		}
		failure.Op = req.op
		wait := time.Duration(0)
		switch {
		case failure.Kind == KindThrottled:
			// Not a failure of anybody: bounded by time, not by tries.
			wait = failure.RetryAfter
		case tries > c.cfg.Retries || !worthRetrying(failure, req):
			return failure
		default:
			wait = backoff(tries)
			tries++
		}
		if wait = max(wait, failure.RetryAfter); failure.RetryAfter > 0 {
			if wait > patience {
				return failure
			}
			patience -= wait
		}
		c.log.DebugContext(ctx, "shopify: trying again", slog.String("op", req.op), slog.String("shop", shop),
			slog.String("kind", string(failure.Kind)), slog.Int("status", failure.Status), slog.Duration("wait", wait))
		if err := pause(ctx, wait, nil); err != nil {
			return interrupted(req.op, err)
		}
	}
}

func worthRetrying(failure *Error, req call) bool {
	switch failure.Kind {
	case KindUnavailable:
		return !errors.Is(failure.Err, errTooLarge)
	case KindNotFound:
		return req.retryGone
	default:
		return false
	}
}

// try makes one request. The error is only for an ended context.
func (c *Client) try(ctx context.Context, s Session, req call, patience *time.Duration, read func(*answer) *Error) (*Error, error) {
	if err := ctx.Err(); err != nil {
		return nil, interrupted(req.op, err)
	}
	var slot *permit
	var seen Observation
	begun := time.Now()
	if !req.grant {
		whose := accountOf(s)
		whose.points = req.points > 0
		p, wait, ok, err := c.limiter.acquire(ctx, whose, max(1, req.points), patience)
		seen.Waited = time.Since(begun)
		if err != nil {
			return nil, interrupted(req.op, err)
		}
		if !ok {
			seen.Kind = KindThrottled
			c.observe(seen)
			return &Error{Kind: KindThrottled, RetryAfter: wait}, nil
		}
		slot = &p
	}
	ans, failure := c.send(ctx, s, req, slot)
	if err := ctx.Err(); err != nil && failure != nil {
		return nil, interrupted(req.op, err)
	}
	if failure == nil {
		failure = read(ans)
		if failure != nil {
			failure.Status, failure.RequestID = ans.status, requestID(ans.header, req.secrets)
		}
	}
	seen.Took = time.Since(begun) - seen.Waited
	if failure != nil {
		seen.Kind, seen.Status = failure.Kind, failure.Status
	} else {
		seen.Status = ans.status
	}
	c.observe(seen)
	return failure, nil
}

func (c *Client) observe(o Observation) {
	if c.cfg.Observe != nil {
		c.cfg.Observe(o)
	}
}

// send does the exchange and returns the slot of the limiter.
func (c *Client) send(ctx context.Context, s Session, req call, slot *permit) (ans *answer, failure *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()

	answered := false
	defer func() {
		if slot != nil && !answered {
			slot.lost()
		}
	}()
	unavailable := func(err error) *Error {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = errTimeout
		}
		return &Error{Kind: KindUnavailable, Err: newCause(err, req.secrets...)}
	}

	r, err := c.request(ctx, s, req)
	if err != nil {
		return nil, &Error{Kind: KindInvalid, Err: newCause(err, req.secrets...)}
	}
	asked := c.cfg.Now()
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, unavailable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	retryAfter := parseRetryAfter(resp.Header.Get("Retry-After"), resp.StatusCode, c.cfg.Now())
	good := resp.StatusCode >= 200 && resp.StatusCode < 300
	if slot != nil && (req.points == 0 || !good) {
		answered = true
		if resp.StatusCode == http.StatusTooManyRequests {
			slot.refused(retryAfter)
		} else {
			slot.done(resp.Header.Get(limitHeader), good)
		}
	}
	if req.versioned {
		c.noteVersion(ctx, s.Shop, resp.Header.Get(versionHeader))
	}

	limit := req.limit
	if !good {
		limit = maxAnswerBytes
	}
	body, err := readBody(resp.Body, resp.ContentLength, limit)
	if !good {
		// Half an error body still has its status.
		return nil, refusal(req, resp, body[:min(int64(len(body)), limit)], retryAfter)
	}
	if err == nil && int64(len(body)) > limit {
		err = errTooLarge
	}
	if err != nil {
		failure := unavailable(err)
		failure.Status, failure.RequestID = resp.StatusCode, requestID(resp.Header, req.secrets)
		return nil, failure
	}
	if slot != nil && req.points > 0 {
		if c, ok := costOf(body); ok {
			answered = true
			slot.spent(c)
		}
	}
	return &answer{url: r.URL, status: resp.StatusCode, header: resp.Header, body: body, asked: asked}, nil
}

func (c *Client) request(ctx context.Context, s Session, req call) (*http.Request, error) {
	u, err := c.base(s.Shop)
	if err != nil {
		return nil, err
	}
	root := "/admin/"
	if req.versioned {
		root = "/admin/api/" + c.cfg.APIVersion + "/"
	}
	u.Path = strings.TrimRight(u.Path, "/") + root + req.path
	u.RawPath, u.RawQuery = "", req.query

	var body io.Reader
	if req.body != nil {
		body = bytes.NewReader(req.body)
	}
	r, err := http.NewRequestWithContext(ctx, req.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", c.cfg.UserAgent)
	if req.body != nil {
		r.Header.Set("Content-Type", req.contentType)
	}
	if !req.grant {
		r.Header.Set(tokenHeader, s.Token)
	}
	return r, nil
}

func (c *Client) noteVersion(ctx context.Context, shop, served string) {
	if c.served.note(shop, served, c.cfg.APIVersion) {
		c.log.WarnContext(ctx, "shopify: store serves another API version than the configured one",
			slog.String("shop", shop), slog.String("configured", c.cfg.APIVersion), slog.String("served", served))
	}
}

// refusal makes the error of an answer that is not 2xx.
func refusal(req call, resp *http.Response, body []byte, retryAfter time.Duration) *Error {
	messages := messagesOf(body, req.secrets...)
	kind := kindOf(resp.StatusCode, messages)
	if req.grant {
		kind = grantKindOf(resp.StatusCode, string(body))
	}
	return &Error{
		Kind:       kind,
		Status:     resp.StatusCode,
		Messages:   messages,
		RequestID:  requestID(resp.Header, req.secrets),
		RetryAfter: retryAfter,
	}
}

func requestID(h http.Header, secrets []string) string {
	return tidy(h.Get("X-Request-Id"), maxRequestID, secrets)
}

// interrupted wraps the error of an ended context. It is no *Error, so that a
// shutdown is not taken for a fault of the store.
func interrupted(op string, err error) error { return fmt.Errorf("shopify: %s: %w", op, err) }
