package browser_test

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed testdata/check.js
var checkScript string

// named are the roles that say nothing without a name.
var named = []string{
	"button", "checkbox", "combobox", "DisclosureTriangle", "dialog", "form", "group", "image", "img", "link", "listbox", "menuitem", "meter", "navigation",
	"progressbar", "radio", "region", "search", "searchbox", "slider", "spinbutton", "switch", "tab", "table", "textbox", "Date", "InputTime",
}

// faults are what somebody would stumble over on the page as it is now.
func (w *window) faults(touch bool) []string {
	w.t.Helper()
	return append(look[[]string](w, fmt.Sprintf("(%s)(%t)", checkScript, touch)), w.nameless()...)
}

// nameless asks the tree that screen readers get for what has no name there, and for tables that are none any more.
func (w *window) nameless() []string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	tree, err := chromedp.Run(ctx, func(ctx context.Context, tab *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return cdp.Call(ctx, tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	seen := map[string]int{}
	for _, n := range tree.Nodes {
		if n.Ignored {
			continue
		}
		role, name := word(n.Role), strings.TrimSpace(word(n.Name))
		seen[role]++
		if name == "" && slices.Contains(named, role) && role != "group" && role != "form" {
			found = append(found, fmt.Sprintf("a %s without a name, below %q", role, nameAbove(tree.Nodes, n)))
		}
	}
	if seen["main"] != 1 || seen["heading"] == 0 {
		found = append(found, fmt.Sprintf("%d main landmarks and %d headings are told", seen["main"], seen["heading"]))
	}
	if tables := look[int](w, `[...document.querySelectorAll("table")].filter((el) => el.checkVisibility()).length`); seen["table"] != tables {
		found = append(found, fmt.Sprintf("%d tables are told of %d", seen["table"], tables))
	}
	if seen["table"] > 0 && (seen["row"] == 0 || seen["cell"]+seen["gridcell"] == 0 || seen["columnheader"] == 0) {
		found = append(found, fmt.Sprintf("tables without rows, cells or heads: %v", seen))
	}
	return found
}

func word(v *accessibility.Value) string {
	var text string
	if v != nil && len(v.Value) > 0 {
		_ = jsonv2.Unmarshal(v.Value, &text) // values that are no text name nothing
	}
	return text
}

func nameAbove(nodes []*accessibility.Node, n *accessibility.Node) string {
	for range len(nodes) {
		i := slices.IndexFunc(nodes, func(p *accessibility.Node) bool { return p.NodeID == n.ParentID })
		if i < 0 {
			return ""
		}
		if n = nodes[i]; word(n.Name) != "" {
			return word(n.Name)
		}
	}
	return ""
}

// focus is what has it.
type focus struct {
	Index int    // among all that can have it, in their order; -1: none of them
	Label string // of the element
	Fault string // what is wrong with how it is shown
	Count int    // of all that can have it
	Box   bool   // it scrolls, and is there for that
}

const focusScript = `(() => {
	const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
		.filter((el) => el.checkVisibility({ visibilityProperty: true }) && !el.disabled);
	const radios = new Set();
	const stops = all.filter((el) => el.type !== "radio" || !el.name || (!radios.has(el.name) && radios.add(el.name)));
	const el = document.activeElement, box = el.getBoundingClientRect(), style = getComputedStyle(el);
	const label = (el.localName + " " + (el.getAttribute("aria-label") || el.name || el.textContent || "").trim()).replace(/\s+/g, " ").slice(0, 60);
	let fault = "";
	if (el !== document.body) {
		const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
		const on = document.elementsFromPoint(Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1), box.y + Math.min(box.height, 24) / 2)[0];
		const paint = (text) => (text.match(/[\d.]+/g) || []).map(Number);
		const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
		let under = el.parentElement;
		while (under.parentElement && paint(getComputedStyle(under).backgroundColor)[3] === 0) { under = under.parentElement; }
		const [x, y] = [light(paint(style.outlineColor)), light(paint(getComputedStyle(under).backgroundColor))].sort((p, q) => q - p);
		if (!seen) { fault = "its focus is not seen"; }
		else if ((x + 0.05) / (y + 0.05) < 3) { fault = "its focus is hardly seen, by " + style.outlineColor + " on " + getComputedStyle(under).backgroundColor; }
		else if (!on) { fault = "it is not in the window"; }
		else if (!el.contains(on) && !on.contains(el) && !(el.labels && [...el.labels].some((l) => l.contains(on)))) { fault = "it is covered by " + on.localName + "." + on.className; }
	}
	return { Index: stops.indexOf(el.type === "radio" && el.name ? stops.find((s) => s.name === el.name) : el), Label: label, Fault: fault, Count: stops.length,
		Box: el !== document.body && (el.scrollWidth > el.clientWidth || el.scrollHeight > el.clientHeight) };
})()`

// tab presses the tab key and looks at what has the focus now.
func (w *window) tab() focus {
	w.t.Helper()
	w.do("pressing Tab", chromedp.KeyEvent(kb.Tab))
	return look[focus](w, focusScript)
}

// walk goes through the whole page by the tab key and gives what is wrong on the way: what is not reached, or not in its order, or
// has no visible focus, or is covered.
func (w *window) walk() []string {
	w.t.Helper()
	var found []string
	w.do("leaving what has the focus", chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)`))
	// From the top, wherever the page put the focus at first.
	w.do("beginning at the top", chromedp.Evaluate[chromedp.Void](`document.body.tabIndex = -1, document.body.focus(), document.body.removeAttribute("tabindex")`))
	before := -1
	reached := map[int]bool{}
	for range 400 {
		at := w.tab()
		if at.Index < 0 && at.Box {
			continue // the browser lets boxes that scroll have it
		}
		if at.Index < 0 || at.Index < before && reached[at.Index] {
			break // once around; a date has several stops of its own
		}
		if at.Index < before {
			found = append(found, fmt.Sprintf("Tab goes back, to %s", at.Label))
		}
		if at.Fault != "" && at.Index != before { // within a field of several parts the browser shows the focus itself
			found = append(found, fmt.Sprintf("%s: %s", at.Label, at.Fault))
		}
		before, reached[at.Index] = at.Index, true
		if len(reached) == at.Count {
			return found
		}
	}
	at := look[focus](w, focusScript)
	return append(found, fmt.Sprintf("Tab reaches %d of %d", len(reached), at.Count))
}

// pageOf is a window that shows a page of the test's own.
func pageOf(t *testing.T, page string) *window {
	t.Helper()
	mux := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(mux.Close)
	w := (&service{t: t, base: mux.URL}).open(t)
	w.visit("/")
	return w
}

// The checks themselves are tried on a page that has everything wrong.
func TestAccess_TheChecksSeeFaults(t *testing.T) {
	t.Parallel()
	const page = `<!doctype html><html><head><style>
		.faint { color: #999; background: #fff } .small { display: block; width: 10px; height: 10px; overflow: hidden }
		.blind:focus { outline: none } .over { position: fixed; inset: auto 0 0; height: 60px; background: #eee }
		input { border: 1px solid #ddd } .moves { transition: color 1s }
		</style></head><body>
		<h1>One</h1><h3>Three</h3><h1>Two</h1>
		<header><nav><a class="blind" href="/a" aria-current="page">A</a><a href="/b" aria-current="page">B</a><a href="/c" aria-current="here">C</a></nav></header><div>Lost words</div>
		<main id="m"><button></button><input name="q"><p class="faint">Hardly</p><time datetime="2026-11-05T12:00:00Z">5 Nov 2026, 12:00 UTC</time><img src="data:,"><svg width="9" height="9"></svg>
		<table><tr><th></th></tr><tr><td>1</td></tr></table><p id="m" aria-labelledby="nobody">Twice</p>
		<button tabindex="3">Third</button><a class="small" href="/1">1</a><a class="small" href="/2">2</a><a class="moves" href="/3">Open</a><a href="/4">Open</a>
		<div style="width: 3000px">Wide</div><div style="width: 99px; overflow: auto"><p style="width: 200px">Box</p></div><progress></progress><div data-live></div><input aria-invalid="true">
		<p style="height: 2000px"></p><a href="/end">End</a></main><div class="over"><p>Covers</p></div></body></html>`
	w := pageOf(t, page)
	w.scheme("light")
	w.size(phone, phoneHigh)
	found := strings.Join(append(w.faults(true), w.walk()...), "\n")
	for _, want := range []string{
		"no language", "no title", "cannot be enlarged", "not one h1", "leaves out a level", "a navigation without a name", "words outside", "there twice",
		"names what is not there", "positive tabindex", "the first stop does not lead past", "two places are the present one", "an unknown aria-current", "it moves for who", "a time that is not the reader's own", "the same name for another deed", "without a caption", "without a scope", "an empty head", "a picture that says nothing",
		"nothing tells what changes", "invalid field without a reason", "contrast 2.85, want 4.5", "edge of a field", "10×10 to hit", "10×10 for a thumb", "wide in a window of", "it is 200 wide in a box of 99",
		"a button without a name", "a textbox without a name", "a progressbar without a name", "its focus is not seen", "Tab reaches",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not found", want)
		}
	}
	if t.Failed() {
		t.Log(found)
	}
	w.mu.Lock()
	w.said = nil // it is full of faults on purpose
	w.mu.Unlock()
}

// Colours that the system forces on a page leave everything on it to be seen: what has the focus, what is chosen, and the edges of what
// can be pressed.
func TestAccess_ForcedColours(t *testing.T) {
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	w.signIn(email)
	w.forceColours()
	for _, path := range []string{"/", s.path, s.path + "/orders", s.path + "/insights", s.path + "/score", s.path + "/deliveries", "/jobs", "/settings"} {
		w.visit(path)
		if !look[bool](w, `matchMedia("(forced-colors: active)").matches`) {
			t.Fatal("no colours are forced: the test tries nothing")
		}
		for _, fault := range append(look[[]string](w, forcedScript), w.walk()...) {
			t.Errorf("%s with forced colours: %s", path, fault)
		}
	}
}

// forcedScript looks for what is told by a background alone, which a system that forces its colours paints over.
const forcedScript = `(() => {
	const found = [];
	const name = (el) => "<" + el.localName + "." + el.className + "> " + el.textContent.trim().slice(0, 30);
	const edged = (el) => { const s = getComputedStyle(el); return ["Top", "Bottom", "Left"].some((side) => s["border" + side + "Style"] !== "none" && parseFloat(s["border" + side + "Width"]) >= 1); };
	for (const el of document.querySelectorAll("button, .button, input:not([type=hidden]), select, .badge, .notice, progress")) {
		if (el.checkVisibility() && !edged(el) && !["checkbox", "radio"].includes(el.type) && !el.closest(".segments")) { found.push("no edge: " + name(el)); break; }
	}
	const looks = (el) => { const s = getComputedStyle(el); return [s.outlineStyle, s.borderLeftWidth, s.borderLeftStyle, s.borderBottomWidth, s.textDecorationLine, s.color].join(); };
	for (const group of document.querySelectorAll(".places ul, .segments, .tabs ul, .periods")) {
		const all = [...group.querySelectorAll("a, button")], chosen = all.filter((el) => el.matches("[aria-current=page], [aria-current=true], [aria-pressed=true]"));
		for (const el of chosen) {
			if (all.filter((other) => !chosen.includes(other)).some((other) => looks(other) === looks(el))) { found.push("not seen to be chosen: " + name(el)); }
		}
	}
	for (const el of document.querySelectorAll(".plot rect.p1, .plot .dot, .stacked .fill")) {
		const s = getComputedStyle(el), ground = getComputedStyle(document.body).backgroundColor;
		if (s.fill === ground && s.stroke === "none") { found.push("a drawing that is not seen: " + el.outerHTML.slice(0, 60)); break; }
	}
	return found;
})()`
