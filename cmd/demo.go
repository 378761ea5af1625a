package cmd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// demoOptions are the flags of the demo. It reads no configuration: it must not
// touch what a real one names.
type demoOptions struct {
	listen string        // "": the default address, or any port when that is taken
	orders int           // that the store has at first
	life   time.Duration // of the webhooks; 0: until a signal
}

const (
	demoListen    = "127.0.0.1:8080"
	demoMaxOrders = 1_000_000
	demoEmail     = "demo@example.com"
)

func newDemo(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "demo", Short: "Try it: a simulated store, the real service, nothing left behind", Args: noMore,
		Long: `Starts a simulated Shopify store and the real service on this machine, with a
throw-away data folder, and connects the one to the other through the REST API.
Its orders are imported, then the store goes on selling, and every change arrives
as a signed webhook. Ctrl-C ends it and removes the folder.`,
	}
	listen := c.Flags().String("listen", "", "loopback address of the service (default "+demoListen+", or any port when that is taken)")
	orders := c.Flags().Int("orders", 5000, "orders that the store has at first")
	life := c.Flags().String("for", "", "stop by itself when webhooks have arrived for so long, such as 30s (default until Ctrl-C)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		o := demoOptions{listen: *listen, orders: *orders}
		if o.orders < 1 || o.orders > demoMaxOrders {
			return usagef("flag --orders: expected a number from 1 to %d", demoMaxOrders)
		}
		if o.listen != "" {
			if _, err := address()(o.listen); err != nil {
				return usagef("flag --listen: %w", err)
			}
			if host, _, _ := net.SplitHostPort(reachable(o.listen)); !loopback(host) {
				return usagef("flag --listen: expected an address of this machine only, such as 127.0.0.1:9000")
			}
		}
		if c.Flags().Changed("for") {
			d, err := parseDuration(*life)
			if err != nil || d == 0 {
				return usagef("flag --for: expected a duration such as 30s")
			}
			o.life = d
		}
		return untilSignal(c.Context(), func(ctx context.Context) error { return demo(ctx, o, io) })
	}
	return c
}

// demo starts the store, then the service in front of an empty folder, lets the
// one be connected to the other, and watches. What was started last stops first.
func demo(ctx context.Context, o demoOptions, io streams) (err error) {
	dir, err := os.MkdirTemp("", "probability-demo-")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	say(io, "Simulated store:  %s with %d orders of the last 85 days, behind Shopify's own call limit", demoShop, o.orders)
	shop, err := openDemoStore(o.orders)
	if err != nil {
		return err
	}
	defer shop.close()

	l, err := demoListener(ctx, o.listen)
	if err != nil {
		return err
	}
	base := "http://" + reachable(l.Addr().String())
	log := newLogger(LogConfig{Level: slog.LevelWarn}, io.err)
	s, err := startService(ctx, demoConfig(dir, base, shop), l, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	say(io, "Service:          %s with an empty database in %s", base, dir)

	api := &demoClient{base: base}
	if api.password, api.token, err = demoAccount(ctx, s); err != nil {
		return err
	}
	err = demoRun(ctx, o, io, api, shop)
	if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		say(io, "\nStopping; the demo's data is removed.")
		return nil
	}
	return err
}

// demoRun is what the audience sees: connect, import, live.
func demoRun(ctx context.Context, o demoOptions, io streams, api *demoClient, shop *demoStore) error {
	begun := time.Now()
	connected, err := api.connect(ctx, shop)
	if err != nil {
		return err
	}
	id := connected.Integration.ID
	say(io, "Connected:        POST %s/api/integrations/shopify/connect/ → integration %d, webhooks %s\n",
		api.base, id, connected.Integration.Webhooks.Status)
	done, err := api.follow(ctx, id, connected.Import.ID, newProgress(io, "Importing orders"))
	if err != nil {
		return err
	}
	say(io, "Imported:         %d orders in %s, and the store counts as many\n", done.Fetched, time.Since(begun).Round(10*time.Millisecond))
	say(io, `Open
  %[1]s/login              sign in as %[4]s with %[5]s
  %[1]s/api/openapi.json   the description of the API

Paste
  curl -sS -H 'Authorization: Bearer %[2]s' '%[1]s/api/integrations/shopify/'
  curl -sS -H 'Authorization: Bearer %[2]s' '%[1]s/api/integrations/shopify/%[3]d/orders/?page_size=3&omit=raw_response,line_items'
  curl -sS -H 'Authorization: Bearer %[2]s' '%[1]s/api/integrations/shopify/%[3]d/deliveries/?page_size=5'

From now on people buy, pay and cancel; each change arrives as a signed webhook. Ctrl-C ends the demo.
`, api.base, api.token, id, demoEmail, api.password)
	if o.life > 0 {
		timed, cancel := context.WithTimeout(ctx, o.life)
		defer cancel()
		ctx = timed
	}
	return shop.live(ctx, io, func(ctx context.Context) (int, error) { return api.countOrders(ctx, id) })
}

func demoConfig(dir, base string, shop *demoStore) Config {
	return Config{
		Data:    DataConfig{Dir: dir},
		Server:  ServerConfig{PublicURL: base},
		Shopify: ShopifyConfig{APIVersion: "2026-10", Endpoint: shop.endpoint},
		Sync:    SyncConfig{InitialWindow: 90 * 24 * time.Hour, Interval: 15 * time.Minute},
	}
}

// demoListener takes the usual address, or any free port when that is taken and
// no address was asked for.
func demoListener(ctx context.Context, asked string) (net.Listener, error) {
	if asked != "" {
		return listen(ctx, asked)
	}
	if l, err := listen(ctx, demoListen); err == nil {
		return l, nil
	}
	return listen(ctx, "127.0.0.1:0")
}

// demoAccount makes the one account, with a password of the moment, and an API
// token for it.
func demoAccount(ctx context.Context, s *service) (password, token string, err error) {
	password = strings.ToLower(rand.Text()[:16])
	if _, err := s.app.AddUser(ctx, demoEmail, password, true); err != nil {
		return "", "", fmt.Errorf("demo: account: %w", err)
	}
	if token, _, err = s.app.CreateToken(ctx, demoEmail, "demo", 0); err != nil {
		return "", "", fmt.Errorf("demo: token: %w", err)
	}
	return password, token, nil
}

func say(io streams, format string, args ...any) {
	_, _ = fmt.Fprintf(io.out, format+"\n", args...)
}

// plural keeps the demo's lines readable.
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
