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
	return store.Open(ctx, store.Config{
		Dir:       cfg.Data.Dir,
		Exclusive: exclusive,
		Key:       cfg.Security.EncryptionKey,
	}, log)
}

// newApp puts the use cases on an open store.
func newApp(cfg Config, st *store.Store, log *slog.Logger) (*app.App, error) {
	hc := &http.Client{}
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		own := t.Clone()
		own.MaxIdleConnsPerHost = 8 // a store is asked by a few jobs at once; the default of 2 would reconnect all the time
		hc.Transport = own
	}
	client, err := shopify.NewClient(shopify.Config{
		APIVersion: cfg.Shopify.APIVersion,
		Endpoint:   cfg.Shopify.Endpoint,
		Retries:    1, // an import tries again by itself, and should not keep a worker meanwhile
		Timeout:    20 * time.Second,
		UserAgent:  "probability/" + readBuild().version,
	}, hc, log)
	if err != nil {
		return nil, usagef("shopify: %w", err)
	}
	return app.New(app.Config{
		AppSecret:           string(cfg.Shopify.AppSecret),
		EraseAfterUninstall: cfg.Privacy.EraseAfterUninstall,
		InitialWindow:       cfg.Sync.InitialWindow,
		PublicURL:           cfg.Server.PublicURL,
		SyncInterval:        cfg.Sync.Interval,
	}, st, client, log)
}

// withApp is the frame of a command that carries out one use case: it loads the
// configuration, opens the data folder, and closes it afterwards.
func withApp(c *cobra.Command, io streams, use func(context.Context, *app.App) error) (err error) {
	cfg, err := loadConfig(c.Flags())
	if err != nil {
		return err
	}
	ctx, log := c.Context(), newCommandLogger(cfg.Log, io.err)
	st, err := openStore(ctx, cfg, false, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	a, err := newApp(cfg, st, log)
	if err != nil {
		return err
	}
	return use(ctx, a)
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
