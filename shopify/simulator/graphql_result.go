package simulator

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

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
