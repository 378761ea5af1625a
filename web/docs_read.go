package web

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// docsView is an OpenAPI document, ready to be shown.
type docsView struct {
	Description []string
	Errors      []docsResponse // that many operations share, each once
	Groups      []*docsGroup
	Schemas     []docsNamed
	Security    []docsSecurity
	Summary     string
	Title       string
	Version     string
}

// docsGroup are the operations of a tag.
type docsGroup struct {
	Description string
	Name        string
	Operations  []docsOperation
}

type docsOperation struct {
	Also        []docsResponse // errors that others share
	Body        *docsBody
	Description []string
	ID          string
	Method      string
	Params      []docsParam
	Path        string
	Responses   []docsResponse
	Summary     string
	Ways        []string // to prove who calls; none is open to anybody
}

// Changes tells whether a session needs the proof that one's own page asks.
func (o docsOperation) Changes() bool { return slices.Contains(o.Ways, "session + csrf") }

// Send is the type of the body that a page sends; "" when it sends none.
func (o docsOperation) Send() string {
	if o.Body == nil || len(o.Body.Media) == 0 {
		return ""
	}
	return o.Body.Media[0].Type
}

type docsParam struct {
	docsSchema
	Example  string
	In       string
	Name     string
	Required bool
}

type docsBody struct {
	Description string
	Media       []docsMedia
	Required    bool
}

type docsMedia struct {
	docsSchema
	Examples []docsExample
	Type     string // hides that of the schema
}

type docsExample struct{ Name, Text string }

type docsResponse struct {
	Description string
	Headers     []docsNamed
	Media       []docsMedia
	Name        string // of one that operations share; else ""
	Status      string
}

type docsNamed struct {
	docsSchema
	Name string
}

type docsSecurity struct{ Description, Name string }

// readDocs makes the view of a document. HEAD is left out: it is GET without the body, and the page says so once.
func readDocs(document []byte) (*docsView, error) {
	d := &docsDocument{seen: map[string]docsObject{}}
	d.root = d.object(document)
	info := d.object(d.root.get("info"))
	v := &docsView{
		Title: d.text(info, "title"), Version: d.text(info, "version"), Summary: d.text(info, "summary"), Description: paragraphs(d.text(info, "description")),
	}
	groups := map[string]*docsGroup{}
	for _, raw := range d.list(d.root.get("tags")) {
		o := d.object(raw)
		g := &docsGroup{Name: d.text(o, "name"), Description: d.text(o, "description")}
		groups[g.Name], v.Groups = g, append(v.Groups, g)
	}
	for _, path := range d.object(d.root.get("paths")) {
		for _, method := range d.object(path.value) {
			if method.name == "head" {
				continue
			}
			o := d.object(method.value)
			var tags []string
			d.read(o.get("tags"), &tags)
			for _, tag := range tags {
				if g := groups[tag]; g != nil {
					op := d.operation(path.name, method.name, o)
					g.Operations = append(g.Operations, op)
					v.share(op.Also)
				}
			}
		}
	}
	components := d.object(d.root.get("components"))
	for _, m := range d.object(components.get("schemas")) {
		v.Schemas = append(v.Schemas, docsNamed{Name: m.name, docsSchema: d.schema(m.value)})
	}
	for _, m := range d.object(components.get("securitySchemes")) {
		v.Security = append(v.Security, docsSecurity{Name: m.name, Description: d.text(d.object(m.value), "description")})
	}
	return v, d.err
}

// share takes in the errors that are not there yet, by their status.
func (v *docsView) share(errs []docsResponse) {
	for _, r := range errs {
		if !slices.ContainsFunc(v.Errors, func(there docsResponse) bool { return there.Name == r.Name }) {
			v.Errors = append(v.Errors, r)
		}
	}
	slices.SortStableFunc(v.Errors, func(a, b docsResponse) int { return strings.Compare(a.Status, b.Status) })
}

func paragraphs(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n\n")
}

func (d *docsDocument) operation(path, method string, o docsObject) docsOperation {
	op := docsOperation{
		ID: d.text(o, "operationId"), Method: strings.ToUpper(method), Path: path,
		Summary: d.text(o, "summary"), Description: paragraphs(d.text(o, "description")),
	}
	for _, raw := range d.list(o.get("security")) {
		var names []string
		for _, m := range d.object(raw) {
			names = append(names, m.name)
		}
		slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) }) // session before csrf
		if len(names) > 0 {
			op.Ways = append(op.Ways, strings.Join(names, " + "))
		}
	}
	for _, raw := range d.list(o.get("parameters")) {
		p, _ := d.resolve(raw)
		param := docsParam{docsSchema: d.schema(p.get("schema")), Name: d.text(p, "name"), In: d.text(p, "in")}
		d.read(p.get("required"), &param.Required)
		if text := d.text(p, "description"); text != "" {
			param.Description = text
		}
		if raw := p.get("example"); raw != nil {
			param.Example = docsValue(raw)
		}
		op.Params = append(op.Params, param)
	}
	if raw := o.get("requestBody"); raw != nil {
		b, _ := d.resolve(raw)
		op.Body = &docsBody{Description: d.text(b, "description"), Media: d.media(b)}
		d.read(b.get("required"), &op.Body.Required)
	}
	for _, m := range d.object(o.get("responses")) {
		if r := d.response(m); r.Name != "" {
			op.Also = append(op.Also, r)
		} else {
			op.Responses = append(op.Responses, r)
		}
	}
	return op
}

func (d *docsDocument) response(m docsMember) docsResponse {
	o, name := d.resolve(m.value)
	r := docsResponse{Status: m.name, Name: name, Description: d.text(o, "description"), Media: d.media(o)}
	for _, h := range d.object(o.get("headers")) {
		if h.name == "X-Request-Id" { // on every answer, and said once
			continue
		}
		header, _ := d.resolve(h.value)
		named := docsNamed{Name: h.name, docsSchema: d.schema(header.get("schema"))}
		if text := d.text(header, "description"); text != "" {
			named.Description = text
		}
		r.Headers = append(r.Headers, named)
	}
	return r
}

func (d *docsDocument) media(o docsObject) (list []docsMedia) {
	for _, m := range d.object(o.get("content")) {
		content := d.object(m.value)
		media := docsMedia{Type: m.name}
		if raw := content.get("schema"); raw != nil {
			media.docsSchema = d.schema(raw)
		}
		if raw := content.get("example"); raw != nil {
			media.Examples = append(media.Examples, docsExample{Text: docsExampleText(raw)})
		}
		for _, e := range d.object(content.get("examples")) {
			example, _ := d.resolve(e.value)
			media.Examples = append(media.Examples, docsExample{Name: e.name, Text: docsExampleText(example.get("value"))})
		}
		list = append(list, media)
	}
	return list
}

// docsExampleText is an example as it goes over the line: a text as it is, all else as JSON with line breaks.
func docsExampleText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}
