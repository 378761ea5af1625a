package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Sizes of windows, in CSS pixels. The narrowest is also what a wide window shows at 400 %.
const (
	wide, high        = 1280, 900
	phone, phoneHigh  = 390, 844
	narrow, narrowEnd = 320, 640
)

// window is a window of a browser of its own, with its own cookies. It hears what the console says and what is loaded.
type window struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	said     []string // by the console, warnings and worse
	asked    []string // addresses
	expected []int64  // statuses of pages that are errors on purpose; the console tells of them
	bytes    int64    // transferred since the last page began
}

// open opens a window that shows nothing yet, and complains at the end of what its console said.
func (s *service) open(t *testing.T) *window {
	t.Helper()
	// A child of the first tab's context, so that it is one more window of the same Chromium; it ends with the test.
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	w := &window{t: t, ctx: ctx, base: s.base}
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatal(err)
	}
	w.do("enabling audits", chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tab, audits.Enable, cdp.Empty{}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, tab, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tab, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/Bogota"})
		return err
	}))
	w.size(wide, high)
	t.Cleanup(w.quiet)
	return w
}

// hear is told of every event, in their order.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var words []string
			for _, arg := range e.Args {
				words = append(words, string(arg.Value)+arg.Description)
			}
			w.said = append(w.said, "console: "+strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		w.said = append(w.said, "exception: "+e.ExceptionDetails.Text)
		if x := e.ExceptionDetails.Exception; x != nil {
			w.said = append(w.said, x.Description)
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelWarning || e.Entry.Level == cdplog.EntryLevelError {
			w.said = append(w.said, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *audits.EventIssueAdded:
		w.said = append(w.said, fmt.Sprintf("issue: %s %s", e.Issue.Code, describeIssue(e.Issue)))
	case *network.EventRequestWillBeSent:
		w.asked = append(w.asked, e.Request.URL)
		if e.Type == network.ResourceTypeDocument {
			w.bytes = 0
		}
	case *network.EventLoadingFinished:
		w.bytes += int64(e.EncodedDataLength)
	}
}

func describeIssue(issue *audits.InspectorIssue) string {
	if d := issue.Details; d != nil {
		if d.GenericIssueDetails != nil {
			return fmt.Sprintf("%+v", *d.GenericIssueDetails)
		}
		if d.ContentSecurityPolicyIssueDetails != nil {
			return fmt.Sprintf("%+v", *d.ContentSecurityPolicyIssueDetails)
		}
	}
	return ""
}

// quiet complains of what the console said and of requests to other hosts, since the last time.
func (w *window) quiet() {
	w.t.Helper()
	w.mu.Lock()
	said, asked, expected := w.said, w.asked, w.expected
	w.said, w.asked = nil, nil
	w.mu.Unlock()
	for _, line := range said {
		if !slices.ContainsFunc(expected, func(status int64) bool {
			return strings.Contains(line, "responded with a status of "+strconv.FormatInt(status, 10))
		}) {
			w.t.Errorf("the console says %s", line)
		}
	}
	for _, address := range asked {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "data" && u.Scheme+"://"+u.Host != w.base) {
			w.t.Errorf("something was loaded from elsewhere: %s", address)
		}
	}
}

// weight is how many bytes the page came to with everything that it loaded, headers included.
func (w *window) weight() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes
}

// do runs actions, or ends the test.
func (w *window) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

// goes runs actions that lead to another page, which has to have that status.
func (w *window) goes(what string, status int64, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if status >= 400 {
		w.mu.Lock()
		w.expected = append(w.expected, status)
		w.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	resp, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
	if resp == nil || resp.Status != status {
		w.t.Fatalf("%s: got %+v, want status %d", what, resp, status)
	}
}

// visit shows a page of the service.
func (w *window) visit(path string) { w.t.Helper(); w.visitAs(path, 200) }

func (w *window) visitAs(path string, status int64) {
	w.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = w.base + path
	}
	w.goes("visiting "+path, status, chromedp.Navigate(path))
}

// follow clicks on what the selector finds and waits for the page behind it.
func (w *window) follow(selector string) { w.t.Helper(); w.followTo(selector, 200) }

func (w *window) followTo(selector string, status int64) {
	w.t.Helper()
	w.goes("clicking on "+selector, status, chromedp.Click(chromedp.CSS(selector)))
}

// fill types into a field, in place of what is there.
func (w *window) fill(selector, text string) {
	w.t.Helper()
	w.do("filling in "+selector, chromedp.WaitVisible(chromedp.CSS(selector)),
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.querySelector(%q).select()", selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (w *window) size(width, height int64) {
	w.t.Helper()
	var options []chromedp.EmulateViewportOption
	if width < wide {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	w.do("resizing", chromedp.EmulateViewport(width, height, options...))
}

// scheme is what the system wishes: light or dark.
func (w *window) scheme(name string) {
	w.t.Helper()
	w.do("wishing for "+name, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// forceColours is a system that paints everything in a few colours of its own.
func (w *window) forceColours() {
	w.t.Helper()
	w.do("forcing colours", chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"},
		}})
		return err
	}))
}

// allowScripts switches the scripts of pages on and off; the questions of the tests are answered all the same.
func (w *window) allowScripts(on bool) {
	w.t.Helper()
	w.do("switching scripts", chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// look asks the page and ends the test when it does not answer.
func look[T any](w *window, expression string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// until waits until the page says yes.
func (w *window) until(what, expression string) {
	w.t.Helper()
	eventually(w.t, what, func() error {
		if !look[bool](w, expression) {
			return fmt.Errorf("not on %s: %.600s", look[string](w, "location.href"), look[string](w, `document.body?.innerText ?? ""`)) // between two pages there is none
		}
		return nil
	})
}

// says wants words on the page.
func (w *window) says(words ...string) {
	w.t.Helper()
	text := look[string](w, "document.body.innerText")
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.t.Errorf("%s does not say %q: %.600s", w.path(), word, text)
		}
	}
}

func (w *window) path() string {
	w.t.Helper()
	return look[string](w, "location.pathname + location.search")
}

// signIn goes in by the form.
func (w *window) signIn(email string) {
	w.t.Helper()
	w.visit("/login")
	w.fill("#email", email)
	w.fill("#password", password)
	w.follow("main button.main")
}
