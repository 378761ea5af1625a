package shopify

import "strings"

// Part is a piece of a delivery's body that is about one person: an order of several, or all of the body.
type Part struct {
	Marks      []string
	start, end int
}

// Parts takes the body of a delivery of any topic apart. A body that is only orders has a part for each of them; any other is
// one part.
func Parts(topic string, body []byte) []Part {
	start := skipSpace(body, 0)
	own := markOrder
	if strings.HasPrefix(topic, "customers/") {
		own = markCustomer
	}
	var parts []Part
	add := func(from, to int) { parts = append(parts, Part{marksOf(body[from:to], own), from, to}) }
	switch at := start; {
	case at >= len(body):
		return nil
	case body[at] == '{':
		at = onlyMember(body, at, "orders")
		if at < 0 || !isList(body[at:]) {
			break
		}
		start = at
		fallthrough
	case body[at] == '[':
		walkValues(body, start, func(s spot) bool {
			add(s.start, s.end)
			return false
		})
		return parts
	}
	if at := onlyMember(body, start, "order"); at >= 0 {
		add(at, skipValue(body, at)) // its id is the order's
		return parts
	}
	add(0, len(body))
	return parts
}

// onlyMember is where the value of an object's member is that has no other; -1 when there are others, or it is called otherwise.
func onlyMember(body []byte, object int, name string) int {
	i, more := openObject(body, object)
	if !more {
		return -1
	}
	found, value := memberAt(body, i)
	end := skipValue(body, value)
	if string(found) != name || end < 0 {
		return -1
	}
	if _, more = nextMember(body, end); more {
		return -1
	}
	return value
}

// ScrubParts scrubs the parts that have a mark which hit knows; changed is false when nothing had to be.
func ScrubParts(body []byte, parts []Part, hit func(mark string) bool) (out []byte, changed bool) {
	copied := 0
	for _, p := range parts {
		hits := Hits(p.Marks, hit)
		if len(hits) == 0 {
			continue
		}
		scrubbed := Scrub(body[p.start:p.end], hits)
		if string(scrubbed) == string(body[p.start:p.end]) {
			continue
		}
		out = append(append(out, body[copied:p.start]...), scrubbed...)
		copied, changed = p.end, true
	}
	if !changed {
		return body, false
	}
	return append(out, body[copied:]...), true
}

// Hits are the marks that hit knows.
func Hits(marks []string, hit func(mark string) bool) (hits []string) {
	for _, m := range marks {
		if hit(m) {
			hits = append(hits, m)
		}
	}
	return hits
}

// Scrubbed is the order without its customer. It stays the order that it was, whatever of its payload went.
func (o Order) Scrubbed(hits []string) Order {
	raw := Scrub(o.Raw, hits)
	s, err := ParseOrder(raw)
	if err != nil {
		s = Order{Raw: raw}
	}
	s.ID = o.ID
	s.CreatedAt, s.UpdatedAt, s.CancelledAt = o.CreatedAt, o.UpdatedAt, o.CancelledAt
	return s
}
