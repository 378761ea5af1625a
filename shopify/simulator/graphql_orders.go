package simulator

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// resolve is what a field of the root holds.
func (sh *Shop) resolve(x *execution, root string, f *ast.Field) any {
	args := f.ArgumentMap(x.variables)
	if root == "Mutation" {
		return sh.mutate(x, f, args)
	}
	switch f.Name {
	case "shop":
		p := placeOf(sh.cfg.Country)
		return object{
			"id": globalID("Shop", strconv.FormatInt(sh.id, 10)), "name": sh.cfg.Name, "myshopifyDomain": sh.cfg.Domain,
			"ianaTimezone": p.zone, "timezoneOffsetMinutes": p.offset,
		}
	case "bulkOperation":
		return sh.bulkOperation(textArg(args, "id"))
	case "bulkOperations":
		return sh.listBulks()
	}
	if denied := sh.deniedOrders(); denied != "" {
		x.fail("ACCESS_DENIED", denied)
		return nil
	}
	switch f.Name {
	case "orders":
		return sh.graphPage(x, args)
	case "ordersCount":
		return sh.graphCount(args)
	case "order":
		if rec, ok := sh.visible(textArg(args, "id"), "Order"); ok {
			return sh.nodeOf(sh.appendRaw(nil, &rec))
		}
	case "refund":
		return sh.graphRefund(textArg(args, "id"))
	}
	return nil
}

// deniedOrders is why the app sees no orders, "" when it does.
func (sh *Shop) deniedOrders() string {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	switch {
	case !sh.hasScope("read_orders"):
		return "Access denied for orders field. Required access: `read_orders` access scope."
	case sh.cfg.PersonalData == PersonalDataRefused:
		return "This app is not approved to access the Order object. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."
	}
	return ""
}

func (sh *Shop) personalData() PersonalData {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.cfg.PersonalData
}

func textArg(args map[string]any, name string) string {
	s, _ := args[name].(string) // null is as good as missing
	return s
}

// graphPage is a page of orders.
func (sh *Shop) graphPage(x *execution, args map[string]any) any {
	first, given := numberOf(args["first"])
	if !given || first < 1 || first > maxLimit {
		x.fail("BAD_REQUEST", "you must provide one of first or last, up to 250")
		return nil
	}
	f, understood := sh.parseSearch(textArg(args, "query"))
	f.desc = args["reverse"] == true
	f.by = map[string]sortKey{"CREATED_AT": byCreated, "UPDATED_AT": byUpdated, "PROCESSED_AT": byProcessed}[textArg(args, "sortKey")]
	in := pageRequest{limit: first}
	number := 1
	if after := textArg(args, "after"); after != "" {
		c, ok := parseCursor(after)
		if !ok {
			x.fail("BAD_REQUEST", "Invalid cursor for current pagination sort.")
			return nil
		}
		in.cursor, number = &c, c.Page
	}
	if !understood {
		f = filter{by: f.by, desc: f.desc, status: "any"} // what cannot be read filters nothing, without a word
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	f.wall = sh.wall()
	p := cutPage(sh.collect(f, in), in)
	return pageOf{records: p.items, next: p.next, cursor: func(r record) string {
		return cursor{position{r.key(f.by), r.id}, "next", number + 1, nil}.String()
	}}
}

// graphCount is ordersCount: no more than its limit, unless that is null.
func (sh *Shop) graphCount(args map[string]any) any {
	f, understood := sh.parseSearch(textArg(args, "query"))
	if !understood {
		f = filter{status: "any"}
	}
	limit, limited := numberOf(args["limit"])
	if !limited {
		limit = math.MaxInt
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	f.wall = sh.wall()
	n := 0
	for _, r := range sh.index.sorted[byID] {
		if f.match(r) {
			n++
		}
	}
	if n > limit {
		return object{"count": limit, "precision": "AT_LEAST"}
	}
	return object{"count": n, "precision": "EXACT"}
}

// visible is an order by its global id.
func (sh *Shop) visible(id, kind string) (record, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(id, "gid://shopify/"+kind+"/"), 10, 64)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	found := sh.index.get(n)
	if err != nil || found == nil || found.created < sh.wall() {
		return record{}, false
	}
	return *found, true
}

// graphRefund looks for a refund by its global id. Nobody indexes them: there are few questions for one alone.
func (sh *Shop) graphRefund(id string) any {
	sh.mu.Lock()
	records := make([]record, 0, sh.index.len())
	for _, r := range sh.index.sorted[byID] {
		records = append(records, *r)
	}
	sh.mu.Unlock()
	digits := strings.TrimPrefix(id, "gid://shopify/Refund/")
	for i := range records {
		raw := sh.appendRaw(nil, &records[i])
		if !strings.Contains(string(raw), digits) {
			continue
		}
		refunds, _ := sh.nodeOf(raw)["refunds"].([]any)
		for _, r := range refunds {
			if o, ok := r.(object); ok && o["id"] == id {
				return o
			}
		}
	}
	return nil
}

var (
	searchBound = regexp.MustCompile(`^(created_at|updated_at|processed_at):(>=|<=|>|<)'([^']*)'$`)
	searchID    = regexp.MustCompile(`^id:([0-9]+)$`)
)

// parseSearch reads the search syntax as far as it is used. A time that is not quoted is cut at its colons; understood is false
// then, as for anything else that is not known.
func (sh *Shop) parseSearch(text string) (f filter, understood bool) {
	f = filter{by: byCreated, status: "any"}
	if text == "" {
		return f, true
	}
	for term := range strings.SplitSeq(text, " AND ") {
		term = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(term), "("), ")")
		if m := searchBound.FindStringSubmatch(term); m != nil {
			t, err := time.Parse(time.RFC3339, m[3])
			if err != nil {
				return f, false
			}
			f.bound(m[1], m[2], unix(t))
			continue
		}
		for id := range strings.SplitSeq(term, " OR ") {
			m := searchID.FindStringSubmatch(strings.TrimSpace(id))
			if m == nil {
				return f, false
			}
			n, err := json.Number(m[1]).Int64()
			if err != nil {
				return f, false
			}
			f.ids = append(f.ids, n)
		}
	}
	return f, true
}

// bound sets one end of a window.
func (f *filter) bound(field, op string, at int64) {
	if op == ">" {
		at++
	} else if op == "<" {
		at--
	}
	low, high := &f.createdMin, &f.createdMax
	switch field {
	case "updated_at":
		low, high = &f.updatedMin, &f.updatedMax
	case "processed_at":
		low, high = &f.processMin, &f.processMax
	}
	if op[0] == '>' {
		*low = &at
	} else {
		*high = &at
	}
}
