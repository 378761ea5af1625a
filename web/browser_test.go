package web_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser looks at pages as a person does: it keeps cookies, follows redirects, fills in the forms that it sees, and complains
// about every page that not everybody could use.
type browser struct {
	b      *bench
	client *http.Client
	files  map[string]int // what pages load, with their sizes: fetched once, as by any browser
	lang   string
}

// screen is a page that a browser shows.
type screen struct {
	answer
	at   *url.URL
	doc  *html.Node
	from *browser
}

func (b *bench) browser(lang string) *browser {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	fatal(b.t, err)
	transport := &http.Transport{}
	b.t.Cleanup(transport.CloseIdleConnections)
	return &browser{b: b, client: &http.Client{Jar: jar, Transport: transport}, files: map[string]int{}, lang: lang}
}

// browserOf is a browser in which the account has signed in.
func (b *bench) browserOf(email, lang string) *browser {
	b.t.Helper()
	w := b.browser(lang)
	cookie, _ := b.sessionOf(email)
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base, nil)
	fatal(b.t, err)
	cookie(r)
	w.client.Jar.SetCookies(r.URL, r.Cookies())
	return w
}

// page is one answer for a browser that is nobody's, and follows nothing.
func (b *bench) page(path string, changes ...change) answer {
	b.t.Helper()
	w := b.browser("en")
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return w.send(http.MethodGet, path, "", changes...).answer
}

func (w *browser) send(method, path, body string, changes ...change) screen {
	t := w.b.t
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = w.b.base + path
	}
	r, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	fatal(t, err)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Accept-Language", w.lang)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, f := range changes {
		f(r)
	}
	resp, err := w.client.Do(r)
	fatal(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	fatal(t, err)
	s := screen{
		answer: answer{body: got, header: resp.Header, status: resp.StatusCode, t: t, what: method + " " + path},
		at:     resp.Request.URL, from: w,
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		s.doc, err = html.Parse(bytes.NewReader(got))
		fatal(t, err)
	}
	return s
}

// open shows a page, which has to be there and to be one for everybody.
func (w *browser) open(path string) screen {
	w.b.t.Helper()
	return w.send(http.MethodGet, path, "").shows(http.StatusOK)
}

// want ends the test unless the answer has that status.
func (s screen) want(status int) screen {
	s.t.Helper()
	s.answer.want(status)
	return s
}

// shows wants the page with that status, and looks whether everybody can use it.
func (s screen) shows(status int) screen {
	s.t.Helper()
	s.want(status)
	if s.doc == nil {
		s.t.Fatalf("%s is no page: %s", s.what, s.header.Get("Content-Type"))
	}
	s.usable()
	return s
}

// submit sends the form with that action as the page has it, with the values filled in.
func (s screen) submit(action string, values url.Values) screen {
	s.t.Helper()
	sent := s.form(action)
	maps.Copy(sent, values)
	return s.from.send(http.MethodPost, action, sent.Encode())
}

// form is what the form with that action sends when nothing is filled in, but for files.
func (s screen) form(action string) url.Values {
	s.t.Helper()
	for _, f := range s.all("form", "", "") {
		if to, _, _ := strings.Cut(attr(f, "action"), "#"); to != action {
			continue
		}
		return filledIn(f)
	}
	s.t.Fatalf("%s has no form for %s: %s", s.what, action, s.body)
	return nil
}

// filledIn is what a form sends as the page has it, but for files.
func filledIn(f *html.Node) url.Values {
	values := url.Values{}
	for _, in := range within(f, "input") {
		if attr(in, "type") == "checkbox" && !has(in, "checked") {
			continue
		}
		if name := attr(in, "name"); name != "" && attr(in, "type") != "file" {
			values.Set(name, attr(in, "value"))
		}
	}
	for _, list := range within(f, "select") {
		for i, option := range within(list, "option") {
			if i == 0 || has(option, "selected") {
				values.Set(attr(list, "name"), attr(option, "value"))
			}
		}
	}
	return values
}

// says wants words on the page, as they are read.
func (s screen) says(words ...string) screen {
	s.t.Helper()
	text := textOf(s.doc)
	for _, w := range words {
		if !strings.Contains(text, w) {
			s.t.Errorf("%s does not say %q: %s", s.what, w, text)
		}
	}
	return s
}

// all are the elements with that name and, unless it is empty, that attribute.
func (s screen) all(tag, name, value string) []*html.Node {
	return slices.DeleteFunc(within(s.doc, tag), func(n *html.Node) bool { return name != "" && attr(n, name) != value })
}

func within(n *html.Node, tag string) []*html.Node {
	var out []*html.Node
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && (tag == "*" || c.Data == tag) {
			out = append(out, c)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

var blanks = regexp.MustCompile(`\s+`)

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data + " ")
		}
	}
	return strings.TrimSpace(blanks.ReplaceAllString(b.String(), " "))
}

// maxPage is how large a page and the files that it loads may be together, in bytes.
const maxPage = 150_000

