package browser_test

import (
	"fmt"
	"strings"
	"testing"
)

// unfitScript looks for what has no room: a page or a box that scrolls sideways, but for tables of figures on a phone that the keyboard
// reaches, and a word that goes on in the next line.
const unfitScript = `(() => {
	const found = new Set(), shown = (el) => el.checkVisibility({ visibilityProperty: true });
	const root = document.documentElement;
	const clipped = (el) => { for (let at = el; at; at = at.parentElement) { if (getComputedStyle(at).clipPath === "inset(50%)") { return true; } } return false; };
	if (document.scrollingElement.scrollWidth > root.clientWidth) { found.add("the page is " + document.scrollingElement.scrollWidth + " wide"); }
	for (const el of document.querySelectorAll("main *")) {
		const known = innerWidth < 600 && el.getAttribute("tabindex") === "0" && el.querySelector("table");
		if (/auto|scroll/.test(getComputedStyle(el).overflowX) && el.scrollWidth > el.clientWidth + 1 && shown(el) && !known) {
			found.add("it is " + el.scrollWidth + " wide in a box of " + el.clientWidth + ": " + el.className + " " + el.textContent.trim().slice(0, 40));
		}
	}
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		const el = node.parentElement;
		if (!/\p{L}{4}/u.test(node.data) || !shown(el) || el.closest("script, style, noscript, option, code, pre, svg") || clipped(el)) { continue; }
		for (const word of node.data.matchAll(/(?<![\p{L}\p{N}@._/-])\p{L}{4,}(?![\p{L}\p{N}@._/-])/gu)) {
			range.setStart(node, word.index);
			range.setEnd(node, word.index + word[0].length);
			if (new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) { found.add("the word " + word[0] + " goes on in the next line: " + node.data.trim().slice(0, 40)); }
		}
	}
	return [...found];
})()`

// Every page has room for what it says, in both languages, wide, on a phone, and at 400 %.
func TestPages_HaveRoomInBothLanguages(t *testing.T) {
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	w.signIn(email)
	paths := []string{
		"/", s.path, s.path + "/settings", s.path + "/orders", s.path + "/orders?financial_status=pending&min_score=20&search=mar", s.path + "/orders/1", s.path + "/score",
		s.path + "/outcomes", s.path + "/score/settings", s.path + "/insights", s.path + "/deliveries", s.path + "/privacy", "/jobs", "/settings", "/admin/users", "/stores/new", "/stores/connect?way=token",
	}
	for _, language := range []string{"en", "es"} {
		w.visit("/settings")
		w.follow(fmt.Sprintf(`button[name="lang"][value=%q]`, language))
		for _, path := range paths {
			w.visit(path)
			for _, width := range []int64{wide, phone, narrow} {
				w.size(width, high)
				for _, fault := range look[[]string](w, unfitScript) {
					t.Errorf("%s in %s, %d wide: %s", path, language, width, fault)
				}
			}
			w.size(wide, high)
		}
	}
}

// The check itself is tried on a page that has no room for anything.
func TestFit_SeesWhatHasNoRoom(t *testing.T) {
	t.Parallel()
	w := pageOf(t, `<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>Title</h1><p style="width: 4ch; overflow-wrap: anywhere">Cancelled</p>
		<p style="width: 9ch">Not broken here</p><div style="width: 99px; overflow: auto"><p style="width: 200px">Box</p></div><div style="width: 3000px">Wide</div></main></body></html>`)
	found := strings.Join(look[[]string](w, unfitScript), "\n")
	for _, want := range []string{"the word Cancelled goes on", "it is 200 wide in a box of 99", "the page is 30"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not found: %s", want, found)
		}
	}
	if strings.Contains(found, "broken") {
		t.Errorf("a line that ends between words is taken for a fault: %s", found)
	}
}
