package simulator

import (
	"bytes"
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const statusSecurity = 430 // no name in net/http

// before is the answer of a fault that leaves the request undone, or nil.
func (f Fault) before() *reply {
	switch f.Kind {
	case FaultThrottled, FaultThrottledHTML:
		rep := tooMany(standardBucket/bucketSeconds, cmp.Or(f.RetryAfter, retryAfter))
		if f.Kind == FaultThrottledHTML {
			html := htmlReply(http.StatusTooManyRequests, "Too Many Requests")
			html.header.Set("Retry-After", rep.header.Get("Retry-After"))
			return html
		}
		return rep
	case FaultInternal:
		return errorReply(http.StatusInternalServerError, "Internal Server Error")
	case FaultBadGateway:
		return htmlReply(http.StatusBadGateway, "Bad Gateway")
	case FaultUnavailable:
		return &reply{status: http.StatusServiceUnavailable, header: make(http.Header)}
	case FaultOrigin:
		return htmlReply(520, "Web server is returning an unknown error")
	case FaultUnauthorized:
		return errorReply(http.StatusUnauthorized, textUnauthorized)
	case FaultPayment:
		return errorReply(http.StatusPaymentRequired, textUnavailable)
	case FaultScope:
		return missingScope("read_orders")
	case FaultProtectedData:
		return errorReply(http.StatusForbidden, textProtectedData)
	case FaultTokenKind:
		return errorReply(http.StatusForbidden, textTokenKind)
	case FaultForbidden:
		return errorReply(http.StatusForbidden, textForbidden)
	case FaultNotFound:
		return errorReply(http.StatusNotFound, textNotFound)
	case FaultNotFoundHTML:
		return htmlReply(http.StatusNotFound, "Not Found")
	case FaultInvalidList:
		return jsonReply(http.StatusUnprocessableEntity, map[string]any{"errors": []string{"The request is not valid", "Try another one"}})
	case FaultLocked:
		return errorReply(http.StatusLocked, "Locked")
	case FaultSecurity:
		return errorReply(statusSecurity, "Shopify Security Rejection")
	case FaultStaleCursor:
		return fieldReply(http.StatusBadRequest, "page_info", "Invalid value.")
	case FaultRedirect:
		rep := htmlReply(http.StatusMovedPermanently, "Moved")
		rep.header.Set("Location", f.target()+"/admin/api/2026-10/orders.json?status=any")
		return rep
	case FaultDrop:
		return &reply{header: make(http.Header), drop: true}
	case FaultHang:
		return &reply{header: make(http.Header), hang: true}
	case FaultQueries:
		return graphErrors(graphFailure{Message: "Throttled", Extensions: map[string]any{"code": "THROTTLED"}})
	case FaultNotInstalled:
		return oauthReply(http.StatusBadRequest, "app_not_installed", "The app is not installed on this shop.")
	case FaultNotPermitted:
		return oauthReply(http.StatusBadRequest, "shop_not_permitted", "Client credentials cannot be performed on this shop.")
	case FaultBadClient:
		return oauthReply(http.StatusUnauthorized, "invalid_client", "Client authentication failed.")
	default:
		return nil
	}
}

// after spoils the answer to a request that was carried out. Only good answers
// can be spoiled.
func (f Fault) after(sh *Shop, r *http.Request, rep *reply) {
	if rep.status < 200 || rep.status > 299 {
		return
	}
	switch f.Kind {
	case FaultLost:
		rep.drop, rep.status = true, 0
	case FaultCut:
		rep.cut = max(1, len(rep.body)/2)
	case FaultSlow:
		rep.wait = cmp.Or(f.Delay, -1)
	case FaultWrongJSON:
		rep.body = append(rep.body[:len(rep.body)/2:len(rep.body)/2], `,"`...)
	case FaultHTML:
		html := htmlReply(http.StatusOK, "One moment, please")
		rep.body = html.body
		rep.header.Set("Content-Type", html.header.Get("Content-Type"))
		rep.header.Del("Link")
	case FaultErrors:
		rep.body = errorReply(http.StatusOK, "Service temporarily unavailable").body
		rep.header.Del("Link")
	case FaultEmptyBody:
		rep.body = nil
		rep.header.Del("Link")
	case FaultForeignLink:
		rep.header.Set("Link", f.foreignLink(sh, rep.header.Get("Link")))
	case FaultSelfLink:
		rep.header.Set("Link", selfLink(sh, r))
	case FaultEarlyEnd:
		rep.header.Del("Link")
		if at := bytes.LastIndex(rep.body, []byte(`"hasNextPage":true`)); at >= 0 {
			rep.body = slices.Concat(rep.body[:at], []byte(`"hasNextPage":false`), rep.body[at+len(`"hasNextPage":true`):])
		}
	case FaultTruncated:
		if at := bytes.LastIndex(rep.body, []byte(`,"extensions":`)); at >= 0 {
			rep.body = slices.Concat(rep.body[:at], []byte(`,"errors":[{"message":"`+textTruncated+`"}]`), rep.body[at:])
		}
	case FaultEmptyPage:
		if at := bytes.IndexByte(rep.body, '['); at > 0 {
			rep.body = append(rep.body[:at:at], "[]}"...)
		}
	default:
	}
}

func (f Fault) target() string {
	return strings.TrimSuffix(cmp.Or(f.Target, "https://evil.example"), "/")
}

// foreignLink keeps the cursor, so that only the host gives it away.
func (f Fault) foreignLink(sh *Shop, link string) string {
	if link == "" {
		c := cursor{Direction: "next", Page: 2}
		link = "<https://" + sh.cfg.Domain + "/admin/api/2026-10/orders.json?limit=250&page_info=" + url.QueryEscape(c.String()) + `>; rel="next"`
	}
	return strings.ReplaceAll(link, "https://"+sh.cfg.Domain, f.target())
}

// selfLink leads to the page that was just asked for, also to the first.
func selfLink(sh *Shop, r *http.Request) string {
	q := r.URL.Query()
	if !q.Has("page_info") {
		filter := sh.parseFilter(q)
		start := cursor{position{math.MinInt64, math.MinInt64}, "next", 1, make(map[string]string)}
		if filter.desc {
			start.position = position{math.MaxInt64, math.MaxInt64}
		}
		for _, name := range filterParams {
			if v := q.Get(name); v != "" {
				start.Filters[name] = v
			}
			q.Del(name)
		}
		q.Set("page_info", start.String())
	}
	return "<https://" + sh.cfg.Domain + requestPath(r) + "?" + q.Encode() + `>; rel="next"`
}
