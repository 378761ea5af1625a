package simulator

import (
	"slices"
	"strings"
	"time"
)

// FaultKind is a way to go wrong.
type FaultKind string

// Faults instead of the answer: the request has no effect.
const (
	FaultThrottled     FaultKind = "throttled"      // 429 with a decimal Retry-After
	FaultThrottledHTML FaultKind = "throttled_html" // 429 with an HTML body
	FaultInternal      FaultKind = "internal"       // 500, JSON
	FaultBadGateway    FaultKind = "bad_gateway"    // 502, HTML
	FaultUnavailable   FaultKind = "unavailable"    // 503, empty body
	FaultOrigin        FaultKind = "origin"         // 520, HTML
	FaultUnauthorized  FaultKind = "unauthorized"   // 401
	FaultPayment       FaultKind = "payment"        // 402
	FaultScope         FaultKind = "scope"          // 403, approval missing for read_orders
	FaultProtectedData FaultKind = "protected_data" // 403, protected customer data
	FaultTokenKind     FaultKind = "token_kind"     // 403, non-expiring token
	FaultForbidden     FaultKind = "forbidden"      // 403, some other reason
	FaultNotFound      FaultKind = "not_found"      // 404, JSON
	FaultNotFoundHTML  FaultKind = "not_found_html" // 404, HTML
	FaultInvalidList   FaultKind = "invalid_list"   // 422 with a list under errors
	FaultLocked        FaultKind = "locked"         // 423
	FaultSecurity      FaultKind = "security"       // 430
	FaultStaleCursor   FaultKind = "stale_cursor"   // 400, page_info refused
	FaultRedirect      FaultKind = "redirect"       // 301 to Fault.Target
	FaultDrop          FaultKind = "drop"           // the connection breaks before an answer
	FaultHang          FaultKind = "hang"           // no answer until the client gives up
	FaultNotInstalled  FaultKind = "not_installed"  // 400 app_not_installed, for the token endpoint
	FaultNotPermitted  FaultKind = "not_permitted"  // 400 shop_not_permitted, for the token endpoint
	FaultQueries       FaultKind = "queries"        // 200 THROTTLED, of GraphQL
	FaultTruncated     FaultKind = "truncated"      // 200 with errors and half of the data, of GraphQL
	FaultBadClient     FaultKind = "bad_client"     // 401 invalid_client, for the token endpoint
)

// Faults of the answer: the request was carried out.
const (
	FaultLost        FaultKind = "lost"         // the connection breaks, the answer is lost
	FaultCut         FaultKind = "cut"          // the connection breaks in the middle of the body
	FaultSlow        FaultKind = "slow"         // the body stops in the middle for Fault.Delay; 0: until the client gives up
	FaultWrongJSON   FaultKind = "wrong_json"   // 200, and the body is half a document
	FaultHTML        FaultKind = "html"         // 200, and the body is HTML
	FaultErrors      FaultKind = "errors"       // 200, and the body tells of an error
	FaultEmptyBody   FaultKind = "empty_body"   // 200 without a byte
	FaultForeignLink FaultKind = "foreign_link" // the next page is on Fault.Target
	FaultSelfLink    FaultKind = "self_link"    // the next page is this page
	FaultEarlyEnd    FaultKind = "early_end"    // there is no next page
	FaultEmptyPage   FaultKind = "empty_page"   // no orders, but a next page
)

// TransientFaults are those after which trying again helps and nothing is
// missing in what did arrive.
func TransientFaults() []FaultKind {
	return []FaultKind{
		FaultThrottled, FaultThrottledHTML, FaultInternal, FaultBadGateway, FaultUnavailable, FaultOrigin, FaultNotFound, FaultDrop,
		FaultLost, FaultCut, FaultSlow, FaultWrongJSON, FaultHTML, FaultErrors, FaultEmptyBody,
	}
}

// Fault says which requests go wrong, and how.
type Fault struct {
	Kind  FaultKind
	Kinds []FaultKind // instead of Kind: a random one each time

	Method string  // "": any
	Path   string  // part of the path, such as "orders.json"; "": any
	Page   int     // of a walk through a list, from 1; 0: any
	Skip   int     // so many matching requests pass first
	Times  int     // 0: until ClearFaults
	Chance float64 // share of the matching requests that is hit; 0: all

	RetryAfter string        // of a 429; default "2.0"
	Target     string        // scheme and host of FaultRedirect and FaultForeignLink; default https://evil.example
	Delay      time.Duration // of FaultSlow
}

type fault struct {
	Fault
	seen, hits int
}

// Inject adds a fault. Of several that match a request the one added first
// counts, until its Times are used up.
func (sh *Shop) Inject(f Fault) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	f.Kinds = slices.Clone(f.Kinds)
	sh.faults = append(sh.faults, &fault{Fault: f})
}

// Storm lets a share of all requests fail with a random transient fault, and
// keeps the waits short: a storm is for tests that wait for its end.
func (sh *Shop) Storm(share float64) {
	sh.Inject(Fault{Kinds: TransientFaults(), Chance: share, RetryAfter: "0.1", Delay: 20 * time.Millisecond})
}

// ClearFaults ends all faults.
func (sh *Shop) ClearFaults() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.faults = nil
}

// nextFault decides about one request; without a fault the Kind is "".
func (sh *Shop) nextFault(method, path string, page int) Fault {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, f := range sh.faults {
		if f.Method != "" && f.Method != method || !strings.Contains(path, f.Path) || f.Page != 0 && f.Page != page {
			continue
		}
		if f.Times > 0 && f.hits >= f.Times {
			continue
		}
		if f.seen++; f.seen <= f.Skip {
			continue
		}
		sh.faultDice++
		roll := dice(sh.seed^0xfa017, sh.faultDice)
		if f.Chance > 0 && roll.Float64() >= f.Chance {
			continue
		}
		f.hits++
		hit := f.Fault
		if len(f.Kinds) > 0 {
			hit.Kind = f.Kinds[roll.IntN(len(f.Kinds))]
		}
		return hit
	}
	return Fault{}
}
