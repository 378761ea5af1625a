package browser_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// maxPage is how many bytes a page may come to with everything that it loads, as it is transferred.
const maxPage = 150_000

// maxPages is where the walk through the pages ends: there are far fewer.
const maxPages = 80

// variable is what differs between pages of one kind: numbers and ids in a path.
var variable = regexp.MustCompile(`/(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,})(/|$)`)

// kind is a page's path without what differs, and without its query but for what makes it another page.
func kind(path string) string {
	at, query, _ := strings.Cut(path, "?")
	for variable.MatchString(at) {
		at = variable.ReplaceAllString(at, "/:id$2")
	}
	if strings.HasPrefix(query, "way=") {
		at += "?" + query
	}
	return at
}

const linksScript = `[...document.querySelectorAll("a[href]:not([download])")].filter((el) => el.origin === location.origin)
	.map((el) => el.pathname + el.search)`

// shownPage is a page and how it is come by.
type shownPage struct {
	name  string
	begin func(w *window) // shows it
}

// linked are all pages that links lead to, one of each kind.
func linked(w *window) []shownPage {
	w.t.Helper()
	queue, known := []string{"/"}, map[string]bool{"/": true}
	var out []shownPage
	for len(queue) > 0 && len(out) < maxPages {
		path := queue[0]
		queue = queue[1:]
		w.visit(path)
		// Some addresses only lead on, to a page that may be there already.
		at := w.path()
		if k := kind(at); k != kind(path) {
			if known[k] {
				continue
			}
			known[k] = true
		}
		out = append(out, shownPage{kind(at), func(w *window) { w.t.Helper(); w.visit(at) }})
		for _, link := range look[[]string](w, linksScript) {
			// What programs read is no page; the documents of the API are. River's screens are River's.
			if k := kind(link); !known[k] && !strings.HasPrefix(link, "/admin/river") && (!strings.HasPrefix(link, "/api/") || link == "/api/docs") {
				known[k] = true
				queue = append(queue, link)
			}
		}
	}
	return out
}

// unlinked are pages that only come with forms, addresses that are typed, or faults.
func (s *shopOf) unlinked() []shownPage {
	at := func(name, path string, status int64) shownPage {
		return shownPage{name, func(w *window) { w.t.Helper(); w.visitAs(path, status) }}
	}
	return []shownPage{
		at("error", "/nothing/here", http.StatusNotFound),
		at("orders none", s.path+"/orders?search=nobody-has-this", http.StatusOK),
		at("orders wrong", s.path+"/orders?since=yesterday", http.StatusBadRequest),
		at("deliveries failed", s.path+"/deliveries?state=failed", http.StatusOK),
		{"settings token", func(w *window) {
			w.t.Helper()
			w.visit("/settings")
			w.fill("#token-name", "stock sheet")
			w.followTo(`form[action="/settings/tokens"] button`, http.StatusCreated)
		}},
		{"settings wrong", func(w *window) {
			w.t.Helper()
			w.visit("/settings")
			for field, text := range map[string]string{"#current": "not the password", "#new": "another long one", "#again": "yet another one"} {
				w.fill(field, text)
			}
			w.followTo(`form[action="/settings/password"] button`, http.StatusBadRequest)
		}},
		{"credentials wrong", func(w *window) {
			w.t.Helper()
			w.visit(s.path + "/settings")
			w.fill("#access_token", "shpat_wrong")
			w.follow(`form[action$="/credentials"] button`)
			w.until("the reason is shown", `document.querySelector(".steps .notice.bad") !== null && document.querySelector("#access_token") !== null`)
		}},
		{"connect wrong", func(w *window) {
			w.t.Helper()
			w.visit("/stores/connect?way=token")
			w.fill("#store_name", "nobody-here")
			w.fill("#access_token", "shpat_wrong")
			w.follow(`form[action="/stores/connect"] button`)
			w.until("the reason is shown", `document.querySelector(".steps .notice.bad") !== null && document.querySelector("#store_name") !== null`)
		}},
	}
}

