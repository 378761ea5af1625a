package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// streams are what a command may read and write.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Execute runs the program with the arguments that follow its name and returns
// its exit code. A cancelled ctx stops a running service as SIGTERM does.
func Execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(streams{in: stdin, out: stdout, err: stderr}) //nolint:contextcheck // cobra carries the context to the command
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	began := false
	root.PersistentPreRun = func(*cobra.Command, []string) { began = true }
	err := root.ExecuteContext(ctx)
	if err != nil && !began {
		err = &usageError{err} // cobra refused the arguments
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "probability: %s\n", oneLine(sentence(err)))
	}
	return exitCode(err)
}

func newRoot(io streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "probability",
		Short: "Brings a merchant's Shopify orders onto a machine of their own",
		Long: `Probability imports the orders of Shopify stores, keeps them current by signed
webhooks, and serves them over a REST API. Without a command it runs the service.`,
		Args:              noMore,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		SilenceErrors:     true,
		SilenceUsage:      true,
		RunE: func(c *cobra.Command, _ []string) error {
			return runServe(c, io)
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(flagName(name))
	})
	root.SetHelpCommand(newHelp())
	root.Version = "version" // that there is one adds the flag --version, which says what the command does
	root.SetVersionTemplate(versionText())
	addConfigFlags(root)
	root.AddCommand(newServe(io), newDemo(io), newUser(io), newToken(io), newVersion(io), newHealthcheck(io))
	root.AddCommand(newAudit(io), newBackup(io), newRestore(io), newKeyGroup(io), newDoctor(io), newMove(io))
	return root
}

// newHelp replaces cobra's own, which answers an unknown name with exit code 0.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			found, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %s; run `probability --help`", shown(strings.Join(args, " ")))
			}
			return found.Help()
		},
	}
}

// noMore refuses every argument: what stands where a command is expected is a
// command that does not exist.
func noMore(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasAvailableSubCommands() {
		hint := ""
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf("; did you mean %q?", near[0])
		}
		return usagef("unknown command %s%s; run `%s --help`", shown(args[0]), hint, c.CommandPath())
	}
	return usagef("%s takes no argument, but there is %s; run `%s --help`", c.Name(), shown(args[0]), c.CommandPath())
}

// shown is an argument as an error names it: an address may have a password in it.
func shown(arg string) string {
	if strings.Contains(arg, "://") {
		return "an address"
	}
	return strconv.Quote(arg)
}

// oneArg wants exactly one argument and says what it is.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s wants one argument, %s; run `%s --help`", c.Name(), what, c.CommandPath())
		}
		return nil
	}
}

// newGroup is a command that only holds others.
func newGroup(use, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use: use, Short: short, Args: noMore,
		RunE: func(c *cobra.Command, _ []string) error {
			names := make([]string, len(commands))
			for i, sub := range commands {
				names[i] = sub.Name()
			}
			return usagef("%s what? %s; run `%s --help`", use, strings.Join(names, ", "), c.CommandPath())
		},
	}
	group.AddCommand(commands...)
	return group
}

// addConfigFlags gives a command --config and a flag for each key that may have
// one. They are texts: the table's kinds check them, so that a mistake reads the
// same wherever it was made.
func addConfigFlags(c *cobra.Command) {
	c.Flags().String("config", "", "configuration file (default "+defaultConfigFile+" if it is there)")
	for _, k := range keys() {
		if k.noFlag != "" {
			continue
		}
		help := k.help
		if k.defNote != "" {
			help += " (default " + k.defNote + ")"
		}
		def := k.def
		if k.defNote != "" {
			def = "" // the note says it better than the value
		}
		c.Flags().String(k.flag(), def, help)
	}
}

// flagError turns pflag's errors into usage errors, with the reason when a key
// has no flag on purpose.
func flagError(c *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := flagName(unknown.GetSpecifiedName())
		if k, found := findKey(func(k key) bool { return k.flag() == name }); found && k.noFlag != "" {
			return usagef("%s cannot be a flag, because %s; set %s or put it into the configuration file", k.name, k.noFlag, k.env())
		}
		hint := ""
		names := []string{}
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if best := nearest(name, names); best != "" {
			hint = "; did you mean --" + best + "?"
		}
		return usagef("unknown flag --%s%s; run `%s --help`", unknown.GetSpecifiedName(), hint, c.CommandPath())
	}
	return usagef("%w; run `%s --help`", err, c.CommandPath())
}
