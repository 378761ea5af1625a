package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// Every character, alone and between others, comes out as encoding/json would write it.
func TestOrders_TextsAreEscapedAsEverywhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	var texts, payloads []string
	for c := rune(' '); c < 0x180; c++ {
		texts = append(texts, string(c)+"x", "Ana "+string(c)+" y")
	}
	for i, text := range texts {
		name, err := json.Marshal(text)
		fatal(t, err)
		payloads = append(payloads, fmt.Sprintf(`{"id":%d,"name":"#%d","shipping_name":%s,"created_at":"2026-11-01T00:00:00Z"}`, 9000+i, i, name))
	}
	b.put(id, payloads...)
	got := map[string]bool{}
	for next := path + "orders/?fields=customer_name&cursor=&page_size=100"; next != ""; {
		var page struct {
			Next    string `json:"next"`
			Results []json.RawMessage
		}
		answer := b.get(next).want(http.StatusOK)
		fatal(t, json.Unmarshal(answer.body, &page))
		for _, raw := range page.Results {
			got[string(raw)] = true
		}
		next = page.Next
	}
	for _, text := range texts {
		quoted, err := json.Marshal(text)
		fatal(t, err)
		if want := `{"customer_name":` + string(quoted) + `}`; !got[want] {
			t.Errorf("%s is not among the answers", want)
		}
	}
}
