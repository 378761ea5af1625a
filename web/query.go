package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// query is the parameters of a request and the complaints about them. Unknown ones are ignored; a
// parameter without a value counts as not given, because forms send all their fields.
type query struct {
	errs   map[string][]app.FieldError
	values map[string][]string
}

func readQuery(c echo.Context) *query {
	q := &query{errs: map[string][]app.FieldError{}, values: map[string][]string{}}
	for pair := range strings.SplitSeq(c.Request().URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name = unescape(name); name != "" {
			q.values[name] = append(q.values[name], unescape(value))
		}
	}
	return q
}

// unescape decodes a part of a query. Unlike net/url it leaves a percent sign alone that begins no
// escape: whoever searches for "50%" by hand means just that.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s):
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
			b.WriteByte('%')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func (q *query) complain(name, code string, params map[string]any) {
	q.errs[name] = append(q.errs[name], app.FieldError{Code: code, Params: params})
}

// given tells whether the parameter is there at all, with or without a value.
func (q *query) given(name string) bool { return len(q.values[name]) > 0 }

// text gives the parameter's one value, "" when there is none. What could not be stored anywhere, no
// parameter may hold.
func (q *query) text(name string) string {
	values := q.values[name]
	if len(values) == 0 {
		return ""
	}
	if len(values) > 1 {
		q.complain(name, "repeated", nil)
		return ""
	}
	if !utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0) {
		q.complain(name, "not_text", nil)
		return ""
	}
	return values[0]
}

// maxWord is the longest text of a header that is kept, in bytes.
const maxWord = 255

// word is text that was a header's value.
func (q *query) word(name string) string {
	text := q.text(name)
	if len(text) > maxWord {
		q.complain(name, "too_long", map[string]any{"Max": maxWord})
	}
	return text
}

// number gives a whole number from 1 up, or absent.
func (q *query) number(name string, absent int) int {
	text := q.text(name)
	if text == "" {
		return absent
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if errors.Is(err, strconv.ErrRange) {
		err = nil // ParseInt gives the nearest number, which is as good: there is nothing that far
	}
	if err != nil || n < 1 {
		q.complain(name, "not_positive", nil)
		return absent
	}
	return int(n)
}

// choice gives one of the words, or absent.
func (q *query) choice(name, absent string, words ...string) string {
	text := q.text(name)
	if text == "" {
		return absent
	}
	if !slices.Contains(words, text) {
		q.complain(name, "not_a_choice", map[string]any{"Choices": strings.Join(words, ", ")})
		return absent
	}
	return text
}

// flag gives a yes or no, no when it is absent.
func (q *query) flag(name string) bool {
	switch strings.ToLower(q.text(name)) {
	case "1", "true", "yes":
		return true
	case "", "0", "false", "no":
	default:
		q.complain(name, "not_boolean", nil)
	}
	return false
}

// moment gives a time. With endOfDay a plain date means its last millisecond, so that a range that
// ends with a day includes it.
func (q *query) moment(name string, endOfDay bool) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	t, dateOnly, ok := parseMoment(text)
	if !ok {
		q.complain(name, "not_a_time", nil)
	}
	if dateOnly && endOfDay {
		t = t.AddDate(0, 0, 1).Add(-time.Millisecond)
	}
	return t
}

// parseMoment reads RFC 3339, the same without a zone (then UTC), or a date. A blank where a plus
// belongs is a plus that was not escaped.
func parseMoment(s string) (t time.Time, dateOnly, ok bool) {
	if len(s) > 40 {
		return time.Time{}, false, false
	}
	if i := strings.LastIndexByte(s, ' '); i > len("2006-01-02") {
		s = s[:i] + "+" + s[i+1:]
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 {
			return t.UTC(), layout == time.DateOnly, true
		}
	}
	return time.Time{}, false, false
}

// err is one invalid_parameter for all complaints, nil without any.
func (q *query) err() error {
	if len(q.errs) == 0 {
		return nil
	}
	return &problem{status: http.StatusBadRequest, code: "invalid_parameter", fields: q.errs}
}
