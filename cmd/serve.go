package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"probability/app"
)

func newServe(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Short: "Run the service until SIGTERM or Ctrl-C (the default without a command)", Args: noMore,
		RunE: func(c *cobra.Command, _ []string) error { return runServe(c, io) },
	}
	addConfigFlags(c)
	return c
}

func runServe(c *cobra.Command, io streams) error {
	cfg, err := loadConfig(c.Flags())
	if err != nil {
		return err
	}
	return untilSignal(c.Context(), func(ctx context.Context) error { return serve(ctx, cfg, io) })
}

// serve runs the service until ctx ends.
func serve(ctx context.Context, cfg Config, io streams) error {
	if err := cfg.Admin.check(); err != nil {
		return err
	}
	log := newLogger(cfg.Log, io.err)
	log.DebugContext(ctx, "configuration", "config", cfg)
	s, err := startService(ctx, cfg, nil, log)
	if err != nil {
		return err
	}
	build := readBuild()
	log.InfoContext(ctx, "ready", "address", s.address(), "url", cmp.Or(cfg.Server.PublicURL, s.url()),
		"data", cfg.Data.Dir, "version", build.version)
	err = offerSetup(ctx, s, cfg.Server.PublicURL, io)
	if err == nil {
		err = s.wait(ctx)
	}
	log.InfoContext(ctx, "stopping")
	if stopErr := s.stop(ctx); stopErr != nil {
		return errors.Join(err, stopErr)
	}
	log.InfoContext(ctx, "stopped")
	return err
}

// offerSetup prints the link that makes the first account. It is a secret, so it
// is a plain line for whoever looks at the terminal, and no part of the log.
func offerSetup(ctx context.Context, s *service, publicURL string, io streams) error {
	token, err := s.app.NewSetup(ctx)
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(io.err, "No account exists yet. Make the first one within %.0f minutes at\n\n    %s/setup?token=%s\n\n"+
		"or at any time with `probability user add --email YOU --admin`.\n",
		app.SetupLife.Minutes(), cmp.Or(publicURL, s.url()), token)
	return err
}

// oneStop is for how long signals are one and the same stop: a terminal and "go run" above us, or timeout(1)
// and its group, pass one on twice.
const oneStop = 500 * time.Millisecond

// untilSignal runs what must be able to stop by itself: the first SIGTERM or
// SIGINT ends its context, a second one ends the wait for it.
func untilSignal(ctx context.Context, run func(context.Context) error) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var first time.Time
	for {
		select {
		case err := <-done:
			if ctx.Err() != nil && errors.Is(err, context.Canceled) {
				return nil // told to stop while it was still starting
			}
			return err
		case <-signals:
			switch {
			case first.IsZero():
				first = time.Now()
			case time.Since(first) < oneStop:
				continue
			default:
				return errors.New("a second signal ended the program before it had stopped; nothing acknowledged is lost")
			}
			cancel()
		}
	}
}
