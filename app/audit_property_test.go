package app_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"probability/app"
)

// Whatever happens at either side, one audit names each difference once, and after its repair what is stored is what
// Shopify has.
func TestAudit_AnyHistory(t *testing.T) {
	t.Parallel()
	w, id := imported(t, 40)
	app.TightenAudits(w.app, 12, 6)
	made := 0
	tell := func(topic, body string) {
		made++
		w.accept(t, w.incoming(topic, fmt.Sprint("hook-", made), body))
		w.process(t, id)
	}
	rounds := 0
	rapid.Check(t, func(rt *rapid.T) {
		if rounds++; rounds > 12 { // each of them is worth several of the usual hundred
			return
		}
		w.clock.Add(time.Hour)
		pick := func() int64 {
			ids := w.shop.OrderIDs()
			return ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "order")]
		}
		for range rapid.IntRange(0, 8).Draw(rt, "events") {
			w.clock.Add(time.Duration(rapid.IntRange(1, 900).Draw(rt, "seconds")) * time.Second)
			var topic, body string
			switch rapid.IntRange(0, 3).Draw(rt, "event") {
			case 0:
				topic, body = app.TopicOrdersCreate, string(w.shop.NewOrder())
			case 1:
				topic, body = app.TopicOrdersUpdated, string(w.shop.Update(pick(), touch))
			case 2:
				n := pick()
				w.shop.Delete(n)
				topic, body = app.TopicOrdersDelete, fmt.Sprintf(`{"id":%d}`, n)
			case 3: // an order that Shopify never had, or has no more
				at := w.clock.Now().Add(-time.Duration(rapid.IntRange(0, 70).Draw(rt, "age")) * days).Format(time.RFC3339)
				made++
				tell(app.TopicOrdersCreate, fmt.Sprintf(`{"id":%d,"created_at":%q,"updated_at":%q}`, 1_000_000+made, at, at))
				continue
			}
			if rapid.Bool().Draw(rt, "it arrives") {
				tell(topic, body)
			}
		}
		w.clock.Add(time.Minute)

		var missing, extra, stale int
		stored := w.orders(t, id)
		for _, n := range w.shop.OrderIDs() {
			o, ok := stored[fmt.Sprint(n)]
			switch {
			case !ok:
				missing++
			case string(o.Raw) != string(w.shop.Payload(n)):
				stale++
			}
			delete(stored, fmt.Sprint(n))
		}
		extra = len(stored)
		repair := rapid.Bool().Draw(rt, "repair at once")
		if !repair {
			wantCounts(t, w.audit(t, id, false), missing, extra, stale, 0)
		}
		wantCounts(t, w.audit(t, id, true), missing, extra, stale, missing+extra+stale)
		w.same(t, id)
		if t.Failed() {
			rt.FailNow()
		}
	})
}
