package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"probability/store"
)

// From when on the silence of a topic says something: so many deliveries over so long make a habit, and it is broken by a
// silence that is both so long and so many times as long as the longest usual gap.
const (
	habitDeliveries = 20
	habitTime       = 3 * 24 * time.Hour
	silentAfter     = 6 * time.Hour
	silentGaps      = 3
)

// silentSince tells whether a topic is silent for much longer than it usually is, and since when that is so.
func silentSince(h store.Habit, now time.Time) (since time.Time, silent bool) {
	if h.Deliveries < habitDeliveries || h.LastAt.Sub(h.FirstAt) < habitTime {
		return time.Time{}, false
	}
	since = h.LastAt.Add(max(silentAfter, silentGaps*h.LongestGap))
	return since, now.After(since)
}

// TopicState is what is known of one topic of an integration.
type TopicState struct {
	LastReceivedAt time.Time
	Silent         bool // for much longer than usual
	Subscribed     bool // when the subscriptions were last looked at
	Topic          string
}

// topicStates puts together what the last look and the habits say of each topic.
func topicStates(in store.Integration, habits []store.Habit, now time.Time) []TopicState {
	out := make([]TopicState, len(Topics))
	for i, topic := range Topics {
		out[i] = TopicState{Topic: topic, Subscribed: slices.Contains(in.WebhookTopics, topic)}
		if at := slices.IndexFunc(habits, func(h store.Habit) bool { return h.Topic == topic }); at >= 0 {
			out[i].LastReceivedAt = habits[at].LastAt
			_, out[i].Silent = silentSince(habits[at], now)
			out[i].Silent = out[i].Silent && in.Active // a paused one takes nothing
		}
	}
	return out
}

// silence is the problem that silent topics are.
func silence(topics []TopicState) (store.Problem, bool) {
	p := store.Problem{Code: ProblemSilent}
	var parts []string
	for _, t := range topics {
		if !t.Silent {
			continue
		}
		parts = append(parts, t.Topic+" since "+t.LastReceivedAt.Format(time.RFC3339))
		if p.Since.IsZero() || t.LastReceivedAt.Before(p.Since) {
			p.Since = t.LastReceivedAt
		}
	}
	p.Detail = strings.Join(parts, ", ")
	return p, len(parts) > 0
}

// noteHabits brings the habits up to date with a batch of deliveries: one statement for each topic.
func noteHabits(ctx context.Context, tx *store.Tx, id int64, works []work) error {
	type batch struct {
		n           int
		first, last time.Time
	}
	seen := make(map[string]batch, 1)
	for i := range works {
		d := &works[i].delivery
		if !slices.Contains(Topics, d.Topic) { // nobody else's texts fill the table
			continue
		}
		b, known := seen[d.Topic]
		if !known || d.ReceivedAt.Before(b.first) {
			b.first = d.ReceivedAt
		}
		if d.ReceivedAt.After(b.last) {
			b.last = d.ReceivedAt
		}
		b.n++
		seen[d.Topic] = b
	}
	for topic, b := range seen {
		if err := tx.NoteDeliveries(ctx, id, topic, b.n, b.first, b.last); err != nil {
			return err
		}
	}
	return nil
}

// tellSilence logs the topics that fell silent since the last look, so that each is told once.
func (a *App) tellSilence(ctx context.Context, in store.Integration) error {
	habits, err := a.store.Habits(ctx, []int64{in.ID})
	if err != nil {
		return err
	}
	for _, h := range habits[in.ID] {
		if since, silent := silentSince(h, a.now()); silent && since.After(a.now().Add(-checkEvery)) {
			a.log.WarnContext(ctx, "a topic is silent for much longer than it usually is", "integration_id", in.ID,
				"topic", h.Topic, "last_received_at", h.LastAt, "longest_gap", h.LongestGap)
		}
	}
	return nil
}
