package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"probability/shopify"
	"probability/store"
	"probability/store/storetest"
)

// FuzzGrams: whatever a text contains, the words of the term are among the words of the text, or the search would miss it.
func FuzzGrams(f *testing.F) {
	for _, seed := range []struct {
		text     string
		from, to uint8
	}{
		{"#1001\x1fAna Ñandú", 1, 4}, {"ab", 0, 2}, {"日本語 100%", 0, 9}, {`"*" AND OR`, 0, 3}, {"e\u0301e\u0301", 0, 9}, {"\x00\x1f\u0080", 0, 9}, {"x", 0, 1}, {"İSTANBUL", 0, 8},
	} {
		f.Add(seed.text, seed.from, seed.to)
	}
	f.Fuzz(func(t *testing.T, text string, from, to uint8) {
		text = strings.ToValidUTF8(text, "\uFFFD") // as columns are
		folded := store.Fold(text)
		runes := []rune(folded)
		a, b := min(int(from), len(runes)), min(int(to), len(runes))
		if a >= b {
			return
		}
		term := string(runes[a:b])
		if strings.ContainsAny(term, "\x00\x1f") || store.Fold(term) != term {
			return
		}
		have := strings.Fields(store.SearchWords(text))
		if !slices.Equal(have, slices.Compact(slices.Clone(have))) {
			t.Fatalf("a word of %q is there twice", text)
		}
		for _, word := range store.TermWords(term) {
			bare := strings.Trim(word, `"*`)
			if bare == "" || strings.ContainsAny(bare, `" `) {
				t.Fatalf("%q is not one word", word)
			}
			if !slices.ContainsFunc(have, func(h string) bool { return h == bare || strings.HasSuffix(word, "*") && strings.HasPrefix(h, bare) }) {
				t.Fatalf("%q contains %q, whose word %q is not among %q", folded, term, word, have)
			}
		}
	})
}

// The same through the engine: its tokenizer must leave the words as we made them.
func TestSearch_FindsEveryRunOfEveryText(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id, other := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		texts := []string{
			"Ñandú García", "O'Neill & \"Söhne\" (GmbH)", "100% *,;:!?", "a_b-c/d\\e", "日本語テスト", "αβγ ΔΕΖ", "é\u0301x", "\u00a0\u2003wide", "zz 😀😀 zz", "<script>", "İx", "tab\tend",
		}
		for i, text := range texts {
			o := version(itoa(i+1), noon, func(o *shopify.Order) { o.Number, o.CustomerName = "", text })
			put(t, s, id, o)
			put(t, s, other, o)
		}
		store.TightenBounds(s, 1000, 1, 1, 1000, 1000) // everything is asked of the index
		for i, text := range texts {
			runes := []rune(text)
			for from := range runes {
				for to := from + 1; to <= len(runes); to++ {
					term := string(runes[from:to])
					if strings.TrimSpace(term) == "" {
						continue
					}
					found := must(s.Orders(t.Context(), store.OrderFilter{IntegrationID: id, Search: term, Limit: 100}))(t)
					if !slices.ContainsFunc(found, func(o store.Order) bool { return o.Order.ID == itoa(i+1) }) {
						t.Fatalf("%q does not find %q", term, text)
					}
					for _, o := range found {
						if o.IntegrationID != id || !strings.Contains(store.Fold(o.CustomerName+"\x1f"+o.Order.ID), store.Fold(term)) {
							t.Fatalf("%q finds %q of integration %d", term, o.CustomerName, o.IntegrationID)
						}
					}
				}
			}
		}
	})
}
