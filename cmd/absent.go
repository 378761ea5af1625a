package cmd

import "github.com/spf13/cobra"

// newAbsent are the commands that are promised but not in this version. They
// say so, rather than being unknown, and whatever their arguments are.
func newAbsent() []*cobra.Command {
	absent := []struct{ name, until string }{
		{name: "audit", until: "until then, POST …/sync-orders/ reads again what Shopify has"},
		{name: "move"},
	}
	var commands []*cobra.Command
	for _, a := range absent {
		hint := ""
		if a.until != "" {
			hint = "; " + a.until
		}
		commands = append(commands, &cobra.Command{
			Use: a.name, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error {
				return usagef("%s is not in this version yet%s", a.name, hint)
			},
		})
	}
	return commands
}
