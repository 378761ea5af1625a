package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until the label of what has the focus contains the words; no more often than there are stops on a page.
func (w *window) tabTo(words string) {
	w.t.Helper()
	var passed []string
	before := -1
	for range 200 {
		at := w.tab()
		inside := at.Index >= 0 && at.Index == before // a date has several stops, whose focus the browser shows itself
		before = at.Index
		if at.Fault != "" && !inside {
			w.t.Errorf("%s, %s: %s", w.path(), at.Label, at.Fault)
		}
		if at.Index >= 0 && strings.Contains(at.Label, words) {
			return
		}
		passed = append(passed, at.Label)
	}
	w.t.Fatalf("%s: Tab does not come to %q: %.1000q", w.path(), words, passed)
}

// press presses a key that leads to another page.
func (w *window) press(status int64, key string) {
	w.t.Helper()
	w.goes(fmt.Sprintf("pressing a key on %+v of %s", look[focus](w, focusScript), w.path()), status, chromedp.KeyEvent(key))
}

func (w *window) typed(text string) {
	w.t.Helper()
	w.do("typing", chromedp.KeyEvent(text))
}

// The main way through the pages without a mouse: in, to an order, to a delivery that failed, which is tried again, and to a token.
func TestKeyboard_AllThatMattersCanBeDone(t *testing.T) {
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	w.visit("/login")
	if at := look[focus](w, focusScript); !strings.Contains(at.Label, "email") {
		t.Errorf("the sign-in begins at %q, want its first field", at.Label)
	}
	w.typed(email)
	w.tabTo("password")
	w.typed(password)
	w.press(http.StatusOK, kb.Enter)

	// The first stop of a page leads past its navigation.
	if at := w.tab(); !strings.Contains(at.Label, "Skip") {
		t.Errorf("the first stop is %q, want the way past the navigation", at.Label)
	}
	w.do("skipping", chromedp.KeyEvent(kb.Enter))
	w.until("the main part has the focus", `document.activeElement.id === "main"`)
	w.tabTo("Orders")
	w.press(http.StatusOK, kb.Enter)

	number := look[string](w, `document.querySelectorAll(".orders tbody th a")[10].textContent`)
	w.tabTo("search")
	w.typed(number)
	w.press(http.StatusOK, kb.Enter)
	w.tabTo("a " + number)
	w.press(http.StatusOK, kb.Enter)
	w.says(number, "Timeline")
	w.tabTo("Show the payload")
	w.do("opening", chromedp.KeyEvent(kb.Enter))
	w.until("the payload is seen", `document.querySelector("#payload-text").checkVisibility()`)

	w.visit(s.path + "/deliveries?state=failed")
	w.tabTo("button " + look[string](w, `document.querySelector("main tbody button").textContent`))
	w.press(http.StatusOK, kb.Enter)
	w.until("it was tried again", `document.querySelector(".notice.good[role=status]") !== null`)

	// Jobs are chosen by the space bar, and what is to happen to them by a button behind them.
	s.fail()
	w.visit("/jobs?state=failed")
	w.tabTo("input work")
	w.do("choosing", chromedp.KeyEvent(" "))
	w.until("it is chosen", `document.querySelector("input[name=work]").checked`)
	w.tabTo("button do")
	w.press(http.StatusOK, kb.Enter)
	w.until("it was tried again", `document.querySelector(".notice.good[role=status]") !== null`)

	w.tabTo("a Settings")
	w.press(http.StatusOK, kb.Enter)
	w.tabTo("input name")
	w.typed("warehouse 3")
	w.tabTo("select expires")
	w.do("choosing", chromedp.KeyEvent(kb.ArrowUp))
	w.until("another time is chosen", `document.querySelector("#token-life").value === "30d"`)
	w.tabTo("button " + look[string](w, `document.querySelector("form[action='/settings/tokens'] button").textContent`))
	w.press(http.StatusCreated, kb.Enter)
	if look[string](w, `document.querySelector("#fresh-token").textContent`) == "" {
		t.Error("no token is shown")
	}
	w.tabTo("button Sign out")
	w.press(http.StatusOK, kb.Enter)
	w.visit("/settings")
	if at := w.path(); at != "/login?next=%2Fsettings" {
		t.Errorf("after the sign-out the settings lead to %s", at)
	}
}