// usable complains about what a strict policy, a keyboard or a screen reader would stumble over, and about words that are missing.
func (s screen) usable() {
	s.t.Helper()
	wrong := func(format string, args ...any) { s.t.Errorf("%s: %s", s.what, fmt.Sprintf(format, args...)) }
	if s.header.Get("Cache-Control") != "no-store" || strings.Contains(s.header.Get("Content-Security-Policy"), "unsafe") {
		wrong("headers %v", s.header)
	}
	for tag, want := range map[string]int{"h1": 1, "main": 1, "title": 1} {
		// A part of a drawing may have a title of its own.
		if got := len(slices.DeleteFunc(s.all(tag, "", ""), func(n *html.Node) bool { return n.Namespace != "" })); got != want {
			wrong("%d elements %s, want %d", got, tag, want)
		}
	}
	if lang := attr(s.all("html", "", "")[0], "lang"); lang != s.header.Get("Content-Language") || lang == "" {
		wrong("the language is %q, and %q in its header", lang, s.header.Get("Content-Language"))
	}
	ids, size := map[string]bool{}, len(s.body)
	for _, n := range within(s.doc, "*") {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				wrong("the id %s is there twice", id)
			}
			ids[id] = true
		}
	}
	for _, n := range within(s.doc, "*") {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				wrong("inline code: %s=%q", a.Key, a.Val)
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && (strings.Contains(a.Val, "//") || strings.HasPrefix(a.Val, "javascript:")) {
				wrong("%s leads to another host: %s", n.Data, a.Val)
			}
			for id := range strings.FieldsSeq(a.Val) {
				if (a.Key == "aria-labelledby" || a.Key == "aria-describedby" || a.Key == "for") && !ids[id] {
					wrong("%s names the id %s, which is not there", a.Key, id)
				}
			}
		}
		switch n.Data {
		case "script":
			if attr(n, "src") == "" {
				wrong("an inline script")
				continue
			}
			size += s.from.weigh(attr(n, "src"))
		case "style":
			wrong("an inline style")
		case "input", "select":
			if attr(n, "type") != "hidden" && len(s.all("label", "for", attr(n, "id"))) != 1 {
				wrong("%s %s has no label", n.Data, attr(n, "name"))
			}
			if attr(n, "aria-invalid") == "true" && !strings.Contains(textAfter(n), ".") {
				wrong("%s is invalid, and nothing beside it says why", attr(n, "name"))
			}
		case "table":
			if len(within(n, "caption")) != 1 {
				wrong("a table without a caption")
			}
		case "th":
			if attr(n, "scope") == "" {
				wrong("a table's head without a scope")
			}
		case "a", "button", "h1", "h2", "h3", "label", "summary", "dt", "title", "option", "legend", "caption":
			if textOf(n) == "" {
				wrong("%s %v says nothing: a sentence is missing", n.Data, n.Attr)
			}
		case "form":
			hidden := slices.ContainsFunc(within(n, "input"), func(in *html.Node) bool { return attr(in, "name") == "csrf_token" && attr(in, "value") != "" })
			if attr(n, "method") == "post" && !hidden && len(s.all("form", "action", "/logout")) > 0 {
				wrong("the form for %s has no proof of its origin", attr(n, "action"))
			}
		case "time":
			s.checkTime(n)
		case "link":
			size += s.from.weigh(attr(n, "href"))
		}
	}
	if size > maxPage {
		wrong("the page comes to %d bytes", size)
	}
	for _, text := range loose(s.doc) {
		wrong("a time that no script can turn into the reader's own: %s", text)
	}
	if strings.Contains(string(s.body), "&lt;no value&gt;") || strings.Contains(string(s.body), "<no value>") {
		wrong("a parameter is missing")
	}
}

var (
	clockTime = regexp.MustCompile(`\b\d\d:\d\d\b`)
	wholeTime = regexp.MustCompile(`^\d{1,2} \p{L}{3,4} \d{4}, \d\d:\d\d UTC$`)
	wholeDay  = regexp.MustCompile(`^\d{1,2} \p{L}{3,4} \d{4}$`)
)

// checkTime complains of a time that does not say that it is in UTC, which the page's script turns into the reader's own.
func (s screen) checkTime(n *html.Node) {
	s.t.Helper()
	want, layout := wholeTime, time.RFC3339
	if !strings.Contains(attr(n, "datetime"), "T") {
		want, layout = wholeDay, time.DateOnly
	}
	if _, err := time.Parse(layout, attr(n, "datetime")); err != nil || !want.MatchString(textOf(n)) {
		s.t.Errorf("%s: the time %s is written as %q", s.what, attr(n, "datetime"), textOf(n))
	}
}

// loose are the times of a day that stand on the page outside of what says that they are times, and of what is shown as it came.
func loose(n *html.Node) (out []string) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && clockTime.MatchString(c.Data):
			out = append(out, strings.TrimSpace(c.Data))
		case c.Type == html.ElementNode && !slices.Contains([]string{"time", "pre", "code", "script", "head"}, c.Data):
			out = append(out, loose(c)...)
		}
	}
	return out
}

// weigh is how many bytes a file comes to that a page loads, as any browser takes it.
func (w *browser) weigh(file string) int {
	w.b.t.Helper()
	if w.files[file] == 0 {
		w.files[file] = len(w.send(http.MethodGet, file, "", header("Accept-Encoding", "gzip")).want(http.StatusOK).body)
	}
	return w.files[file]
}

// textAfter is the text of the elements behind one, within the same parent.
func textAfter(n *html.Node) string {
	var out []string
	for c := n.NextSibling; c != nil; c = c.NextSibling {
		out = append(out, textOf(c))
	}
	return strings.Join(out, " ")
}
