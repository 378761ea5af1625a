package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// mayReadOrders is the refusal an app gets for all order resources, or nil.
// The caller holds the lock.
func (sh *Shop) mayReadOrders(r *http.Request) *reply {
	switch {
	case r.Method != http.MethodGet:
		return missingScope("write_orders")
	case !sh.hasScope("read_orders"):
		return missingScope("read_orders")
	case sh.cfg.PersonalData == PersonalDataRefused, sh.cfg.RESTRefused:
		return errorReply(http.StatusForbidden, textProtectedData)
	}
	return nil
}

// wall is the oldest creation time the app sees, 0 when it sees all. The
// caller holds the lock.
func (sh *Shop) wall() int64 {
	if sh.hasScope("read_all_orders") {
		return 0
	}
	return unix(sh.srv.now().Add(-historyWall))
}

// listOrders is GET orders.json.
func (sh *Shop) listOrders(r *http.Request) *reply {
	in, refused := readPage(r, filterParams)
	if refused != nil {
		return refused
	}
	f := sh.parseFilter(in.query)
	sh.mu.Lock()
	if refused := sh.mayReadOrders(r); refused != nil {
		sh.mu.Unlock()
		return refused
	}
	f.wall = sh.wall()
	data := sh.cfg.PersonalData
	p := cutPage(sh.collect(f, in), in)
	sh.mu.Unlock()

	fields := r.URL.Query().Get("fields")
	body := make([]byte, 0, 64+len(p.items)*7000)
	body = append(body, `{"orders":[`...)
	for i := range p.items {
		if i > 0 {
			body = append(body, ',')
		}
		body = sh.appendPayload(body, &p.items[i], data, fields)
	}
	rep := bytesReply(http.StatusOK, append(body, `]}`...))
	if n := len(p.items); n > 0 {
		first, last := &p.items[0], &p.items[n-1]
		sh.link(rep, r, requestPath(r), in, filterParams,
			position{first.key(f.by), first.id}, position{last.key(f.by), last.id}, p.prev, p.next)
	}
	return rep
}

// collect copies the records of a page and one more. The caller holds the lock.
func (sh *Shop) collect(f filter, in pageRequest) []record {
	desc := f.desc
	var from *position
	if in.cursor != nil {
		from = &in.cursor.position
		if in.cursor.Direction == "prev" {
			desc = !desc
		}
	}
	found := make([]record, 0, in.limit+1)
	sh.index.walk(f.by, desc, from, func(r *record) bool {
		if f.beyond(r, desc) {
			return false
		}
		if f.match(r) {
			found = append(found, *r)
		}
		return len(found) <= in.limit
	})
	return found
}

// countOrders is GET orders/count.json: same filters, same wall, no limit.
func (sh *Shop) countOrders(r *http.Request) *reply {
	f := sh.parseFilter(r.URL.Query())
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if refused := sh.mayReadOrders(r); refused != nil {
		return refused
	}
	f.wall = sh.wall()
	n := 0
	for _, r := range sh.index.sorted[byID] {
		if f.match(r) {
			n++
		}
	}
	return jsonReply(http.StatusOK, map[string]int{"count": n})
}

// oneOrder is GET orders/{id}.json. An order behind the wall is not found.
func (sh *Shop) oneOrder(r *http.Request, name string) *reply {
	text, ok := strings.CutSuffix(name, ".json")
	id, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return errorReply(http.StatusNotFound, textNotFound)
	}
	sh.mu.Lock()
	if refused := sh.mayReadOrders(r); refused != nil {
		sh.mu.Unlock()
		return refused
	}
	found := sh.index.get(id)
	if found == nil || found.created < sh.wall() {
		sh.mu.Unlock()
		return errorReply(http.StatusNotFound, textNotFound)
	}
	rec, data := *found, sh.cfg.PersonalData
	sh.mu.Unlock()
	body := sh.appendPayload([]byte(`{"order":`), &rec, data, r.URL.Query().Get("fields"))
	return bytesReply(http.StatusOK, append(body, '}'))
}

// appendPayload writes an order as the app may see it.
func (sh *Shop) appendPayload(b []byte, r *record, data PersonalData, fields string) []byte {
	if data == PersonalDataFull && fields == "" {
		return sh.appendRaw(b, r)
	}
	raw := sh.appendRaw(nil, r)
	if data != PersonalDataFull {
		raw = withhold(raw)
	}
	if fields == "" {
		return append(b, raw...)
	}
	return append(b, pick(raw, strings.Split(fields, ","))...)
}

// appendRaw writes an order's bytes: the kept ones, or made anew.
func (sh *Shop) appendRaw(b []byte, r *record) []byte {
	if r.raw != nil {
		return append(b, r.raw...)
	}
	return sh.appendGenerated(b, r)
}

// pick keeps the named members of an object, each byte for byte.
func pick(raw []byte, fields []string) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return raw
	}
	out := []byte{'{'}
	for i, name := range fields {
		name = strings.TrimSpace(name)
		value, ok := members[name]
		if !ok || slices.Contains(fields[:i], name) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = appendString(out, name)
		out = append(out, ':')
		out = append(out, value...)
	}
	return append(out, '}')
}

// requestPath is the path a link leads to: the one that was asked for, without
// a leading store segment, since links name the store as their host.
func requestPath(r *http.Request) string {
	if at := strings.Index(r.URL.Path, "/admin/"); at > 0 {
		return r.URL.Path[at:]
	}
	return r.URL.Path
}
