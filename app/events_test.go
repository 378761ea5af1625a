package app_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"probability/app"
	"probability/store"
)

// changed is an order that a transaction changed.
func changed(n int64, change store.Outcome) store.ChangedOrder {
	return store.ChangedOrder{ID: n, PlatformID: fmt.Sprint("p", n), Change: change}
}

func ordersOf(id int64, list ...store.ChangedOrder) store.Changes {
	return store.Changes{IntegrationID: id, Orders: list}
}

// told are the events that there are without waiting for more than d.
func told(t *testing.T, f *app.Follower, d time.Duration) []app.Event {
	t.Helper()
	events, open := f.Next(nil, d)
	if !open {
		t.Fatal("the following has ended")
	}
	return events
}

// only is the one event that there is at once.
func only(t *testing.T, f *app.Follower) app.Event {
	t.Helper()
	events := told(t, f, time.Millisecond)
	if len(events) != 1 {
		t.Fatalf("got %d events %+v, want one", len(events), events)
	}
	return events[0]
}

func TestEvents_TellALoneChangeAtOnceAndManyTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := app.NewEvents()
		f := e.Follow(1, "")
		e.Committed(ordersOf(1, changed(1, store.Created)))
		if got := only(t, f); got.Type != app.EventOrder || !slices.Equal(got.Orders, []store.ChangedOrder{changed(1, store.Created)}) {
			t.Errorf("got %+v", got)
		}
		run, delivery := uuid.New(), uuid.New()
		for i := range int64(50) {
			e.Committed(store.Changes{
				IntegrationID: 1, Orders: []store.ChangedOrder{changed(10+i, store.Created), changed(10, store.Updated)}, Imports: []uuid.UUID{run},
				Deliveries: []store.ChangedDelivery{{ID: delivery, Topic: "orders/create", State: []string{"pending", "processed"}[i/49]}},
			})
		}
		e.Committed(ordersOf(1, changed(11, store.Deleted)))
		if got := told(t, f, app.EventGather/2); got != nil {
			t.Errorf("told too soon: %+v", got)
		}
		begun := time.Now()
		got := told(t, f, time.Minute)
		if waited := time.Since(begun); waited != app.EventGather/2 {
			t.Errorf("told after %s more", waited)
		}
		if len(got) != 3 || got[0].Type != app.EventDelivery || got[1].Type != app.EventOrder || got[2].Type != app.EventImport {
			t.Fatalf("got %+v", got)
		}
		if d := got[0].Deliveries; len(d) != 1 || d[0].State != "processed" {
			t.Errorf("got deliveries %+v, want the last state", d)
		}
		if o := got[1].Orders; len(o) != 50 || o[0].Change != store.Created || o[1].Change != store.Deleted || got[1].More != 0 {
			t.Errorf("got %d orders, %+v", len(o), got[1])
		}
		if got[2].Import != run {
			t.Errorf("got run %s", got[2].Import)
		}
		f.Close()
	})
}