// outside are the pages of whoever is not signed in.
func (s *service) outside() []shownPage {
	return []shownPage{
		{"front", func(w *window) { w.t.Helper(); w.visit("/") }},
		{"login", func(w *window) { w.t.Helper(); w.visit("/login") }},
		{"login wrong", func(w *window) {
			w.t.Helper()
			w.visit("/login")
			w.fill("#email", email)
			w.fill("#password", "not the password")
			w.followTo("main button.main", http.StatusUnauthorized)
		}},
		{"documents", func(w *window) { w.t.Helper(); w.visit("/api/docs") }},
		{"setup closed", func(w *window) { w.t.Helper(); w.visitAs("/setup?token=old", http.StatusForbidden) }},
	}
}

// Every page that can be come by is light, quiet, no wider than the window, and usable by everybody, in light and dark, wide and
// narrow.
func TestPages_AreForEverybody(t *testing.T) { //nolint:tparallel // one window shows one page after the other
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	for _, p := range s.outside() {
		w.examine(t, p)
	}
	w.signIn(email)
	pages := linked(w)
	if len(pages) < 10 {
		t.Errorf("links lead to %d pages only", len(pages))
	}
	for _, p := range slices.Concat(pages, s.unlinked()) {
		w.examine(t, p)
	}
	s.account("eva@example.com")
	w.follow(`form[action="/logout"] button`)
	w.signIn("eva@example.com")
	w.examine(t, shownPage{"welcome", func(w *window) { w.t.Helper(); w.visit("/") }})
}

// The longest name that a store may have is held by every page that shows it, in a narrow window too.
func TestPages_HoldTheLongestName(t *testing.T) {
	t.Parallel()
	s := connectedTo(t, "tienda-"+strings.Repeat("w", 52)+"-sur.myshopify.com")
	w := s.open(t)
	w.signIn(email)
	for _, path := range []string{"/", s.path, s.path + "/settings", s.path + "/orders", s.path + "/score", s.path + "/outcomes", s.path + "/insights", s.path + "/deliveries", s.path + "/privacy", "/jobs"} {
		w.visit(path)
		for _, width := range []int64{narrow, phone, wide} {
			w.size(width, high)
			for _, fault := range w.faults(width < wide) {
				t.Errorf("%s, %d wide: %s", path, width, fault)
			}
		}
	}
}

// examine looks at a page from all sides.
func (w *window) examine(parent *testing.T, p shownPage) {
	parent.Helper()
	parent.Run(p.name, func(t *testing.T) {
		defer func(t *testing.T) { w.t = t }(w.t)
		w.t = t
		p.begin(w)
		if bytes := w.weight(); bytes > maxPage || bytes == 0 {
			t.Errorf("%s comes to %d bytes, want at most %d", w.path(), bytes, maxPage)
		}
		if *screenshots != "" {
			w.pictures(pictureName(p.name))
		}
		w.do("opening what is folded, but not all of a long list", chromedp.Evaluate[chromedp.Void](
			`[...document.querySelectorAll("main details")].slice(0, 12).forEach((el) => { el.open = true })`))
		report := func(how string, faults []string) {
			t.Helper()
			for _, fault := range faults {
				t.Errorf("%s, %s: %s", w.path(), how, fault)
			}
		}
		for _, scheme := range []string{"light", "dark"} {
			w.scheme(scheme)
			report("wide and "+scheme, w.faults(false))
		}
		report("by keyboard", w.walk())
		for _, size := range []struct{ width, height int64 }{{phone, phoneHigh}, {narrow, narrowEnd}} {
			w.size(size.width, size.height)
			report(fmt.Sprintf("%d wide and dark", size.width), w.faults(true))
		}
		w.scheme("light")
		report("on a phone and light", w.faults(true))
		w.size(wide, high)
		w.quiet()
	})
}
