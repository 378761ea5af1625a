package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"probability/app"
)

// members is the body of a request: its members by name, and the complaints about them. Members that
// nobody asks for are ignored, as the original backend did.
type members struct {
	errs   map[string][]app.FieldError
	values map[string]json.RawMessage
}

func newMembers() *members {
	return &members{errs: map[string][]app.FieldError{}, values: map[string]json.RawMessage{}}
}

// readMembers reads a JSON object, whatever the content type says, or a form as the original backend
// took it too. No body at all is an object without members.
func readMembers(c echo.Context) (*members, error) {
	m := newMembers()
	var read bytes.Buffer
	if err := readBody(&read, c.Request()); err != nil {
		return nil, err
	}
	body := bytes.TrimSpace(read.Bytes())
	if len(body) == 0 {
		return m, nil
	}
	// An odd content type counts as none.
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if kind == echo.MIMEApplicationForm && body[0] != '{' {
		return m, m.readForm(string(body))
	}
	if !utf8.Valid(body) {
		return nil, &problem{status: http.StatusBadRequest, code: "invalid_json"}
	}
	if err := json.Unmarshal(body, &m.values); err != nil {
		return nil, &problem{status: http.StatusBadRequest, code: "invalid_json", cause: err}
	}
	return m, nil
}

func (m *members) readForm(body string) error {
	form, err := url.ParseQuery(body)
	if err != nil {
		return &problem{status: http.StatusBadRequest, code: "bad_request", cause: err}
	}
	for name, values := range form {
		text, err := json.Marshal(values[len(values)-1])
		if err != nil {
			return err
		}
		m.values[name] = text
	}
	return nil
}

// maxBelieved is the largest announced length that memory is set aside for, in bytes.
const maxBelieved = 64 << 10

// readBody reads the whole body. A body that stops before its announced end is the sender's trouble,
// not ours.
func readBody(into *bytes.Buffer, r *http.Request) error {
	// The announced length saves copying, but only so much is believed before anything came.
	into.Grow(int(min(max(r.ContentLength, 0), maxBelieved)) + bytes.MinRead)
	_, err := into.ReadFrom(r.Body)
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if app.KindOf(err) == app.Busy {
		return err
	}
	return &problem{status: http.StatusBadRequest, code: "incomplete_body", cause: err}
}

func (m *members) complain(name, code string) {
	m.errs[name] = append(m.errs[name], app.FieldError{Code: code})
}

// text gives a string member, nil when it is absent or null.
func (m *members) text(name string) *string {
	raw, ok := m.values[name]
	if !ok || string(raw) == "null" {
		return nil
	}
	var v string
	if raw[0] != '"' || json.Unmarshal(raw, &v) != nil {
		m.complain(name, "not_text")
		return nil
	}
	return &v
}

// textOr is text with a word for absence.
func (m *members) textOr(name, absent string) string {
	if v := m.text(name); v != nil {
		return *v
	}
	return absent
}

// flag gives a boolean member, nil when it is absent. A form has only words for it.
func (m *members) flag(name string) *bool {
	raw, ok := m.values[name]
	if !ok {
		return nil
	}
	var v bool
	switch string(raw) {
	case `true`, `"true"`, `"1"`:
		v = true
	case `false`, `"false"`, `"0"`:
	default:
		m.complain(name, "not_boolean")
		return nil
	}
	return &v
}

// choice gives one of the words, or absent.
func (m *members) choice(name, absent string, words ...string) string {
	text := m.textOr(name, "")
	if text == "" {
		return absent
	}
	if !slices.Contains(words, text) {
		m.errs[name] = append(m.errs[name], app.FieldError{Code: "not_a_choice", Params: map[string]any{"Choices": strings.Join(words, ", ")}})
	}
	return text
}

// until is moment, but a plain date means its last millisecond.
func (m *members) until(name string) time.Time {
	t := m.moment(name)
	if text := m.textOr(name, ""); !t.IsZero() && len(text) == len(time.DateOnly) {
		t = t.AddDate(0, 0, 1).Add(-time.Millisecond)
	}
	return t
}

// moment gives a time member, the zero time when it is absent or null.
func (m *members) moment(name string) time.Time {
	text := m.text(name)
	if text == nil || *text == "" {
		return time.Time{}
	}
	t, _, ok := parseMoment(*text)
	if !ok {
		m.complain(name, "not_a_time")
		return time.Time{}
	}
	if epoch := time.Unix(0, 0).UTC(); t.Before(epoch) { // nothing here is older, and year 1 must not pass for no time
		return epoch
	}
	return t
}

// err is one validation_failed for all complaints, nil without any.
func (m *members) err() error {
	if len(m.errs) == 0 {
		return nil
	}
	return &problem{status: http.StatusBadRequest, code: "validation_failed", fields: m.errs}
}
