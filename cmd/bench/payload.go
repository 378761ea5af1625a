package main

import (
	"embed"
	"fmt"
	"strings"
)

// Payloads are pieces of text with gaps between them, so that one of 6 KB costs some microseconds. Their members are those
// of Shopify's REST orders and webhooks.

//go:embed templates/*.json
var templateFiles embed.FS

// gap writes what belongs between two pieces.
type gap func(b []byte, w *writer) []byte

type template struct {
	pieces []string // one more than gaps
	gaps   []gap
}

// templates are the four kinds of text a payload is made of.
type templates struct{ order, address, item, fulfillment template }

// writer is the order that is being written, and which of its items.
type writer struct {
	*order

	t    *templates
	item *item
}

func loadTemplates() (*templates, error) {
	t := &templates{}
	for name, into := range map[string]*template{"order": &t.order, "address": &t.address, "item": &t.item, "fulfillment": &t.fulfillment} {
		text, err := templateFiles.ReadFile("templates/" + name + ".json")
		if err != nil {
			return nil, err
		}
		if *into, err = parseTemplate(strings.ReplaceAll(string(text), "\n", "")); err != nil {
			return nil, fmt.Errorf("templates/%s.json: %w", name, err)
		}
	}
	return t, nil
}

func parseTemplate(text string) (template, error) {
	var t template
	all := gaps()
	for {
		piece, rest, found := strings.Cut(text, "«")
		t.pieces = append(t.pieces, piece)
		if !found {
			return t, nil
		}
		name, after, _ := strings.Cut(rest, "»")
		g, known := all[name]
		if !known {
			return t, fmt.Errorf("nobody knows what «%s» is", name)
		}
		t.gaps, text = append(t.gaps, g), after
	}
}

func (t *template) write(b []byte, w *writer) []byte {
	for i, g := range t.gaps {
		b = append(b, t.pieces[i]...)
		b = g(b, w)
	}
	return append(b, t.pieces[len(t.pieces)-1]...)
}

// payload appends the order's JSON.
func (t *templates) payload(b []byte, o *order) []byte {
	return t.order.write(b, &writer{order: o, t: t})
}
