package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/net/netutil"

	"probability/app"
	"probability/jobs"
	"probability/store"
	"probability/web"
)

// The stop takes less than the 10 seconds after which a supervisor kills.
const (
	stopLimit  = 9 * time.Second
	drainLimit = 5 * time.Second // of it, for requests that are being answered
)

// Limits of a connection. A request's body is at most a few MiB, and the slowest
// answer waits for a few calls to Shopify.
const (
	headerTimeout  = 10 * time.Second
	readTimeout    = time.Minute
	writeTimeout   = 3 * time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
	// maxConnections is how many may be open at once, those of slow and idle clients among them; whoever comes then waits to be
	// let in. Each costs some 20 KB, and a burst of webhooks opens hundreds.
	maxConnections = 4096
)

// service is the whole thing, running: store, jobs and HTTP server.
type service struct {
	app      *app.App
	demo     *residentDemo
	cut      context.CancelFunc // ends the contexts of the requests that are being answered
	failed   chan error         // what ended the HTTP server, if it was not stop
	handler  *web.Server
	listener net.Listener
	log      *slog.Logger
	runner   *jobs.Runner
	server   *http.Server
	store    *store.Store
}

// startService opens, wires and starts everything, or leaves nothing running. The
// folder's lock comes first, so that a second process says that, and the port
// before the jobs, so that a process that cannot serve does not work either. With
// a listener, that one is served and closed instead of one at server.listen.
func startService(ctx context.Context, cfg Config, l net.Listener, log *slog.Logger) (_ *service, err error) {
	setMemory()
	s := &service{log: log, demo: &residentDemo{log: log}, failed: make(chan error, 1), listener: l}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop(ctx))
		}
	}()
	if s.store, err = openStore(ctx, cfg, true, log); err != nil {
		return nil, err
	}
	if s.app, err = newApp(cfg, s.store, log, s.demo); err != nil {
		return nil, err
	}
	if err = makeFirstAdmin(ctx, s, cfg.Admin); err != nil { // before anything answers: who finds it ready may sign in
		return nil, err
	}
	runner, err := jobs.NewRunner(s.app, jobs.Config{Workers: cfg.Jobs.Workers}, log)
	if err != nil {
		return nil, err
	}
	console, err := jobs.NewConsole(s.store, web.ConsolePath, log)
	if err != nil {
		return nil, err
	}
	handler, err := web.New(web.Config{
		Commit:    readBuild().commit,
		Console:   console,
		Demo:      s.demoStore(),
		PublicURL: cfg.Server.PublicURL,
		Ready: func(ctx context.Context) error {
			return errors.Join(s.app.Ready(ctx), runner.Healthy())
		},
		TrustedProxies: cfg.Server.TrustedProxies,
		Version:        readBuild().version,
	}, s.app, log)
	if err != nil {
		return nil, err
	}
	if s.listener == nil {
		if s.listener, err = listen(ctx, cfg.Server.Listen); err != nil {
			return nil, err
		}
	}
	// Before the jobs, which may be about the demo store.
	if s.demoStore() != nil {
		if err := s.demo.start(ctx, s.store, s.url()); err != nil {
			return nil, err
		}
	}
	s.runner = runner
	if err := runner.Start(ctx); err != nil {
		return nil, err
	}
	s.serve(ctx, handler)
	return s, nil
}

// demoStore is how the demo store is asked for; nil on PostgreSQL. It lives within one process, and of several each would have one
// with other orders.
func (s *service) demoStore() func(context.Context) (web.DemoStore, error) {
	if s.store.Engine() == store.PostgreSQL {
		return nil
	}
	return s.demo.Open
}

func (s *service) serve(ctx context.Context, handler *web.Server) {
	// The end of ctx begins the stop; requests that are being answered then still
	// have the time of the drain.
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	s.cut = cut
	s.server = &http.Server{
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		Handler:           handler,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
	}
	s.server.RegisterOnShutdown(handler.EndStreams)
	s.server.RegisterOnShutdown(handler.EndAttempts)
	s.handler = handler
	go func() {
		if err := s.server.Serve(netutil.LimitListener(s.listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("the HTTP server ended: %w", err)
		}
	}()
}

// wait returns when ctx ends or the HTTP server fails.
func (s *service) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

// stop ends everything in the order that loses nothing: no new requests, answers
// to the ones begun, jobs, database. It may be called in any state of the start.
func (s *service) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	var errs []error
	s.demo.stop()
	switch {
	case s.server != nil:
		drain, cancel := context.WithTimeout(ctx, drainLimit)
		defer cancel()
		if err := s.server.Shutdown(drain); err != nil {
			s.log.WarnContext(ctx, "requests that were still being answered are cut off")
			s.cut()
			errs = append(errs, s.server.Close())
		}
		s.cut()
		if err := s.handler.WaitAttempts(drain); err != nil {
			s.log.WarnContext(ctx, "a store that is still being connected is left to its end")
		}
	case s.listener != nil:
		errs = append(errs, s.listener.Close())
	}
	if s.runner != nil {
		errs = append(errs, s.runner.Stop(ctx))
	}
	if s.store != nil {
		errs = append(errs, s.closeStore(ctx))
	}
	return errors.Join(errs...)
}

// closeStore waits no longer than ctx for the tidying up of a large database:
// the next start does without it, a supervisor's kill comes without asking.
func (s *service) closeStore(ctx context.Context) error {
	closed := make(chan error, 1)
	go func() { closed <- s.store.Close() }()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		s.log.WarnContext(ctx, "the database is left without tidying up, because that takes too long")
		return nil
	}
}

// address is where the service really listens, with the port that was chosen for port 0.
func (s *service) address() string { return s.listener.Addr().String() }

// url is the base address for somebody on this machine.
func (s *service) url() string { return "http://" + reachable(s.address()) }

// reachable replaces the address that means "all of this machine's" by loopback.
// IPv4's serves [::] too: Go listens on both families then.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	const choose = "choose another address with --server-listen"
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s: something else listens there; stop it, or %s", address, choose)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("cannot listen on %s: not permitted, as ports below 1024 usually are; %s", address, choose)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("cannot listen on %s: this machine has no such address; %s", address, choose)
	default:
		return nil, fmt.Errorf("cannot listen on %s: %w; %s", address, err, choose)
	}
}
