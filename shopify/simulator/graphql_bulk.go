package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// BulkPlan is how the next bulk operations of a store go.
type BulkPlan struct {
	Looks int    // at an operation until it is done; 0: two
	Error string // errorCode of its failure: ACCESS_DENIED, INTERNAL_SERVER_ERROR or TIMEOUT; "": it succeeds
	Whole int    // of a failed one: so many orders are in partialDataUrl; 0: there is none
	Short int    // so many orders at the end are left out, without a word
}

const (
	maxBulkRuns    = 5 // at once, for one app in one store
	maxConnections = 5
	storagePath    = "/storage/"
	defaultStorage = "https://storage.simulator.example"
)

// bulk is one bulk operation.
type bulk struct {
	id, status, failure string
	query               string
	created             time.Time
	set                 ast.SelectionSet // of an order
	filter              filter
	grouped             bool
	plan                BulkPlan
	looks               int
	roots, objects      int
	body                []byte
}

// SetBulk changes how bulk operations go that begin from now on.
func (sh *Shop) SetBulk(p BulkPlan) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.bulkPlan = p
}

// SetStorage changes where the results of bulk operations are fetched, a scheme and a host. This server answers there too.
func (s *Server) SetStorage(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storage = strings.TrimSuffix(base, "/")
}

func (s *Server) storageBase() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.storage == "" {
		return defaultStorage
	}
	return s.storage
}

// mutate is a mutation. Both are about bulk operations.
func (sh *Shop) mutate(x *execution, f *ast.Field, args map[string]any) any {
	if f.Name == "bulkOperationCancel" {
		sh.mu.Lock()
		for _, b := range sh.bulks {
			if b.id == textArg(args, "id") && (b.status == "RUNNING" || b.status == "CREATED") {
				b.status = "CANCELED"
			}
		}
		sh.mu.Unlock()
		return object{"bulkOperation": sh.bulkOperation(textArg(args, "id")), "userErrors": []any{}}
	}
	refuse := func(code, text string) object {
		return object{"bulkOperation": nil, "userErrors": []any{object{"field": []any{"query"}, "message": text, "code": code}}}
	}
	if denied := sh.deniedOrders(); denied != "" {
		x.fail("ACCESS_DENIED", denied)
		return nil
	}
	text := textArg(args, "query")
	doc, errs := gqlparser.LoadQueryWithRules(loadSchema(), text, nil)
	if len(errs) > 0 {
		return refuse("INVALID", errs[0].Message)
	}
	orders, set := bulkRoot(doc)
	if orders == nil {
		return refuse("INVALID", "Bulk queries must contain at least one connection.")
	}
	switch n, inList := connections(set, false); {
	case inList:
		return refuse("INVALID", "Queries that contain a connection field within a list field are not currently supported.")
	case n+1 > maxConnections:
		return refuse("INVALID", "Bulk queries cannot contain more than 5 connections.")
	}
	search, understood := sh.parseSearch(textArg(orders.ArgumentMap(nil), "query"))
	if !understood {
		search = filter{by: byCreated, status: "any"}
	}
	sh.mu.Lock()
	running := 0
	for _, b := range sh.bulks {
		if b.status == "CREATED" || b.status == "RUNNING" {
			running++
		}
	}
	if running >= maxBulkRuns {
		sh.mu.Unlock()
		return refuse("OPERATION_IN_PROGRESS", "A bulk query operation for this app and shop is already in progress.")
	}
	b := &bulk{
		id: globalID("BulkOperation", strconv.Itoa(7_000_000_000_000+len(sh.bulks))), status: "CREATED", query: text, created: sh.srv.now(),
		set: set, filter: search, grouped: args["groupObjects"] == true, plan: sh.bulkPlan,
	}
	sh.bulks = append(sh.bulks, b)
	sh.mu.Unlock()
	return object{"bulkOperation": sh.showBulk(b), "userErrors": []any{}}
}

// bulkRoot finds the orders of a query and what is asked of each.
func bulkRoot(doc *ast.QueryDocument) (*ast.Field, ast.SelectionSet) {
	for _, s := range doc.Operations[0].SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok || f.Name != "orders" {
			continue
		}
		return f, nodeSet(f)
	}
	return nil, nil
}

// nodeSet is what is asked of each node of a connection.
func nodeSet(f *ast.Field) ast.SelectionSet {
	for _, s := range f.SelectionSet {
		part, ok := s.(*ast.Field)
		switch {
		case !ok:
		case part.Name == "nodes":
			return part.SelectionSet
		case part.Name == "edges":
			for _, e := range part.SelectionSet {
				if node, ok := e.(*ast.Field); ok && node.Name == "node" {
					return node.SelectionSet
				}
			}
		}
	}
	return nil
}

// connections counts those below a selection, and tells whether one is within a list.
func connections(set ast.SelectionSet, list bool) (n int, inList bool) {
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		if isConnection(f) {
			n++
			inList = inList || list
		}
		below, bad := connections(f.SelectionSet, list || !isConnection(f) && f.Name != "edges" && f.Name != "nodes" && f.Definition.Type.Elem != nil)
		n, inList = n+below, inList || bad
	}
	return n, inList
}

