package cmd

import "github.com/spf13/cobra"

// newAbsent are the commands that are promised but not in this version. They
// say so, rather than being unknown, and whatever their arguments are.
func newAbsent() []*cobra.Command {
	const copyFolder = "until then, stop the service and copy the whole data folder, with its key file"
	absent := []struct{ name, parent, until string }{
		{name: "backup", until: copyFolder},
		{name: "restore", until: copyFolder},
		{name: "rotate", parent: "key"},
		{name: "move"},
		{name: "doctor", until: "until then, GET /readyz and the health member of each integration tell"},
	}
	var commands []*cobra.Command
	for _, a := range absent {
		name := a.name
		if a.parent != "" {
			name = a.parent + " " + a.name
		}
		hint := ""
		if a.until != "" {
			hint = "; " + a.until
		}
		c := &cobra.Command{
			Use: a.name, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error {
				return usagef("%s is not in this version yet%s", name, hint)
			},
		}
		if a.parent != "" {
			group := newGroup(a.parent, "", c)
			group.Hidden = true
			c = group
		}
		commands = append(commands, c)
	}
	return commands
}
