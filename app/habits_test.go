package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"probability/app"
)

// deliver takes n deliveries of a topic in, so far apart, and processes each.
func (w *world) deliver(t *testing.T, id int64, topic string, n int, apart time.Duration) {
	t.Helper()
	for i := range n {
		w.clock.Add(apart)
		w.accept(t, w.incoming(topic, fmt.Sprint(topic, w.clock.Now().UnixNano()), orderBody(i)))
		w.process(t, id)
	}
}

func TestSilence_IsReportedOnceItIsLongAgainstTheHabit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.deliver(t, id, app.TopicOrdersCreate, 25, 4*time.Hour) // four days
	w.deliver(t, id, app.TopicOrdersUpdated, 5, time.Minute) // too few for a habit
	w.clock.Add(11*time.Hour + 50*time.Minute)
	if in := w.integration(t, id); problems(in)[app.ProblemSilent] || in.Topics[0].Silent {
		t.Fatalf("silent within three gaps: %v %+v", in.Problems, in.Topics)
	}
	w.clock.Add(20 * time.Minute)
	in := w.integration(t, id)
	p, ok := problem(in, app.ProblemSilent)
	last := in.Topics[0].LastReceivedAt
	if !ok || in.HealthStatus != app.HealthDegraded || !in.Topics[0].Silent || in.Topics[1].Silent ||
		p.Detail != "orders/create since "+last.Format(time.RFC3339) || !p.Since.Equal(last) {
		t.Fatalf("health %s %+v, topics %+v, want orders/create silent", in.HealthStatus, in.Problems, in.Topics)
	}
	for range 3 { // each is told once, though looked at every hour
		w.checks(t)
		w.clock.Add(time.Hour)
	}
	if n := strings.Count(w.log.String(), "a topic is silent"); n != 1 {
		t.Errorf("the log tells it %d times, want once", n)
	}
	w.deliver(t, id, app.TopicOrdersCreate, 1, time.Minute)
	if in = w.integration(t, id); problems(in)[app.ProblemSilent] || in.Topics[0].Silent {
		t.Errorf("problems %v after one arrived", in.Problems)
	}
	w.clock.Add(20 * time.Hour) // three times the longest gap is more now
	if in = w.integration(t, id); problems(in)[app.ProblemSilent] {
		t.Errorf("problems %v, want the longer gap learned", in.Problems)
	}
}

func TestSilence_BusyTopicsMayRestForSixHours(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	w.deliver(t, id, app.TopicOrdersUpdated, 150, 30*time.Minute)
	w.clock.Add(5*time.Hour + 59*time.Minute)
	if in := w.integration(t, id); problems(in)[app.ProblemSilent] {
		t.Errorf("silent within six hours: %v", in.Problems)
	}
	w.clock.Add(2 * time.Minute)
	if in := w.integration(t, id); !problems(in)[app.ProblemSilent] {
		t.Errorf("problems %v after six hours, want webhooks_silent", in.Problems)
	}
	off := false
	in, err := w.app.Patch(t.Context(), w.user, id, app.PatchInput{Active: &off})
	if err != nil || problems(in)[app.ProblemSilent] {
		t.Errorf("problems %v of a paused store, %v", in.Problems, err)
	}
}

// A batch costs one statement for each topic, and topics of strangers fill nothing.
func TestHabits_CountEveryTopicOfABatch(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.connect(t).Integration.ID
	for n := range 9 {
		w.accept(t, w.incoming([]string{app.TopicOrdersCreate, app.TopicOrdersUpdated, "made/up" + fmt.Sprint(n)}[n%3], fmt.Sprint(n), orderBody(n)))
		w.clock.Add(time.Second)
	}
	w.process(t, id)
	habits, err := w.store.Habits(t.Context(), []int64{id})
	if err != nil || len(habits[id]) != 2 {
		t.Fatalf("habits %+v, %v, want those of two topics", habits, err)
	}
	for i, h := range habits[id] {
		if h.Deliveries != 3 || h.LastAt.Sub(h.FirstAt) != 6*time.Second || h.LongestGap != 0 {
			t.Errorf("%d: %+v", i, h)
		}
	}
}
