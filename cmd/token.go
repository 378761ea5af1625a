package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"probability/app"
)

func newToken(io streams) *cobra.Command {
	return newGroup("token", "API tokens: create, list, revoke",
		newTokenCreate(io), newTokenList(io), newTokenRevoke(io))
}

func newTokenCreate(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "create --user E --name N [--expires 90d]", Short: "Make an API token and print it, this once", Args: noMore,
		Example: "  TOKEN=$(probability token create --user me@example.com --name laptop --expires 90d)",
	}
	user := c.Flags().String("user", "", "e-mail address of the account")
	name := c.Flags().String("name", "", "what the token is for")
	expires := c.Flags().String("expires", "", "how long it works, such as 90d or 12h (default without end)")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needFlags(c, "user", "name"); err != nil {
			return err
		}
		var life time.Duration
		if c.Flags().Changed("expires") {
			value, err := duration(false)(*expires)
			if err != nil {
				return usagef("flag --expires: %w", err)
			}
			life, _ = value.(time.Duration)
		}
		return withApp(c, io, func(ctx context.Context, a *app.App) error {
			plain, _, err := a.CreateToken(ctx, *user, *name, life)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(io.out, plain)
			return err
		})
	}
	return c
}

func newTokenList(io streams) *cobra.Command {
	c := &cobra.Command{Use: "list [--user E]", Short: "List the tokens of all accounts or of one, without the tokens themselves", Args: noMore}
	user := c.Flags().String("user", "", "e-mail address of the account (default every account's)")
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if c.Flags().Changed("user") {
			if err := needFlags(c, "user"); err != nil {
				return err
			}
		}
		return withApp(c, io, func(ctx context.Context, a *app.App) error {
			emails := []string{*user}
			if *user == "" {
				users, err := a.Users(ctx)
				if err != nil {
					return err
				}
				emails = emails[:0]
				for _, u := range users {
					emails = append(emails, u.Email)
				}
			}
			return listTokens(ctx, a, io, emails, *user == "")
		})
	}
	return c
}

// listTokens writes a table of the accounts' tokens, with whose they are if that is asked for.
func listTokens(ctx context.Context, a *app.App, io streams, emails []string, whose bool) error {
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	row := func(email string, cells ...string) {
		if whose {
			cells = slices.Insert(cells, 1, email)
		}
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	row("USER", "ID", "NAME", "CREATED", "EXPIRES", "LAST USED")
	for _, email := range emails {
		tokens, err := a.Tokens(ctx, email)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			row(email, t.ID.String(), oneLine(t.Name), moment(t.CreatedAt), moment(t.ExpiresAt), moment(t.LastUsedAt))
		}
	}
	return table.Flush()
}

func newTokenRevoke(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "revoke ID", Short: "Revoke a token; the next request with it is refused",
		Args: oneArg("the token's id as `probability token list` shows it"),
	}
	addAdminFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		id, err := uuid.Parse(args[0])
		if err != nil {
			return usagef("this is no id of a token; `probability token list` shows them")
		}
		return withApp(c, io, func(ctx context.Context, a *app.App) error {
			if err := a.RevokeToken(ctx, id); err != nil {
				return err
			}
			_, err := fmt.Fprintf(io.out, "%s was revoked\n", id)
			return err
		})
	}
	return c
}
