package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"probability/store"
)

func newBackup(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "backup FILE", Short: "Write everything into one encrypted file, while the service runs or not",
		Args: oneArg("the file to write, which must not exist yet"),
		Long: `Writes all that the database holds at one moment into a new file, packed and
encrypted. A running service goes on meanwhile. The key is not in the file: keep a
copy of it apart, since without it nobody can restore the backup.`,
		Example: "  probability backup /backup/probability-$(date +%F).backup",
	}
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return stoppable(c.Context(), func(ctx context.Context) error {
			return withStore(ctx, c, io, func(cfg Config, st *store.Store) error { return backup(ctx, cfg, st, args[0], io) })
		})
	}
	return c
}

func backup(ctx context.Context, cfg Config, st *store.Store, file string, io streams) error {
	begun := time.Now()
	bar := newStages(io)
	b, err := st.Backup(ctx, file, readBuild().version, bar.tell)
	bar.finish()
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; choose another name, backups are never written over", file)
	}
	if err != nil {
		return err
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	key := "security.encryption_key"
	if len(cfg.Security.EncryptionKey) == 0 {
		if key, err = filepath.Abs(filepath.Join(cfg.Data.Dir, "key")); err != nil {
			return err
		}
	}
	say(io, "Backed up %s into %s in %s: %s", store.Size(b.Database), store.Size(b.Bytes), time.Since(begun).Round(10*time.Millisecond), path)
	say(io, "The key is not in it. Keep a copy of %s (key %s) apart from it; nothing else opens it.", key, b.KeyID)
	if err := st.NoteBackup(ctx, path, b.CreatedAt, b.Bytes); err != nil {
		newCommandLogger(cfg.Log, io.err).WarnContext(ctx, "the backup is whole, and was not put on the list of backups", "error", err)
	}
	return nil
}

func newRestore(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup into a data folder that has no database",
		Args: oneArg("a file that `probability backup` has written"),
		Long: `Verifies a backup and puts its database into data.dir, which must have none and
need not exist. The key that the backup was made with has to be there: as the file
key in data.dir, or as security.encryption_key.`,
		Example: "  mkdir -m 700 data && cp /keys/key data/key\n  probability restore /backup/probability-2026-11-25.backup",
	}
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		cfg, err := loadConfig(c.Flags())
		if err != nil {
			return err
		}
		return stoppable(c.Context(), func(ctx context.Context) error { return restore(ctx, cfg, args[0], io) })
	}
	return c
}

func restore(ctx context.Context, cfg Config, file string, io streams) error {
	bar := newStages(io)
	r, err := store.Restore(ctx, storeConfig(cfg), file, bar.tell, newCommandLogger(cfg.Log, io.err))
	bar.finish()
	if err != nil {
		return err
	}
	say(io, "Restored %s into %s: %d orders, %d webhooks, %d stores and %d accounts, as they were at %s (program %s).",
		store.Size(r.Database), cfg.Data.Dir, r.Rows["orders"], r.Rows["deliveries"], r.Rows["integrations"], r.Rows["users"],
		moment(r.CreatedAt), cmp.Or(r.Program, "unknown"))
	say(io, "Start it with `probability serve`. The next sync of each store reads what has changed since.")
	return nil
}

// stoppable ends the context of run at the first signal, so that what was begun is tidied away; being stopped is a failure.
func stoppable(ctx context.Context, run func(context.Context) error) error {
	return untilSignal(ctx, func(ctx context.Context) error {
		err := run(ctx)
		if err != nil && ctx.Err() != nil {
			return errors.New("stopped before the end; nothing was left behind")
		}
		return err
	})
}

// stages shows how far each stage of a backup is, or of a move.
type stages struct {
	io    streams
	stage string
	bar   progress
}

func newStages(io streams) *stages { return &stages{io: io} }

func (s *stages) tell(stage string, done, total int64) {
	if stage != s.stage {
		s.finish()
		s.stage = stage
		s.bar = newProgress(s.io, map[string]string{
			store.StageCopy: "Copying (KiB)", store.StageEncrypt: "Encrypting (KiB)",
			store.StageCheck: "Checking (KiB)", store.StageDecrypt: "Decrypting (KiB)",
			store.StageRows: "Copying (rows)", store.StageVerify: "Reading back (rows)",
		}[stage])
	}
	if stage == store.StageRows || stage == store.StageVerify {
		s.bar.set(int(done), int(total))
		return
	}
	const kibi = 1024
	s.bar.set(int((done+kibi-1)/kibi), int((total+kibi-1)/kibi))
}

func (s *stages) finish() {
	if s.bar != nil {
		s.bar.finish()
	}
}
