package jobs_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"probability/jobs"
)

// A job counts as lost only some seconds after its worker left it: the queue writes ends down a moment later, and one that it was
// about to write would run once more.
func TestLive_KeepsAJobForAWhileAfterItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l jobs.Live
		expect := func(when string, want ...int64) {
			t.Helper()
			if got := l.IDs(); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", when, got, want)
			}
		}
		failure := errors.New("no luck")
		err := l.During(t.Context(), 7, func(ctx context.Context) error {
			<-time.After(time.Hour)
			expect("while it runs", 7)
			return l.During(ctx, 8, func(context.Context) error { return failure })
		})
		if !errors.Is(err, failure) {
			t.Fatalf("got %v, want what the job said", err)
		}
		<-time.After(4 * time.Second)
		expect("a moment after their ends", 7, 8)
		_ = l.During(t.Context(), 7, func(context.Context) error { return nil }) // once more
		<-time.After(2 * time.Second)
		expect("six seconds after one, two after the other", 7)
		<-time.After(time.Minute)
		expect("long after")
	})
}
