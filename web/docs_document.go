package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// docsObject is a JSON object whose members keep their order: a page shows them as whoever wrote the document put them.
type docsObject []docsMember

type docsMember struct {
	name  string
	value json.RawMessage
}

var errNoObject = errors.New("not an object")

// UnmarshalJSON reads an object.
func (o *docsObject) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errNoObject, err)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		m := docsMember{}
		if m.name, err = docsString(t); err != nil {
			return err
		}
		if err := d.Decode(&m.value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

func docsString(t json.Token) (string, error) {
	s, ok := t.(string)
	if !ok {
		return "", errNoObject
	}
	return s, nil
}

func (o docsObject) get(name string) json.RawMessage {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// docsDocument is an OpenAPI document that is being read. The first fault ends the reading, since the document is our own.
type docsDocument struct {
	err  error
	root docsObject
	seen map[string]docsObject // what references led to, and through
}

func (d *docsDocument) read(raw json.RawMessage, into any) {
	if raw == nil || d.err != nil {
		return
	}
	if err := json.Unmarshal(raw, into); err != nil {
		d.err = fmt.Errorf("document: %.60s: %w", raw, err)
	}
}

func (d *docsDocument) object(raw json.RawMessage) (o docsObject) {
	d.read(raw, &o)
	return o
}

func (d *docsDocument) text(o docsObject, name string) (s string) {
	d.read(o.get(name), &s)
	return s
}

func (d *docsDocument) list(raw json.RawMessage) (l []json.RawMessage) {
	d.read(raw, &l)
	return l
}

// resolve follows a reference, one step, and names it.
func (d *docsDocument) resolve(raw json.RawMessage) (o docsObject, name string) {
	o = d.object(raw)
	ref := d.text(o, "$ref")
	if ref == "" {
		return o, ""
	}
	path := strings.TrimPrefix(ref, "#/")
	if o = d.at(path); o == nil && d.err == nil {
		d.err = fmt.Errorf("document: %s leads nowhere", ref)
	}
	return o, path[strings.LastIndexByte(path, '/')+1:]
}

// at is what stands at a path; each part of it is read once.
func (d *docsDocument) at(path string) docsObject {
	if o, ok := d.seen[path]; ok {
		return o
	}
	parent, name := d.root, path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent, name = d.at(path[:i]), path[i+1:]
	}
	o := d.object(parent.get(name))
	d.seen[path] = o
	return o
}

// docsSchema is a schema as a page shows it.
type docsSchema struct {
	Description string
	Items       *docsSchema // of an array that names no other schema
	Members     []docsProperty
	Notes       []string // bounds and forms
	Ref         string   // the schema of this name has the rest
	Type        string   // in words: "array of", "integer or null"
	Values      []string // all that there are
}

type docsProperty struct {
	docsSchema
	Name     string
	Required bool
}

// Schema is the schema itself, for what it is a part of.
func (s docsSchema) Schema() docsSchema { return s }

// Nested is what is to be shown below the line of the schema, nil when that says it all.
func (s docsSchema) Nested() *docsSchema {
	switch {
	case len(s.Members) > 0:
		return &s
	case s.Items != nil:
		return s.Items.Nested()
	}
	return nil
}

// schema reads a schema, with what is written out in it; what it refers to is named.
func (d *docsDocument) schema(raw json.RawMessage) docsSchema {
	if string(raw) == "true" {
		return docsSchema{Type: "anything"}
	}
	o, ref := d.resolve(raw)
	if ref != "" {
		return docsSchema{Ref: ref}
	}
	s := docsSchema{Description: d.text(o, "description")}
	for _, kind := range []string{"allOf", "oneOf", "anyOf"} {
		null := false
		for _, raw := range d.list(o.get(kind)) {
			switch part := d.schema(raw); {
			case part.Type == "null":
				null = true
			case s.Ref == "":
				s.Ref, s.Type, s.Items = part.Ref, part.Type, part.Items
				s.Members = append(s.Members, part.Members...)
			default:
				s.Notes = append(s.Notes, "or "+part.Ref)
			}
		}
		if null {
			s.Notes = append(s.Notes, "or null")
		}
	}
	s.types(d, o)
	s.bounds(o)
	var required []string
	d.read(o.get("required"), &required)
	for _, m := range d.object(o.get("properties")) {
		s.Members = append(s.Members, docsProperty{docsSchema: d.schema(m.value), Name: m.name, Required: slices.Contains(required, m.name)})
	}
	if more := o.get("additionalProperties"); len(more) > 0 && more[0] == '{' {
		s.Members = append(s.Members, docsProperty{docsSchema: d.schema(more), Name: "*"})
	}
	return s
}

// types puts the type and the possible values into words.
func (s *docsSchema) types(d *docsDocument, o docsObject) {
	if raw := o.get("type"); len(raw) > 0 {
		types := []string{""}
		if raw[0] == '[' {
			d.read(raw, &types)
		} else {
			d.read(raw, &types[0])
		}
		s.Type = strings.Join(types, " or ")
	}
	for _, raw := range d.list(o.get("enum")) {
		s.Values = append(s.Values, docsValue(raw))
	}
	if raw := o.get("const"); raw != nil {
		s.Values = []string{docsValue(raw)}
	}
	if raw := o.get("items"); raw != nil {
		items := d.schema(raw)
		s.Type, s.Items = strings.Replace(s.Type, "array", "array of", 1), &items
		if items.Ref != "" {
			s.Ref = items.Ref
		} else if items.Type != "" {
			s.Type += " " + items.Type
		}
		if items.Values != nil {
			s.Values = items.Values
		}
	}
}

// docsValue is a value as it is written: texts without their quotes, which would only look like a part of them.
func docsValue(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "null" && text != "" {
		return text
	}
	return string(raw)
}

// bounds puts what else a schema asks for into words.
func (s *docsSchema) bounds(o docsObject) {
	for _, b := range []struct{ name, words string }{
		{"format", ""},
		{"minimum", "at least "},
		{"maximum", "at most "},
		{"minLength", "characters at least: "},
		{"maxLength", "characters at most: "},
		{"minItems", "items at least: "},
		{"maxItems", "items at most: "},
		{"pattern", "pattern "},
		{"default", "default "},
	} {
		raw := o.get(b.name)
		if raw == nil || b.name == "minLength" && string(raw) == "1" {
			continue
		}
		s.Notes = append(s.Notes, b.words+docsValue(raw))
	}
}
