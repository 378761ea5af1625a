package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"

	_ "embed" // for the schema

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

//go:embed admin.graphqls
var adminSchema string

// loadSchema reads the schema once; it is our own and valid.
var loadSchema = sync.OnceValue(func() *ast.Schema {
	return gqlparser.MustLoadSchema(&ast.Source{Name: "admin.graphqls", Input: adminSchema})
})

const (
	maxQueryCost    = 1000
	standardPoints  = 2000
	unlimitedPoints = 10_000_000
)

// graphRequest is the body of a query.
type graphRequest struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`
}

// graphFailure is one error of an answer.
type graphFailure struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
}

// graphql is POST graphql.json. Nearly all that goes wrong is told in the body of
// a 200.
func (sh *Shop) graphql(r *http.Request) *reply {
	var in graphRequest
	if r.Method != http.MethodPost {
		return errorReply(http.StatusNotFound, textNotFound)
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return errorReply(http.StatusBadRequest, "Bad Request")
	}
	schema := loadSchema()
	doc, errs := gqlparser.LoadQueryWithRules(schema, in.Query, nil)
	if len(errs) > 0 {
		return graphErrors(invalidQuery(errs)...)
	}
	op := doc.Operations[0]
	requested := max(1, costOf(schema, op.SelectionSet, in.Variables))
	if op.Operation == ast.Mutation {
		requested = 10
	}
	if requested > maxQueryCost {
		return graphErrors(graphFailure{
			Message:    fmt.Sprintf("Query cost is %g, which exceeds the single query max cost limit (%d).", requested, maxQueryCost),
			Extensions: map[string]any{"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": maxQueryCost},
		})
	}
	sh.mu.Lock()
	left, ok := sh.points.spend(sh.srv.now(), requested)
	most, restore := sh.points.figures()
	sh.mu.Unlock()
	status := map[string]any{"maximumAvailable": most, "currentlyAvailable": left, "restoreRate": restore}
	if !ok {
		rep := jsonReply(http.StatusOK, map[string]any{
			"errors":     []graphFailure{{Message: "Throttled", Extensions: map[string]any{"code": "THROTTLED"}}},
			"extensions": map[string]any{"cost": map[string]any{"requestedQueryCost": requested, "actualQueryCost": nil, "throttleStatus": status}},
		})
		sh.srv.calls.throttle()
		return rep
	}
	x := &execution{shop: sh, schema: schema, variables: in.Variables}
	x.run(op)
	actual := min(requested, max(1, math.Ceil(x.spent)))
	sh.mu.Lock()
	status["currentlyAvailable"] = sh.points.refund(requested - actual)
	sh.mu.Unlock()
	cost, err := json.Marshal(map[string]any{"cost": map[string]any{"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}})
	if err != nil { // plain figures only
		return htmlReply(http.StatusInternalServerError, "Something went wrong")
	}
	body := append([]byte(`{"data":`), x.w.b...)
	if len(x.failures) > 0 {
		failures, err := json.Marshal(x.failures)
		if err != nil {
			return htmlReply(http.StatusInternalServerError, "Something went wrong")
		}
		body = append(append(body, `,"errors":`...), failures...)
	}
	body = append(append(append(body, `,"extensions":`...), cost...), '}')
	return bytesReply(http.StatusOK, body)
}

func graphErrors(failures ...graphFailure) *reply {
	return jsonReply(http.StatusOK, map[string]any{"errors": failures})
}

// invalidQuery tells what is wrong with a query the way Shopify does.
func invalidQuery(errs gqlerror.List) []graphFailure {
	var out []graphFailure
	for _, e := range errs {
		f := graphFailure{Message: e.Message, Extensions: map[string]any{"code": "invalid"}}
		var field, owner string
		if n, err := fmt.Sscanf(e.Message, "Cannot query field %q on type %q", &field, &owner); err == nil && n == 2 {
			owner = strings.TrimSuffix(owner, ".")
			f.Message = fmt.Sprintf("Field '%s' doesn't exist on type '%s'", field, owner)
			f.Extensions = map[string]any{"code": "undefinedField", "typeName": owner, "fieldName": field}
		}
		out = append(out, f)
	}
	return out
}

// costOf is what a selection may cost: an object is 1, a connection 2 and so many
// objects as grow with the logarithm of its size, which fits what was measured at
// real stores; texts, numbers and money are free.
func costOf(schema *ast.Schema, set ast.SelectionSet, variables map[string]any) float64 {
	sum := 0.0
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		def := schema.Types[f.Definition.Type.Name()]
		if def == nil || !def.IsCompositeType() {
			continue
		}
		inner := costOf(schema, f.SelectionSet, variables)
		switch name := def.Name; {
		case strings.HasSuffix(name, "Connection"):
			first, _ := numberOf(f.ArgumentMap(variables)["first"])
			sum += 2 + math.Floor(2*math.Log(max(1, float64(first))))*max(1, inner)
		case strings.HasSuffix(name, "Edge"), strings.HasPrefix(name, "Money"), name == "PageInfo", name == "Count":
			sum += inner
		default:
			sum += 1 + inner
		}
	}
	return sum
}

func numberOf(v any) (int, bool) {
	switch v := v.(type) {
	case float64:
		return int(v), true
	case int64:
		return int(v), true
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}

// graphPageNumber is the page of orders a query asks for. The body stays to be read.
func graphPageNumber(r *http.Request) int {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 1
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in graphRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return 1
	}
	if c, ok := parseCursor(textArg(in.Variables, "after")); ok {
		return c.Page
	}
	return 1
}
