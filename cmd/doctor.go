package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"probability/store"
)

// The outcomes of a check.
const (
	checkOK   = "ok"
	checkWarn = "warn" // costs comfort, or will
	checkFail = "FAIL"
)

// finding is the outcome of one check: what was found, and what to do about it.
type finding struct {
	outcome, check, text, mend string
}

func fine(check, format string, args ...any) finding {
	return finding{outcome: checkOK, check: check, text: fmt.Sprintf(format, args...)}
}

func warn(check, mend, format string, args ...any) finding {
	return finding{outcome: checkWarn, check: check, mend: mend, text: fmt.Sprintf(format, args...)}
}

func fail(check, mend, format string, args ...any) finding {
	return finding{outcome: checkFail, check: check, mend: mend, text: fmt.Sprintf(format, args...)}
}

func newDoctor(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "doctor [--full]", Short: "Check everything: folder, database, key, stores; one line a check", Args: noMore,
		Long: `Checks configuration, data folder, database, key and backlog, and asks each connected
store. One line a check: ok, warn or FAIL, what was found, and how to mend it. It
works beside a running service and without one. The exit code is 1 if anything fails.`,
	}
	full := c.Flags().Bool("full", false, "read the whole database to check its integrity, which may take minutes")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(c.Flags())
		if err != nil {
			return err
		}
		r := &report{out: io.out}
		if err := r.examine(c.Context(), cfg, c.Flags().Lookup("config").Value.String(), *full); err != nil {
			return err
		}
		if r.failed > 0 {
			return fmt.Errorf("doctor: %s failed; each line above says how to mend it", plural(r.failed, "check"))
		}
		return nil
	}
	return c
}

// report prints findings as they come.
type report struct {
	out    io.Writer
	failed int
}

func (r *report) add(findings ...finding) {
	for _, f := range findings {
		if f.outcome == checkFail {
			r.failed++
		}
		line := fmt.Sprintf("%-4s  %-14s  %s", f.outcome, f.check, oneLine(f.text))
		if f.mend != "" {
			line += "; " + f.mend
		}
		_, _ = fmt.Fprintln(r.out, line)
	}
}

// examine carries out all checks. What cannot be looked at because of an earlier failure is not, and not told either.
func (r *report) examine(ctx context.Context, cfg Config, file string, full bool) error {
	r.add(checkConfig(cfg, file)...)
	c, err := store.Examine(ctx, storeConfig(cfg), full)
	if err != nil {
		r.add(fail("data folder", "give it to the user who runs this program, or name another with data.dir", "%v", err))
		return nil //nolint:nilerr // it is told in its line
	}
	r.add(checkFolder(c)...)
	if url := string(cfg.Database.URL); url != "" {
		s, ok := r.checkServer(ctx, url)
		if !ok {
			return nil
		}
		c.Running = s.Processes > 0
	} else {
		r.add(checkDisk(c))
		r.add(checkService(c))
	}
	if !c.Database {
		return nil
	}
	r.add(checkDatabase(c, full)...)
	r.add(checkKey(c)...)
	if c.Err != nil || len(c.Complaints) > 0 || c.Key != nil || c.Schema != c.KnownSchema || c.Queue != c.KnownQueue {
		return nil
	}
	return r.look(ctx, cfg, c)
}

// look opens the database for the checks of what is in it.
func (r *report) look(ctx context.Context, cfg Config, c store.Condition) (err error) {
	log := slog.New(slog.DiscardHandler) // what it would warn of is in the lines
	st, err := openStore(ctx, cfg, false, log)
	if err != nil {
		r.add(fail("database", "try again in a moment", "%s", sentence(err)))
		return nil //nolint:nilerr // it is told in its line
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	backlog, err := st.Backlog(ctx, time.Now())
	if err != nil {
		return err
	}
	jobs, err := st.JobFigures(ctx)
	if err != nil {
		return err
	}
	r.add(checkBacklog(backlog, jobs, c.Running)...)
	scores, err := st.ScoreFigures(ctx)
	if err != nil {
		return err
	}
	r.add(checkScores(scores))
	if err := r.lookAtBackups(ctx, st); err != nil {
		return err
	}
	a, err := newApp(cfg, st, log, nil)
	if err != nil {
		return err
	}
	stores, err := a.Checkups(ctx)
	if err != nil {
		return err
	}
	if len(stores) == 0 {
		r.add(fine("stores", "none is connected and active"))
		return nil
	}
	r.add(checkClock(stores))
	for _, s := range stores {
		if s.Integration.StoreName == residentShop {
			r.add(fine("store", "%s is the demo store, which only the running service reaches", residentShop))
			continue
		}
		r.add(checkStore(s, cfg, a.APIVersion())...)
	}
	return nil
}

// lookAtBackups tells of the copies, as far as they are made here.
func (r *report) lookAtBackups(ctx context.Context, st *store.Store) error {
	if st.Engine() == store.PostgreSQL {
		r.add(fine("backup", "made with pg_dump or by the server's archive, which cannot be seen from here; the key is not in it"))
		return nil
	}
	copied, path, err := st.LastBackup(ctx)
	if err != nil {
		return err
	}
	r.add(checkBackups(copied, path))
	stale, err := st.StaleBackups(ctx)
	if err != nil {
		return err
	}
	r.add(checkErased(stale)...)
	return nil
}
