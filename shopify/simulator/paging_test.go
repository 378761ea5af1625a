package simulator_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPaging_WalksForwardAndBack(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(130, 30*day)
	first := b.get("orders.json?status=any&limit=50")
	if first.relation(t, "previous") != "" {
		t.Error("the first page has a previous one")
	}
	next := first.relation(t, "next")
	if !strings.HasPrefix(next, "https://"+domain+"/admin/api/2026-10/orders.json?") {
		t.Fatalf("next: got %q", next)
	}
	u, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); len(q) != 2 || q.Get("limit") != "50" || q.Get("page_info") == "" {
		t.Errorf("next has query %v, want limit and page_info", q)
	}
	second := b.send(http.MethodGet, next, "")
	third := b.send(http.MethodGet, second.relation(t, "next"), "")
	if n := len(third.orders(t)); n != 30 || third.relation(t, "next") != "" {
		t.Errorf("last page: got %d orders and next %q, want 30 and none", n, third.relation(t, "next"))
	}
	if back := b.send(http.MethodGet, third.relation(t, "previous"), ""); back.body != second.body {
		t.Error("previous of the third page is not the second")
	}
	if back := b.send(http.MethodGet, second.relation(t, "previous"), ""); back.body != first.body {
		t.Error("previous of the second page is not the first")
	}
	if !strings.Contains(first.header.Get("Link"), "next") || strings.Index(second.header.Get("Link"), "next") > strings.Index(second.header.Get("Link"), "previous") {
		t.Error("relations always stand in the same order")
	}
	if a := b.get("orders.json?status=any&limit=250"); a.header.Get("Link") != "" {
		t.Error("a single page has a Link")
	}
}

func TestPaging_CursorCarriesTheFilter(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(300, 30*day)
	from := b.clock.Now().Add(-10 * day)
	query := "status=any&created_at_min=" + encode(from)
	want := b.get("orders/count.json?" + query).count(t)
	got := b.walk("orders.json?limit=20&fields=id,created_at&"+query, nil)
	if len(got) != want || want == 0 || want == 300 {
		t.Errorf("got %d orders, want %d of 300", len(got), want)
	}
	for _, o := range got {
		if o.CreatedAt.Before(from.Truncate(time.Second)) || o.Name != "" {
			t.Fatalf("order %+v: filter or fields were lost on the way", o)
		}
	}
}

func TestPaging_Refusals(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(60, 30*day)
	next := b.get("orders.json?status=any&limit=20").relation(t, "next")
	for _, name := range []string{"updated_at_min", "status", "order", "since_id", "created_at_max"} {
		a := b.send(http.MethodGet, next+"&"+name+"=any", "")
		if want := `{"errors":{"` + name + `":"` + name + ` cannot be passed when page_info is present. See `; a.status != http.StatusBadRequest || !strings.HasPrefix(a.body, want) {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	for name, info := range map[string]string{
		"no base64": "%%%", "no cursor": base64.URLEncoding.EncodeToString([]byte(`{"direction":"up"}`)), "no JSON": base64.URLEncoding.EncodeToString([]byte(`{`)),
	} {
		if a := b.get("orders.json?page_info=" + url.QueryEscape(info)); a.status != http.StatusBadRequest || !strings.Contains(a.body, "page_info") {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	if a := b.get("orders.json?page=2"); a.status != http.StatusBadRequest || !strings.Contains(a.body, "page cannot be passed") {
		t.Errorf("page number: got %d %s", a.status, a.body)
	}
}

// TestPaging_ManyOrdersInOneSecond has pages end in the middle of orders whose
// stamps are equal.
func TestPaging_ManyOrdersInOneSecond(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.shop.Generate(200, 65*time.Second)
	for _, query := range []string{"", "&order=created_at+asc", "&order=updated_at+desc"} {
		seen := map[int64]bool{}
		got := b.walk("orders.json?status=any&limit=7"+query, nil)
		for _, o := range got {
			seen[o.ID] = true
		}
		if len(got) != 200 || len(seen) != 200 {
			t.Errorf("query %q: got %d orders, %d different, want 200", query, len(got), len(seen))
		}
	}
}

// TestPaging_LosesNothingWhileTheStoreChanges walks by creation and by change
// while orders come, change and go between any two pages.
func TestPaging_LosesNothingWhileTheStoreChanges(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"", "&order=updated_at+asc", "&order=created_at+asc", "&since_id=0"} {
		t.Run("query"+query, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.shop.Generate(400, 30*day)
			ids := b.shop.OrderIDs()
			deleted := make(map[int64]bool)
			got := make(map[int64]bool)
			for _, o := range b.walk("orders.json?status=any&limit=30"+query, func(page int, _ []order) {
				b.clock.Advance(time.Second)
				b.shop.NewOrder()
				for i := range 5 {
					b.shop.Update(ids[(page*37+i*11)%400], func(o map[string]any) { o["note"] = "changed" })
				}
				if page%3 == 0 {
					deleted[ids[page*17%400]] = true
					b.shop.Delete(ids[page*17%400])
				}
			}) {
				got[o.ID] = true
			}
			for _, id := range ids {
				if !got[id] && !deleted[id] {
					t.Errorf("order %d was on no page", id)
				}
			}
		})
	}
}