func TestEvents_AreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := app.NewEvents()
		f := e.Follow(1, "")
		defer f.Close()
		var many []store.ChangedOrder
		var deliveries []store.ChangedDelivery
		for i := range int64(1000) {
			many = append(many, changed(i, store.Updated))
			deliveries = append(deliveries, store.ChangedDelivery{ID: uuid.New()})
		}
		e.Committed(store.Changes{IntegrationID: 1, Orders: many, Deliveries: deliveries})
		for _, got := range told(t, f, time.Millisecond) {
			if n := len(got.Orders) + len(got.Deliveries); n != app.MaxEventList || got.More != 1000-app.MaxEventList {
				t.Errorf("%s: %d listed and %d more", got.Type, n, got.More)
			}
		}
		slow := e.Follow(1, "")
		defer slow.Close()
		for range 2 * app.MaxEvents {
			time.Sleep(app.EventGather) //nolint:forbidigo // the bubble's clock
			e.Committed(store.Changes{IntegrationID: 1, Orders: many, Deliveries: deliveries})
			told(t, f, time.Millisecond)
		}
		if events, items := e.Kept(1); events > app.MaxEvents || items > 8192 || events < 10 {
			t.Errorf("%d events with %d ids are kept", events, items)
		}
		if got := only(t, slow); got.Type != app.EventReset || got.Reason != app.ResetMissed {
			t.Errorf("the slow one gets %+v, want a reset", got)
		}
		time.Sleep(app.EventGather) //nolint:forbidigo // the bubble's clock
		e.Committed(ordersOf(1, changed(7, store.Updated)))
		if got := only(t, slow); got.Type != app.EventOrder || got.Orders[0].ID != 7 {
			t.Errorf("after the reset it gets %+v, want what happened then", got)
		}
		runs := make([]uuid.UUID, 100)
		for i := range runs {
			runs[i] = uuid.New()
		}
		time.Sleep(app.EventGather) //nolint:forbidigo // the bubble's clock
		e.Committed(store.Changes{IntegrationID: 1, Imports: runs})
		if got := only(t, slow); got.Type != app.EventReset || got.Reason != app.ResetChanged {
			t.Errorf("got %+v, want a reset instead of 100 runs", got)
		}
	})
}

func TestEvents_FeedsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := app.NewEvents()
		held := e.Follow(1, "")
		defer held.Close()
		for id := int64(2); id < 3*app.MaxFeeds; id++ {
			e.Follow(id, "").Close()
		}
		watched := 0
		for id := int64(1); id < 3*app.MaxFeeds; id++ {
			if e.Watches(id) {
				watched++
			}
		}
		if watched != app.MaxFeeds || !e.Watches(1) {
			t.Errorf("%d feeds are kept, want %d and the one that is followed", watched, app.MaxFeeds)
		}
	})
}

func TestEvents_GoOnBehindAPosition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := app.NewEvents()
		f := e.Follow(1, "")
		begin := f.Position()
		f.Close()
		e.Committed(ordersOf(1, changed(1, store.Created)))
		time.Sleep(app.EventKeep - time.Second) //nolint:forbidigo // the bubble's clock
		again := e.Follow(1, begin)
		first := only(t, again)
		if first.Type != app.EventOrder || first.Orders[0].ID != 1 {
			t.Errorf("got %+v, want what happened meanwhile", first)
		}
		if got := told(t, again, time.Millisecond); got != nil {
			t.Errorf("told twice: %+v", got)
		}
		if again.Position() != first.ID {
			t.Errorf("the position is %s, want %s", again.Position(), first.ID)
		}
		again.Close()
		for _, position := range []string{"x", first.ID + "9", "-1", first.ID[:17] + "99999999999999999999", "0123456789abcdef-1", first.ID[:17]} {
			lost := e.Follow(1, position)
			if got := only(t, lost); got.Type != app.EventReset || got.Reason != app.ResetUnknown || got.ID != first.ID {
				t.Errorf("%s: got %+v, want a reset", position, got)
			}
			lost.Close()
		}
		other := e.Follow(2, first.ID)
		if got := only(t, other); got.Reason != app.ResetUnknown {
			t.Errorf("the position of another feed: %+v", got)
		}
		other.Close()

		time.Sleep(app.EventKeep) //nolint:forbidigo // the bubble's clock
		if e.Watches(1) {
			t.Error("what nobody comes back for is gathered for ever")
		}
		late := e.Follow(1, first.ID)
		defer late.Close()
		if got := only(t, late); got.Reason != app.ResetUnknown {
			t.Errorf("got %+v, want a reset after so long", got)
		}
	})
}

func TestEvents_EndAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := app.NewEvents()
		gone, here := e.Follow(1, ""), e.Follow(2, "")
		ended := make(chan string, 2)
		wait := func(name string, f *app.Follower) {
			if _, open := f.Next(nil, time.Hour); !open {
				ended <- name
			}
			f.Close()
		}
		go wait("gone", gone)
		go wait("here", here)
		synctest.Wait()
		begun := time.Now()
		e.Committed(store.Changes{IntegrationID: 1, Gone: true})
		if got := <-ended; got != "gone" {
			t.Errorf("%s ended", got)
		}
		e.End()
		<-ended
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("the end took %s", waited)
		}
		if e.Follow(2, "") != nil {
			t.Error("somebody may follow after the end")
		}
	})
}

