package browser_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The first minute of somebody who has just started the program: the printed link, an account, the demo store, and its orders. A
// password is all that is typed, the keyboard goes where it is needed by itself, and one click shows the orders.
func TestFlow_FromThePrintedLinkToTheOrdersOfTheDemoStore(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w := s.open(t)
	w.visit(s.link)
	w.says("At least 8 characters")
	if at := look[focus](w, focusScript); at.Label != "input password" {
		t.Errorf("the set-up begins at %q, want the password", at.Label)
	}
	w.typed(password)
	w.tab()
	w.typed(password)
	w.press(http.StatusCreated, kb.Enter)
	token := look[string](w, `document.querySelector("#api-token").textContent`)
	if status := s.call(token, http.MethodGet, "/api/session", nil, nil); status != http.StatusOK {
		t.Errorf("the token that was shown is answered with %d", status)
	}
	if at := look[focus](w, focusScript); at.Label != "button Open the demo store" || at.Fault != "" {
		t.Errorf("%q has the focus (%s), want the way to the demo store", at.Label, at.Fault)
	}
	w.press(http.StatusOK, kb.Enter)
	store := pathOf(t, look[string](w, "location.href"))
	if !strings.HasPrefix(store, "/stores/") {
		t.Fatalf("after the demo store was opened the browser is at %s", store)
	}

	// The import is watched to its end on a page that stays where it is.
	w.do("remembering the page", chromedp.Evaluate[chromedp.Void]("window.same = true"))
	w.until("the import shows how far it is", `document.querySelector("[data-live] progress") !== null || document.querySelector("#runs-card .badge.good") !== null`)
	w.until("the import has ended", `document.querySelector("[data-live] progress") === null && document.querySelector("#runs-card .badge.good") !== null`)
	w.until("a screen reader is told of it", `document.querySelector("#said").textContent !== ""`)
	if !look[bool](w, "window.same === true") {
		t.Error("the page was loaded again while the import went on")
	}
	if orders := look[string](w, `document.querySelectorAll("[data-live] .big")[1].textContent`); !strings.HasPrefix(orders, "5,0") {
		t.Errorf("%s orders are there, want the 5,000 of the demo store and what came since", orders)
	}

	w.follow(".head .actions a.main")
	if rows := look[int](w, `document.querySelectorAll(".orders tbody tr").length`); rows != 50 {
		t.Errorf("%d orders are listed, want 50", rows)
	}

	// New orders come by themselves, on the same page, and what has the focus keeps it.
	w.do("choosing a row", chromedp.Evaluate[chromedp.Void](`window.same = true; (() => {
		const link = document.querySelector(".orders tbody th a");
		window.chosen = link.getAttribute("href");
		link.focus();
	})()`))
	w.until("a new order has come above", `[...document.querySelectorAll(".orders tbody th a")].findIndex((el) => el.getAttribute("href") === window.chosen) > 0`)
	if !look[bool](w, `window.same === true && document.activeElement.getAttribute("href") === window.chosen && document.querySelectorAll(".orders tbody tr").length === 50`) {
		t.Error("the page was loaded again, lost the focus, or grew")
	}
}

// What people come for: an order is looked for, found and opened; a delivery that failed is tried again; a token is made, which
// works; and in the end they go.
func TestFlow_AnOrderADeliveryATokenAndOut(t *testing.T) {
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	w.signIn(email)

	w.follow(`.places a[href$="/orders"]`)
	number := look[string](w, `document.querySelectorAll(".orders tbody th a")[20].textContent`)
	w.fill("#search", number)
	w.follow("form[role=search] .search button")
	w.says(number)
	if rows := look[int](w, `document.querySelectorAll(".orders tbody tr").length`); rows != 1 {
		t.Errorf("%d orders are found as %s, want one", rows, number)
	}
	w.follow(".orders tbody th a")
	w.says(number, "Timeline")
	if look[bool](w, `document.querySelector("#payload-text").checkVisibility()`) {
		t.Error("the whole of the payload is open from the beginning")
	}
	w.do("opening the payload", chromedp.Click(chromedp.CSS("summary:has(+ #payload-text)")))
	w.until("the payload is seen", `document.querySelector("#payload-text").checkVisibility()`)

	w.follow(`.places a[href$="/deliveries"]`)
	w.follow("tbody tr:has(.badge.bad) th a")
	w.says("order has no id")
	w.follow(`main form[action$="/replay"] button`)
	w.until("it was tried again", `document.querySelector(".notice.good") !== null`)

	w.follow(`.places a[href="/settings"]`)
	w.fill("#token-name", "warehouse 2")
	w.followTo(`form[action="/settings/tokens"] button`, http.StatusCreated)
	token := look[string](w, `document.querySelector("#fresh-token").textContent`)
	if status := s.call(token, http.MethodGet, "/api/integrations/shopify/", nil, nil); status != http.StatusOK {
		t.Errorf("the new token is answered with %d", status)
	}
	w.visit("/settings")
	if look[bool](w, `document.body.innerText.includes("prob_")`) {
		t.Error("the token is shown a second time")
	}

	w.follow(`form[action="/logout"] button`)
	w.visit(s.path)
	if at := w.path(); !strings.HasPrefix(at, "/login?next=") {
		t.Errorf("after the sign-out a page of the store leads to %s", at)
	}
}

