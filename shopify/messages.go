package shopify

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxMessages     = 5
	maxMessageBytes = 300
	maxRequestID    = 100
)

// messagesOf returns what an error body says. Its "errors" may be a text, a
// list of texts, or an object from fields to either; OAuth has "error" and
// "error_description" instead; and HTML, or nothing, says nothing. Secrets that
// an answer echoes are hidden.
func messagesOf(body []byte, secrets ...string) []string {
	var envelope struct {
		Errors      json.RawMessage `json:"errors"`
		Error       json.RawMessage `json:"error"`
		Description json.RawMessage `json:"error_description"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil
	}
	said := collect(nil, "", envelope.Errors, 0)
	said = collect(said, "", envelope.Error, 0)
	said = collect(said, "", envelope.Description, 0)

	var messages []string
	for _, text := range said {
		if text = tidy(text, maxMessageBytes, secrets); text != "" && len(messages) < maxMessages {
			messages = append(messages, text)
		}
	}
	return messages
}

// maxErrorDepth bounds how far into "errors" texts are looked for.
const maxErrorDepth = 4

// collect appends the texts in raw; field is where they were found.
func collect(said []string, field string, raw json.RawMessage, depth int) []string {
	if len(raw) == 0 || depth > maxErrorDepth || len(said) >= maxMessages {
		return said
	}
	switch raw[0] {
	case '[':
		for element := range elements(raw) {
			said = collect(said, field, element, depth+1)
		}
	case '{':
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			return said
		}
		names := make([]string, 0, len(fields))
		for name := range fields {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			said = collect(said, name, fields[name], depth+1)
		}
	default:
		text := textOf(raw)
		if text == "" {
			return said
		}
		if field != "" && field != "base" && !strings.HasPrefix(text, field) {
			text = field + ": " + text
		}
		said = append(said, text)
	}
	return said
}

// tidy makes a text from outside fit for one log line: valid, printable,
// without secrets and not longer than limit bytes.
func tidy(text string, limit int, secrets []string) string {
	text = conceal(text, secrets)
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if len(text) <= limit {
		return text
	}
	const ellipsis = "…"
	cut := limit - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}

// conceal hides the given secrets, and whatever looks like one of Shopify's:
// tokens and app secrets begin with shp, two or three letters and an underscore.
func conceal(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, hidden)
		}
	}
	for from := 0; ; {
		at := strings.Index(text[from:], "shp")
		if at < 0 {
			return text
		}
		at += from
		prefix := leading(text[at:], isLetter)
		if from = at + prefix; prefix < 5 || prefix > 6 || from >= len(text) || text[from] != '_' {
			continue
		}
		end := from + 1 + leading(text[from+1:], func(c byte) bool { return isLetter(c) || isDigit(c) })
		text = text[:at] + hidden + text[end:]
		from = at + len(hidden)
	}
}

// leading returns how many bytes at the start of s are of a kind.
func leading(s string, kind func(byte) bool) int {
	for i := range len(s) {
		if !kind(s[i]) {
			return i
		}
	}
	return len(s)
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