// follow is a step of the test below: what happens, and how much of it.
type follow struct {
	n    int
	what string
}

// TestEvents_NothingIsLostNorToldTwice lets a reader of pages, with cuts of its connection, come to the same as whoever writes.
func TestEvents_NothingIsLostNorToldTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) follow {
			what := rapid.SampledFrom([]string{"write", "write", "many", "read", "cut", "wait", "away"}).Draw(rt, "what")
			return follow{n: rapid.IntRange(0, 2*app.MaxEvents).Draw(rt, "n"), what: what}
		}), 1, 40).Draw(rt, "steps")
		fault := ""
		synctest.Test(t, func(*testing.T) { fault = followed(steps) })
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

// followed carries the steps out and says what went wrong, if anything.
func followed(steps []follow) (fault string) {
	e := app.NewEvents()
	f := e.Follow(1, "")
	defer func() { f.Close() }()
	stored, shown := map[int64]int{}, map[int64]int{} // versions of orders, as they are and as a page shows them
	position, seen := f.Position(), map[string]bool{}
	write := func(from, to int64) {
		var list []store.ChangedOrder
		for n := from; n < to; n++ {
			stored[n]++
			list = append(list, changed(n, store.Updated))
		}
		e.Committed(ordersOf(1, list...))
	}
	read := func() {
		events, _ := f.Next(nil, time.Millisecond)
		for _, event := range events {
			if event.Type == app.EventReset || event.More > 0 {
				shown = maps.Clone(stored)
			} else if seen[event.ID] {
				fault = event.ID + " came twice"
			}
			seen[event.ID], position = true, event.ID
			for _, o := range event.Orders {
				shown[o.ID] = stored[o.ID]
			}
		}
	}
	for _, step := range steps {
		switch step.what {
		case "write":
			write(int64(step.n%5), int64(step.n%5)+1)
		case "many":
			write(0, int64(step.n%200))
		case "read":
			read()
		case "cut":
			f.Close()
			f = e.Follow(1, position)
		case "wait":
			time.Sleep(app.EventGather) //nolint:forbidigo // the bubble's clock
		case "away":
			f.Close()
			for n := range int64(step.n) {
				time.Sleep(app.EventGather) //nolint:forbidigo // the bubble's clock
				write(n%7, n%7+1)
			}
			f = e.Follow(1, position)
		}
	}
	for range 3 {
		time.Sleep(app.EventGather) //nolint:forbidigo // the bubble's clock
		read()
	}
	if fault == "" && !maps.Equal(stored, shown) {
		fault = fmt.Sprintf("a page shows %v, stored is %v", shown, stored)
	}
	return fault
}

// Without t.Parallel: others' allocations would count.
func TestEvents_CostNothingWhileNobodyFollows(t *testing.T) { //nolint:paralleltest // see above
	e := app.NewEvents()
	e.Follow(2, "").Close() // somebody follows another store
	c := ordersOf(1, changed(1, store.Created))
	if n := testing.AllocsPerRun(1000, func() {
		if e.Watches(1) {
			t.Error("nobody follows")
		}
		e.Committed(c)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEvents_NobodyFollows(b *testing.B) {
	e := app.NewEvents()
	c := ordersOf(1, changed(1, store.Created))
	b.ReportAllocs()
	for b.Loop() {
		if e.Watches(1) {
			b.Fatal("nobody follows")
		}
		e.Committed(c)
	}
}

func BenchmarkEvents_Followed(b *testing.B) {
	e := app.NewEvents()
	f := e.Follow(1, "")
	defer f.Close()
	var list []store.ChangedOrder
	for n := range int64(100) {
		list = append(list, changed(n, store.Created))
	}
	c := ordersOf(1, list...)
	b.ReportAllocs()
	for b.Loop() {
		if e.Watches(1) {
			e.Committed(c)
		}
	}
}
