package cmd

import (
	"github.com/spf13/cobra"

	"probability/store"
)

// newKeyGroup is the commands about the encryption key.
func newKeyGroup(io streams) *cobra.Command {
	return newGroup("key", "The encryption key: rotate", newKeyRotate(io))
}

func newKeyRotate(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "rotate", Short: "Encrypt every stored secret under a new key, while the service runs or not", Args: noMore,
		Long: `Makes a new key and encrypts every stored secret under it, in one transaction. A
running service takes the new key by itself. If it is stopped in the middle, run it
again. The former key then opens nothing but the backups that were made before.`,
	}
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		ctx := c.Context()
		return withStore(ctx, c, io, func(cfg Config, st *store.Store) error {
			r, err := st.RotateKey(ctx)
			if err != nil {
				return err
			}
			say(io, "%s encrypted under the new key %s.", were(r.Values, "secret"), r.KeyID)
			say(io, "Copy %s to where you keep keys: without it the secrets are lost.", r.KeyFile)
			if r.FormerFile != "" {
				say(io, "Backups made before open only with the former key %s: move %s to the same place.", r.FormerID, r.FormerFile)
			} else {
				say(io, "Backups made before open only with the former key %s: keep it for them.", r.FormerID)
			}
			if len(cfg.Security.EncryptionKey) > 0 {
				say(io, "%s.", store.ErrKeyInFile)
			}
			return nil
		})
	}
	return c
}

func were(n int, one string) string {
	if n == 1 {
		return "1 " + one + " was"
	}
	return plural(n, one) + " were"
}
