package simulator

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxGraphErrors is how many errors an answer has before the rest of it is left out.
const maxGraphErrors = 100

// textTruncated is what is said then.
const textTruncated = "Too many execution errors, max error limit reached. Results truncated"

// withheldFields are what an app sees nothing of without access to personal data,
// by their types; each that is asked for is an error of its own.
var withheldFields = map[string]map[string]bool{
	"Order":    {"email": true, "phone": true, "note": true, "clientIp": true, "statusPageUrl": true},
	"Customer": {"firstName": true, "lastName": true, "defaultEmailAddress": true, "defaultPhoneNumber": true, "defaultAddress": true},
	"MailingAddress": {
		"firstName": true, "lastName": true, "name": true, "company": true, "address1": true, "address2": true, "zip": true, "phone": true,
		"latitude": true, "longitude": true,
	},
}

// execution is one query being answered.
type execution struct {
	shop      *Shop
	schema    *ast.Schema
	variables map[string]any
	w         writer
	path      []any
	failures  []graphFailure
	spent     float64 // points
	plain     bool    // nothing is withheld; the lock is held
	truncated bool
}

// fail notes an error at the present place.
func (x *execution) fail(code, text string) {
	if x.truncated {
		return
	}
	if len(x.failures) >= maxGraphErrors {
		x.truncated = true
		x.failures = append(x.failures, graphFailure{Message: textTruncated})
		return
	}
	x.failures = append(x.failures, graphFailure{Message: text, Path: append([]any(nil), x.path...), Extensions: map[string]any{"code": code}})
}

// run writes the data of an operation.
func (x *execution) run(op *ast.OperationDefinition) {
	root := "QueryRoot"
	if op.Operation == ast.Mutation {
		root = "Mutation"
	}
	x.w.open("", '{')
	for _, s := range op.SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		x.path = append(x.path, f.Alias)
		x.value(f, x.shop.resolve(x, root, f))
		x.path = x.path[:len(x.path)-1]
	}
	x.w.close('}')
}

// value writes what a field holds.
func (x *execution) value(f *ast.Field, v any) {
	switch v := v.(type) {
	case nil:
		x.w.lit(f.Alias, "null")
	case object:
		if v == nil {
			x.w.lit(f.Alias, "null")
			return
		}
		x.spent++
		x.w.open(f.Alias, '{')
		x.fields(f.SelectionSet, f.Definition.Type.Name(), v)
		x.w.close('}')
	case connected:
		x.connection(f, v)
	case pageOf:
		x.page(f, v)
	case []any:
		x.w.open(f.Alias, '[')
		for i, e := range v {
			x.path = append(x.path, i)
			if o, ok := e.(object); ok {
				x.spent++
				x.w.open("", '{')
				x.fields(f.SelectionSet, f.Definition.Type.Name(), o)
				x.w.close('}')
			} else {
				x.scalar("", e)
			}
			x.path = x.path[:len(x.path)-1]
		}
		x.w.close(']')
	default:
		x.scalar(f.Alias, v)
	}
}

func (x *execution) scalar(name string, v any) {
	switch v := v.(type) {
	case string:
		x.w.str(name, v)
	case bool:
		x.w.bool(name, v)
	case int:
		x.w.int(name, int64(v))
	case json.Number:
		x.w.lit(name, v.String())
	case json.RawMessage:
		x.w.lit(name, string(v))
	default:
		x.w.lit(name, "null")
	}
}

// fields writes the fields of an object that are asked for.
func (x *execution) fields(set ast.SelectionSet, kind string, o object) {
	withheld := map[string]bool(nil)
	if !x.plain && x.shop.personalData() == PersonalDataWithheld {
		withheld = withheldFields[kind]
	}
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		x.path = append(x.path, f.Alias)
		if withheld[f.Name] {
			x.fail("ACCESS_DENIED", "This app is not approved to use the "+f.Name+" field. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details.")
			x.w.lit(f.Alias, "null")
		} else {
			x.value(f, o[f.Name])
		}
		x.path = x.path[:len(x.path)-1]
	}
}

// pageOf is a page of orders.
type pageOf struct {
	records []record
	next    bool
	cursor  func(record) string
}

// connection writes a page of what is in memory: its cursors are places.
func (x *execution) connection(f *ast.Field, all connected) {
	args := f.ArgumentMap(x.variables)
	first, given := numberOf(args["first"])
	if !given || first < 1 || first > maxLimit {
		x.fail("BAD_REQUEST", "you must provide one of first or last, up to 250")
		x.w.lit(f.Alias, "null")
		return
	}
	from := 0
	if after, ok := args["after"].(string); ok {
		raw, err := base64.StdEncoding.DecodeString(after)
		if err == nil {
			from, err = strconv.Atoi(string(raw))
		}
		if err != nil || from < 0 {
			x.fail("BAD_REQUEST", "Invalid cursor for current pagination sort.")
			x.w.lit(f.Alias, "null")
			return
		}
	}
	some := all[min(from, len(all)):min(from+first, len(all))]
	x.spent += 2
	x.w.open(f.Alias, '{')
	x.nodes(f, len(some), from+len(some) < len(all), func(i int) object { return some[i] }, func(i int) string {
		return base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(from + i + 1)))
	})
	x.w.close('}')
}

// page writes a page of orders, each of which is made only here.
func (x *execution) page(f *ast.Field, p pageOf) {
	x.spent += 2
	x.w.open(f.Alias, '{')
	before := x.spent
	x.nodes(f, len(p.records), p.next, func(i int) object {
		return x.shop.nodeOf(x.shop.appendRaw(nil, &p.records[i]))
	}, func(i int) string { return p.cursor(p.records[i]) })
	if n := len(p.records); n > 0 { // what is charged grows with the logarithm of what came
		x.spent = before + (x.spent-before)/float64(n)*math.Floor(2*math.Log(max(2, float64(n))))
	}
	x.w.close('}')
}

// nodes writes the parts of a connection.
func (x *execution) nodes(f *ast.Field, n int, more bool, node func(int) object, cursor func(int) string) {
	for _, s := range f.SelectionSet {
		part, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		x.path = append(x.path, part.Alias)
		switch part.Name {
		case "nodes", "edges":
			x.w.open(part.Alias, '[')
			for i := range n {
				if x.truncated {
					break
				}
				x.path = append(x.path, i)
				x.w.open("", '{')
				x.spent++
				if part.Name == "nodes" {
					x.fields(part.SelectionSet, part.Definition.Type.Name(), node(i))
				} else {
					x.fields(part.SelectionSet, part.Definition.Type.Name(), object{"node": node(i), "cursor": cursor(i)})
				}
				x.w.close('}')
				x.path = x.path[:len(x.path)-1]
			}
			x.w.close(']')
		case "pageInfo":
			info := object{"hasNextPage": more, "hasPreviousPage": false}
			if n > 0 {
				info["endCursor"], info["startCursor"] = cursor(n-1), cursor(0)
			}
			x.value(part, info)
		}
		x.path = x.path[:len(x.path)-1]
	}
}
