package jobs_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"probability/jobs"
)

func TestRunner_KeepsRiversCountsOutOfTheLog(t *testing.T) {
	t.Parallel()
	for level, want := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelDebug: true} {
		s := setup(t, jobs.Config{})
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))
		var err error
		if s.runner, err = jobs.NewRunner(s.app, jobs.Config{}, log); err != nil {
			t.Fatal(err)
		}
		if err := s.runner.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.runner.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "River client"); got != want {
			t.Errorf("at level %s River speaks = %v, want %v:\n%s", level, got, want, out.String())
		}
	}
}
