package cmd

import (
	"context"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

func newAudit(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "audit [--store NAME] [--repair]", Short: "Compare what Shopify has with what is stored", Args: noMore,
		Long: `Compares the orders of Shopify with those that are stored, window by window of their
time of creation, and prints what is missing, extra or stale. It works beside a
running service and without one. With --repair, what differs is mended. Differences
are a result and no failure: the exit code is 0 whenever Shopify could be asked.`,
		Example: "  probability audit\n  probability audit --store my-store.myshopify.com --repair",
	}
	name := c.Flags().String("store", "", "only this store, such as my-store.myshopify.com (default every active one)")
	repair := c.Flags().Bool("repair", false, "fetch what is missing or stale, and mark deleted what Shopify has no more")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		shop := *name
		if shop != "" {
			var err error
			if shop, err = shopify.ParseShop(shop); err != nil {
				return usagef("flag --store: expected a store's name such as my-store.myshopify.com")
			}
		}
		return withApp(c, io, func(ctx context.Context, a *app.App) error { return audit(ctx, a, io, shop, *repair) })
	}
	return c
}

// audit looks at each store in turn. One that cannot be asked does not keep the others from being looked at.
func audit(ctx context.Context, a *app.App, io streams, shop string, repair bool) error {
	targets, known, err := a.AuditTargets(ctx, shop)
	switch {
	case err != nil:
		return err
	case !known:
		return usagef("flag --store: no account has connected %s", shop)
	case len(targets) == 0 && shop != "":
		return usagef("flag --store: %s is connected and switched off; set is_active to true first", shop)
	case len(targets) == 0:
		say(io, "No store is connected, so there is nothing to audit.")
		return nil
	}
	var failed error
	differ, mended, checked := 0, 0, 0
	for _, in := range targets {
		if in.StoreName == residentShop {
			say(io, "%s is the demo store, which only the running service reaches: audit it on its page.", residentShop)
			continue
		}
		bar := newProgress(io, "Auditing "+in.StoreName)
		done, err := a.AuditNow(ctx, in, repair, func(m store.Audit) {
			if m.Total != nil {
				bar.set(min(m.Checked, *m.Total), *m.Total)
			}
		})
		bar.finish()
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			_, _ = fmt.Fprintf(io.err, "%s could not be audited: %s\n", in.StoreName, oneLine(sentence(err)))
			failed = err
			continue
		}
		if err := printAudit(io, in, done); err != nil {
			return err
		}
		differ, mended, checked = differ+done.Drift(), mended+done.Repaired(), checked+done.Checked
	}
	switch {
	case failed != nil:
		return fmt.Errorf("not every store could be audited; mend what is said above and run it again: %w", failed)
	case differ == 0 && mended == 0:
		say(io, "Complete: %s compared, and each is stored as Shopify has it.", plural(checked, "order"))
	case differ == 0:
		say(io, "Complete now: %s found among %s, and mended.", plural(mended, "difference"), plural(checked, "order"))
	case repair:
		say(io, "Not complete: %s left, %d mended. Run it again; if that does not help, look whether Shopify's app may read all orders.",
			plural(differ, "difference"), mended)
	default:
		say(io, "Not complete: %s among %s. Run `probability audit --repair` to mend that.", plural(differ, "difference"), plural(checked, "order"))
	}
	return nil
}

// printAudit prints a line for each window and one for all of them.
func printAudit(io streams, in store.Integration, m store.Audit) error {
	say(io, "%s (integration %d)", in.StoreName, in.ID)
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "FROM\tTO\tSHOPIFY\tSTORED\tMISSING\tEXTRA\tSTALE\tREPAIRED\t")
	line := func(from, to string, c store.AuditCounts, repaired int) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", from, to, c.Counted, c.Stored, c.Missing, c.Extra, c.Stale, repaired)
	}
	for _, w := range m.Windows {
		line(moment(w.From), moment(w.To), w.AuditCounts, w.Repaired)
	}
	line("total", strconv.Itoa(len(m.Windows)), m.AuditCounts, m.Repaired())
	if err := table.Flush(); err != nil {
		return err
	}
	gap := "none"
	if !m.OldestGap.IsZero() {
		gap = m.OldestGap.UTC().Format(time.RFC3339)
	}
	say(io, "oldest gap: %s\n", gap)
	return nil
}
