package jobs

import (
	"context"
	"log/slog"
)

// quieter keeps River's regular counts out of a log that people read: below warnings it speaks only when debugging
// was asked for.
type quieter struct{ slog.Handler }

// Enabled tells whether a record of the level is written.
func (q quieter) Enabled(ctx context.Context, level slog.Level) bool {
	if level < slog.LevelWarn {
		level = slog.LevelDebug
	}
	return q.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the handler quiet.
func (q quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quieter{q.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the handler quiet.
func (q quieter) WithGroup(name string) slog.Handler { return quieter{q.Handler.WithGroup(name)} }
