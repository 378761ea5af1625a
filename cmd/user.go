package cmd

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"probability/app"
)

func newUser(io streams) *cobra.Command {
	return newGroup("user", "Accounts: add, list, passwd, delete",
		newUserAdd(io), newUserList(io), newUserPasswd(io), newUserDelete(io))
}

func newUserAdd(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "add --email E [--password-stdin] [--admin]", Short: "Make an account", Args: noMore,
		Example: "  probability user add --email me@example.com --admin\n" +
			"  printf %s \"$PASSWORD\" | probability user add --email me@example.com --password-stdin",
	}
	email := c.Flags().String("email", "", "e-mail address of the account")
	admin := c.Flags().Bool("admin", false, "make it an administrator")
	piped := c.Flags().Bool("password-stdin", false, "read the password from standard input instead of asking")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "email"); err != nil {
			return err
		}
		password, err := readPassword(c.Context(), io, *piped)
		if err != nil {
			return err
		}
		return withApp(c, io, func(ctx context.Context, a *app.App) error {
			user, err := a.AddUser(ctx, *email, password, *admin)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(io.out, "%s was added\n", user.Email)
			return err
		})
	}
	return c
}

func newUserList(io streams) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the accounts", Args: noMore}
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return withApp(c, io, func(ctx context.Context, a *app.App) error {
			users, err := a.Users(ctx)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(table, "EMAIL\tADMIN\tCREATED")
			for _, u := range users {
				_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", u.Email, yesNo(u.Admin), moment(u.CreatedAt))
			}
			return table.Flush()
		})
	}
	return c
}

func newUserPasswd(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "passwd --email E [--password-stdin]", Short: "Change an account's password", Args: noMore,
	}
	email := c.Flags().String("email", "", "e-mail address of the account")
	piped := c.Flags().Bool("password-stdin", false, "read the password from standard input instead of asking")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "email"); err != nil {
			return err
		}
		password, err := readPassword(c.Context(), io, *piped)
		if err != nil {
			return err
		}
		return withApp(c, io, func(ctx context.Context, a *app.App) error {
			if err := a.SetPassword(ctx, *email, password); err != nil {
				return err
			}
			_, err := fmt.Fprintf(io.out, "the password of %s was changed\n", *email)
			return err
		})
	}
	return c
}

func newUserDelete(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "delete --email E [--yes]", Short: "Delete an account with its tokens, stores and orders", Args: noMore,
	}
	email := c.Flags().String("email", "", "e-mail address of the account")
	yes := c.Flags().Bool("yes", false, "do not ask")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "email"); err != nil {
			return err
		}
		if !*yes {
			if err := confirm(io, fmt.Sprintf("This deletes %s with its tokens, its stores and their orders.", *email)); err != nil {
				return err
			}
		}
		return withApp(c, io, func(ctx context.Context, a *app.App) error {
			if err := a.DeleteUser(ctx, *email); err != nil {
				return err
			}
			_, err := fmt.Fprintf(io.out, "%s was deleted\n", *email)
			return err
		})
	}
	return c
}

// addAdminFlags gives a command the same flags as the service, so that the two
// find the same data; only the ones that matter are in its help.
func addAdminFlags(c *cobra.Command) {
	addConfigFlags(c)
	for _, k := range keys() {
		if flag := c.Flags().Lookup(k.flag()); flag != nil && k.name != "data.dir" {
			flag.Hidden = true
		}
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// moment is a time in a table; "-" stands for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