func isConnection(f *ast.Field) bool {
	return strings.HasSuffix(f.Definition.Type.Name(), "Connection")
}

// bulkOperation is one look at an operation; some looks later it is done.
func (sh *Shop) bulkOperation(id string) any {
	sh.mu.Lock()
	var found *bulk
	for _, b := range sh.bulks {
		if b.id == id {
			found = b
		}
	}
	if found == nil {
		sh.mu.Unlock()
		return nil
	}
	if found.status == "CREATED" || found.status == "RUNNING" {
		found.looks++
		found.status = "RUNNING"
		if looks := found.plan.Looks; found.looks >= looks && (looks > 0 || found.looks >= 2) {
			sh.finishBulk(found)
		}
	}
	sh.mu.Unlock()
	return sh.showBulk(found)
}

// listBulks are all operations, the newest first.
func (sh *Shop) listBulks() connected {
	sh.mu.Lock()
	all := slices.Clone(sh.bulks)
	sh.mu.Unlock()
	list := connected{}
	for _, b := range slices.Backward(all) {
		list = append(list, sh.showBulk(b))
	}
	return list
}

func (sh *Shop) showBulk(b *bulk) object {
	base := sh.srv.storageBase()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	o := object{
		"id": b.id, "status": b.status, "query": b.query, "createdAt": b.created.UTC().Format(time.RFC3339),
		"objectCount": strconv.Itoa(b.objects), "rootObjectCount": strconv.Itoa(b.roots), "fileSize": strconv.Itoa(len(b.body)),
	}
	if b.failure != "" {
		o["errorCode"] = b.failure
	}
	if len(b.body) > 0 {
		address := base + storagePath + sh.cfg.Domain + "/" + b.id[strings.LastIndexByte(b.id, '/')+1:] + ".jsonl?Expires=1&Signature=abc%2Bdef"
		if b.status == "COMPLETED" {
			o["url"] = address
		} else {
			o["partialDataUrl"] = address
		}
	}
	return o
}

// finishBulk makes the result. The caller holds the lock.
func (sh *Shop) finishBulk(b *bulk) {
	b.status = "COMPLETED"
	failure := b.plan.Error
	if sh.cfg.PersonalData != PersonalDataFull {
		failure = "ACCESS_DENIED"
	}
	b.filter.wall = sh.wall()
	var found []record
	for _, r := range sh.index.sorted[byCreated] {
		if b.filter.match(r) {
			found = append(found, *r)
		}
	}
	found = found[:max(0, len(found)-b.plan.Short)]
	if failure != "" {
		b.status, b.failure = "FAILED", failure
		found = found[:min(len(found), b.plan.Whole)]
	}
	var own, rest []byte
	for i := range found {
		node := sh.nodeOf(sh.appendRaw(nil, &found[i]))
		lines := &own
		own = append(sh.bulkLine(own, b.set, "Order", node, ""), '\n')
		b.roots, b.objects = b.roots+1, b.objects+1
		if !b.grouped {
			lines = &rest
		}
		for _, s := range b.set {
			f, ok := s.(*ast.Field)
			if !ok || !isConnection(f) {
				continue
			}
			children, _ := node[f.Name].(connected)
			for _, child := range children {
				*lines = append(sh.bulkLine(*lines, nodeSet(f), strings.TrimSuffix(f.Definition.Type.Name(), "Connection"), child, textArg(node, "id")), '\n')
				b.objects++
			}
		}
	}
	b.body = append(own, rest...)
}

// bulkLine writes an object without its connections, which are lines of their own.
func (sh *Shop) bulkLine(b []byte, set ast.SelectionSet, kind string, o object, parent string) []byte {
	var flat ast.SelectionSet
	for _, s := range set {
		if f, ok := s.(*ast.Field); ok && !isConnection(f) {
			flat = append(flat, f)
		}
	}
	x := &execution{shop: sh, schema: loadSchema(), plain: true}
	x.w.b = b
	x.w.open("", '{')
	x.fields(flat, kind, o)
	if parent != "" {
		x.w.str("__parentId", parent)
	}
	x.w.close('}')
	return x.w.b
}

// download is a GET of a result, from a byte on when a range is asked for.
func (sh *Shop) download(r *http.Request, name string) *reply {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, b := range sh.bulks {
		if b.id[strings.LastIndexByte(b.id, '/')+1:]+".jsonl" != name {
			continue
		}
		rep := bytesReply(http.StatusOK, b.body)
		rep.header.Set("Content-Type", "application/jsonl")
		from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
		if at, err := strconv.Atoi(strings.TrimSuffix(from, "-")); ok && err == nil && strings.HasSuffix(from, "-") {
			if at >= len(b.body) {
				return bytesReply(http.StatusRequestedRangeNotSatisfiable, nil)
			}
			rep.status, rep.body = http.StatusPartialContent, b.body[at:]
			rep.header.Set("Content-Range", "bytes "+strconv.Itoa(at)+"-"+strconv.Itoa(len(b.body)-1)+"/"+strconv.Itoa(len(b.body)))
		}
		return rep
	}
	return htmlReply(http.StatusNotFound, "Not Found")
}

// BulkOperations tells how many bulk operations the app has begun.
func (sh *Shop) BulkOperations() int {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return len(sh.bulks)
}
