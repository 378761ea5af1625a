package cmd

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

// openStore opens the data folder, and makes it when it is not there yet. The
// service opens it exclusively; a command works beside a running service.
func openStore(ctx context.Context, cfg Config, exclusive bool, log *slog.Logger) (*store.Store, error) {
	at := storeConfig(cfg)
	at.Exclusive = exclusive
	st, err := store.Open(ctx, at, log)
	return st, onServer(at.URL, err)
}

func storeConfig(cfg Config) store.Config {
	return store.Config{Dir: cfg.Data.Dir, Key: cfg.Security.EncryptionKey, URL: string(cfg.Database.URL)}
}

// newApp puts the use cases on an open store, with the demo store as a service has it; nil for a command, which has none.
func newApp(cfg Config, st *store.Store, log *slog.Logger, demo *residentDemo) (*app.App, error) {
	if demo == nil {
		demo = &residentDemo{}
	}
	counters := app.NewCounters()
	client, err := shopify.NewClient(shopify.Config{
		APIVersion: cfg.Shopify.APIVersion,
		Endpoint:   cfg.Shopify.Endpoint,
		Local:      map[string]http.RoundTripper{residentShop: demo},
		Observe:    counters.ShopifyCall,
		Retries:    1, // an import tries again by itself, and should not keep a worker meanwhile
		Timeout:    20 * time.Second,
		UserAgent:  "probability/" + readBuild().version,
	}, nil, log)
	if err != nil {
		return nil, usagef("shopify: %w", err)
	}
	scoring, err := cfg.Scoring.Settings()
	if err != nil {
		return nil, err
	}
	return app.New(app.Config{
		AppSecret:           string(cfg.Shopify.AppSecret),
		Counters:            counters,
		EraseAfterUninstall: cfg.Privacy.EraseAfterUninstall,
		InitialWindow:       cfg.Sync.InitialWindow,
		PublicURL:           cfg.Server.PublicURL,
		Scoring:             scoring,
		SyncInterval:        cfg.Sync.Interval,
	}, st, client, log)
}

// withStore is the frame of a command that works on the data folder: it loads the
// configuration, opens the folder, and closes it afterwards.
func withStore(ctx context.Context, c *cobra.Command, io streams, use func(Config, *store.Store) error) (err error) {
	cfg, err := loadConfig(c.Flags())
	if err != nil {
		return err
	}
	st, err := openStore(ctx, cfg, false, newCommandLogger(cfg.Log, io.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return use(cfg, st)
}

// withApp is the frame of a command that carries out one use case.
func withApp(c *cobra.Command, io streams, use func(context.Context, *app.App) error) error {
	ctx := c.Context()
	return withStore(ctx, c, io, func(cfg Config, st *store.Store) error {
		a, err := newApp(cfg, st, newCommandLogger(cfg.Log, io.err), nil)
		if err != nil {
			return err
		}
		return use(ctx, a)
	})
}

// needFlags refuses a command without the flags that it cannot do without.
func needFlags(c *cobra.Command, names ...string) error {
	for _, name := range names {
		if c.Flags().Lookup(name).Value.String() == "" {
			return usagef("%s wants --%s; run `%s --help`", c.Name(), name, c.CommandPath())
		}
	}
	return nil
}
