package cmd

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// newLogger logs to w: text for a person on a terminal, else JSON for a machine.
func newLogger(cfg LogConfig, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.Level}
	if cfg.Format == "text" || cfg.Format == "" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	options.ReplaceAttr = readableDuration
	return slog.New(slog.NewJSONHandler(w, options))
}

// readableDuration writes a duration with its unit, as the text format does; JSON's own would be a bare number of
// nanoseconds.
func readableDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// newCommandLogger is for commands that are over in a moment: they say on stderr
// what goes wrong, not what goes on, unless debugging was asked for.
func newCommandLogger(cfg LogConfig, w io.Writer) *slog.Logger {
	if cfg.Level == slog.LevelInfo {
		cfg.Level = slog.LevelWarn
	}
	return newLogger(cfg, w)
}

// isTerminal says whether a reader or writer is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
