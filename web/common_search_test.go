package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A term that very many orders have is not counted to the end, and says so; whoever follows "next" gets every order all the same.
func TestOrders_CountOfAVeryCommonTermIsAtLeast(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	const orders = 11_000
	for from := 0; from < orders; from += 1000 {
		payloads := make([]string, 1000)
		for i := range payloads {
			n := from + i
			at := noon.Add(-time.Duration(n) * time.Minute).Format(time.RFC3339)
			city := "Bogotá"
			if n%4 == 3 {
				city = "Cali"
			}
			payloads[i] = fmt.Sprintf(`{"id":%d,"name":"#%d","created_at":%q,"updated_at":%q,"total_price":"1.00","shipping_address":{"city":%q}}`, 5_000_000+n, n, at, at, city)
		}
		b.put(id, payloads...)
	}
	list := path + "orders/?omit=raw_response,line_items&search="
	rare := b.get(list + url.QueryEscape("#10999")).want(http.StatusOK)
	if rare.at("count") != 1.0 || strings.Contains(string(rare.body), "count_at_least") {
		t.Errorf("a rare term: %s", rare.body)
	}
	first := b.get(list + "BOGOTÁ").want(http.StatusOK)
	if first.at("count") != 1000.0 || first.at("count_at_least") != true {
		t.Fatalf("a common term: %.200s", first.body)
	}
	b.get(list + "bogotá&page=51").want(http.StatusNotFound)
	last := b.get(list + "bogotá&page=last&page_size=100").want(http.StatusOK)
	next, _ := last.at("next").(string)
	if !strings.Contains(next, "cursor=") || strings.Contains(next, "page=") {
		t.Fatalf("next of the last numbered page: %q", next)
	}

	seen := map[float64]bool{}
	collect := func(got answer) (next string) {
		t.Helper()
		var page struct {
			Next    string
			Results []struct{ ID float64 }
		}
		fatal(t, json.Unmarshal(got.body, &page))
		for _, o := range page.Results {
			if seen[o.ID] {
				t.Fatalf("order %v came twice", o.ID)
			}
			seen[o.ID] = true
		}
		return page.Next
	}
	for next := list + "bogotá&page_size=100"; next != ""; {
		next = collect(b.get(strings.TrimPrefix(next, b.base)).want(http.StatusOK))
	}
	if len(seen) != orders*3/4 {
		t.Errorf("following next gave %d orders, want %d", len(seen), orders*3/4)
	}
}
