package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"probability/store"
)

func newMove(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "move --to postgres://…", Short: "Carry a stopped installation over from SQLite to PostgreSQL", Args: noMore,
		Long: `Copies everything in data.dir into an empty PostgreSQL database, and reads it back to
compare every row. The service must be stopped. The folder stays as it is. Without
--to the address is database.url: a flag can be seen by every user of the machine,
and the environment cannot. A password may also stand in ~/.pgpass or PGPASSWORD.`,
		Example: "  probability move --to 'postgres://probability@db.example.com/probability?sslmode=verify-full'",
	}
	to := c.Flags().String("to", "", "address of the database, which must be empty (default database.url)")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(c.Flags())
		if err != nil {
			return err
		}
		url := cfg.Database.URL
		if *to != "" {
			value, err := databaseURL()(*to)
			if err != nil {
				return usagef("flag --to: %w", err)
			}
			url, _ = value.(Secret)
		}
		if url == "" {
			return usagef("move wants --to, the address of an empty PostgreSQL database; run `%s --help`", c.CommandPath())
		}
		return untilSignal(c.Context(), func(ctx context.Context) error {
			err := move(ctx, cfg, string(url), io)
			if err != nil && ctx.Err() != nil {
				return errors.New("stopped before the end; the folder is as it was, and the next move begins anew")
			}
			return err
		})
	}
	return c
}

func move(ctx context.Context, cfg Config, url string, io streams) error {
	begun := time.Now()
	bar := newStages(io)
	m, err := store.Move(ctx, storeConfig(cfg), url, bar.tell, newCommandLogger(cfg.Log, io.err))
	bar.finish()
	if err != nil {
		return onServer(url, err)
	}
	server, err := store.ServerOf(url)
	if err != nil {
		return err
	}
	say(io, "Moved in %s: %s, %s, %s and %s, in all %s. Every row was read back and is the same.", time.Since(begun).Round(10*time.Millisecond),
		plural(int(m.Of("orders")), "order"), plural(int(m.Of("deliveries")), "webhook"), plural(int(m.Of("integrations")), "store"),
		plural(int(m.Of("users")), "account"), plural(int(m.Rows()), "row"))
	if m.Altered > 0 {
		say(io, "%s had characters that PostgreSQL cannot store, and has \uFFFD in their place; payloads are kept byte for byte.", plural(int(m.Altered), "text"))
	}
	say(io, "From now on start `probability serve` with this address in database.url: %s.", server)
	if len(cfg.Security.EncryptionKey) == 0 {
		key, err := filepath.Abs(filepath.Join(cfg.Data.Dir, "key"))
		if err != nil {
			return fmt.Errorf("move: %w", err)
		}
		say(io, "The key is the same: each machine that works on the database needs %s in its data.dir.", key)
	}
	say(io, "Do not start it on the folder any more: the two would go apart. Keep the folder until you are sure, and delete it then.")
	return nil
}
