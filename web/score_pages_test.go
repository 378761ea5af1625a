package web_test

import (
	"fmt"
	"testing"
)

func TestScorePages_Smoke(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, id := b.connected()
	b.put(id, order(1))
	w := b.browserOf("alice@example.com", "en")
	for _, path := range []string{"/score", "/score/settings", "/outcomes", fmt.Sprintf("/orders/%d", b.listed(id)[0].ID), "/orders?ordering=delivery_score&min_score=1"} {
		w.open(fmt.Sprintf("/stores/%d%s", id, path))
	}
}
