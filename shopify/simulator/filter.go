package simulator

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// historyWall is how far back an app without read_all_orders sees.
const historyWall = 60 * 24 * time.Hour

// filterParams are the parameters that choose orders. They travel inside the
// cursor and may not stand beside one.
var filterParams = []string{
	"status", "since_id", "ids", "name", "attribution_app_id", "financial_status", "fulfillment_status", "order",
	"created_at_min", "created_at_max", "updated_at_min", "updated_at_max", "processed_at_min", "processed_at_max",
}

// filter is the choice of orders of one list or count.
type filter struct {
	by     sortKey
	desc   bool
	wall   int64 // created before it: not visible; 0: no wall
	status string

	sinceID                            int64
	ids                                []int64
	name                               string
	financial, fulfillment             string
	createdMin, updatedMin, processMin *int64
	createdMax, updatedMax, processMax *int64
}

// parseFilter reads what Shopify reads. What it cannot read it ignores, as
// Shopify does with a time that is quoted or not encoded.
func (sh *Shop) parseFilter(q url.Values) filter {
	f := filter{by: byCreated, desc: true, status: "open"}
	if s := q.Get("status"); s != "" {
		f.status = s
	}
	if id, err := strconv.ParseInt(q.Get("since_id"), 10, 64); err == nil {
		f.sinceID, f.by, f.desc = id, byID, false
	}
	for id := range strings.SplitSeq(q.Get("ids"), ",") {
		if n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64); err == nil {
			f.ids = append(f.ids, n)
		}
	}
	f.name = strings.TrimPrefix(q.Get("name"), "#")
	f.financial, f.fulfillment = q.Get("financial_status"), q.Get("fulfillment_status")
	for name, at := range map[string]**int64{
		"created_at_min": &f.createdMin, "created_at_max": &f.createdMax,
		"updated_at_min": &f.updatedMin, "updated_at_max": &f.updatedMax,
		"processed_at_min": &f.processMin, "processed_at_max": &f.processMax,
	} {
		if t, ok := sh.parseTime(q.Get(name)); ok {
			*at = new(unix(t))
		}
	}
	f.order(q.Get("order"))
	return f
}

func (f *filter) order(text string) {
	field, direction, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), " ")
	keys := map[string]sortKey{"id": byID, "created_at": byCreated, "updated_at": byUpdated, "processed_at": byProcessed}
	if by, ok := keys[field]; ok {
		f.by, f.desc = by, strings.TrimSpace(direction) == "desc"
	}
}

func (sh *Shop) parseTime(text string) (time.Time, bool) {
	zone := placeOf(sh.cfg.Country).location()
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (f *filter) match(r *record) bool {
	return r.created >= f.wall && f.matchStatus(r) &&
		within(r.created, f.createdMin, f.createdMax) &&
		within(r.updated, f.updatedMin, f.updatedMax) &&
		within(r.processed, f.processMin, f.processMax) &&
		r.id > f.sinceID &&
		(f.ids == nil || slices.Contains(f.ids, r.id)) &&
		(f.name == "" || strings.TrimPrefix(r.name, "#") == f.name) &&
		f.matchFinancial(r) && f.matchFulfillment(r)
}

// within includes both ends.
func within(v int64, lo, hi *int64) bool {
	return (lo == nil || v >= *lo) && (hi == nil || v <= *hi)
}

func (f *filter) matchStatus(r *record) bool {
	switch f.status {
	case "any":
		return true
	case "closed":
		return r.closed
	case "cancelled":
		return r.cancelled
	default:
		return !r.closed && !r.cancelled
	}
}

func (f *filter) matchFinancial(r *record) bool {
	switch f.financial {
	case "", "any":
		return true
	case "unpaid":
		return r.financial == "authorized" || r.financial == "partially_paid"
	default:
		return r.financial == f.financial
	}
}

func (f *filter) matchFulfillment(r *record) bool {
	switch f.fulfillment {
	case "", "any":
		return true
	case "shipped":
		return r.fulfillment == "fulfilled"
	case "unshipped":
		return r.fulfillment == ""
	case "unfulfilled":
		return r.fulfillment == "" || r.fulfillment == "partial"
	default:
		return r.fulfillment == f.fulfillment
	}
}

// beyond reports that no later record of a walk can match, which ends a scan
// early for the usual windows.
func (f *filter) beyond(r *record, desc bool) bool {
	lo, hi := f.createdMin, f.createdMax
	v := r.created
	switch f.by {
	case byUpdated:
		lo, hi, v = f.updatedMin, f.updatedMax, r.updated
	case byProcessed:
		lo, hi, v = f.processMin, f.processMax, r.processed
	case byID, sortKeys:
		return false
	case byCreated:
	}
	if desc {
		return lo != nil && v < *lo
	}
	return hi != nil && v > *hi
}