// What the score learns, and the rating of all orders behind it, is followed on the page where it was asked for, and what the page knows
// is renewed when it is over.
func TestFlow_TheScoreIsFollowed(t *testing.T) {
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	w.signIn(email)
	// The end of the first import begins a training of its own.
	eventually(t, "the first model", func() error {
		w.visit(s.path + "/score")
		if !look[bool](w, `[...document.querySelectorAll("#knows tbody th")].some((el) => el.textContent === "v1")`) {
			return errors.New("there is none")
		}
		return nil
	})
	var list struct{ Results []struct{ ID int64 } }
	api := "/api/integrations/shopify/" + strings.TrimPrefix(s.path, "/stores/")
	s.call(s.key, http.MethodGet, api+"/orders/?fulfillment_status=unfulfilled&financial_status=pending&page_size=1", nil, &list)
	if status := s.call(s.key, http.MethodPost, fmt.Sprintf("%s/orders/%d/outcomes/", api, list.Results[0].ID), map[string]string{"outcome": "failed"}, nil); status != http.StatusCreated {
		t.Fatalf("an outcome is answered with %d", status)
	}
	w.follow(`form[action$="/score/train"] button`)
	w.do("remembering the page", chromedp.Evaluate[chromedp.Void]("window.same = true"))
	w.until("a model was learnt", `[...document.querySelectorAll("#knows tbody th")].some((el) => el.textContent === "v2")`)
	w.until("orders were rated with it", `document.querySelector(".live").textContent.trim() === ""`)
	// Whatever begins elsewhere is followed too: another tab goes back to the weights of the program.
	w.do("going back in another tab", chromedp.Evaluate[chromedp.Void](`(() => {
		const form = [...document.querySelectorAll('form[action$="/activate"]')].at(-1);
		fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
	})()`))
	w.until("the other model is in force", `document.querySelector("#models").closest("section").querySelector("tbody tr:last-child .badge.good") !== null`)
	w.until("nothing is under way", `document.querySelector(".live").textContent.trim() === ""`)
	w.until("it can be trained again", `document.querySelector('#train form[action$="/score/train"] button') !== null`)
	if !look[bool](w, "window.same === true") {
		t.Error("the page was loaded again while the score learnt")
	}
	if bad := look[int](w, `[...document.querySelectorAll("#knows time[datetime*=T]")].filter((el) => !el.title.endsWith("UTC")).length`); bad != 0 {
		t.Errorf("%d times of what was renewed are not the reader's own", bad)
	}
}

// Who reads Spanish gets it from the first page on, and keeps what they choose.
func TestFlow_Spanish(t *testing.T) {
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	w.visit("/login")
	w.follow(`button[name="lang"][value="es"]`)
	w.says("Contraseña")
	w.signIn(email)
	w.follow(`.places a[href$="/orders"]`)
	w.says("Pedidos", "Cliente")
	if lang := look[string](w, "document.documentElement.lang"); lang != "es" {
		t.Errorf("the language of the page is %q", lang)
	}
	w.follow(`button[name="lang"][value="en"]`)
	w.says("Customer")
}

// Without scripts everything works that is not live.
func TestFlow_WithoutScripts(t *testing.T) {
	t.Parallel()
	s := connected(t)
	w := s.open(t)
	w.allowScripts(false)
	w.signIn(email)
	w.visit(s.path + "/orders?search=a")
	if look[bool](w, `[...document.querySelectorAll("time")].some(el => el.title !== "")`) {
		t.Fatal("the page's script ran: the test tries nothing")
	}
	w.follow(".orders tbody th a")
	w.says("Timeline")
	w.follow(`.places a[href$="/deliveries"]`)
	w.follow(`tr:has(.badge.bad) button`)
	w.until("it was tried again", `document.querySelector(".notice.good") !== null`)
	s.fail()
	w.visit("/jobs")
	w.do("choosing", chromedp.Click(chromedp.CSS(`tr:has(.badge.bad) input[name="work"]`)))
	w.follow(`button[name="do"][value="retry"]`)
	w.until("it was tried again", `document.querySelector(".notice.good") !== null`)
	w.visit(s.path + "/score")
	w.follow(`form[action$="/score/train"] button`)
	w.visit(s.path)
	w.follow(`form[action$="/sync"] button`)
	w.until("the sync was begun", `document.querySelector(".notice") !== null`)
	w.follow(`.places a[href="/settings"]`)
	w.fill("#token-name", "by hand")
	w.followTo(`form[action="/settings/tokens"] button`, http.StatusCreated)
	if look[string](w, `document.querySelector("#fresh-token").textContent`) == "" {
		t.Error("no token is shown")
	}
	w.follow(`button[name="theme"][value="dark"]`)
	if theme := look[string](w, "document.documentElement.dataset.theme"); theme != "dark" {
		t.Errorf("the theme is %q", theme)
	}
	w.follow(`form[action="/logout"] button`)
}
