package cmd

import "github.com/spf13/cobra"

// newMove is promised but not in this version. It says so, rather than being unknown, and whatever its arguments are.
func newMove() *cobra.Command {
	return &cobra.Command{
		Use: "move", Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return usagef("move is not in this version yet") },
	}
}
