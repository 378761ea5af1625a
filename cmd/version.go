package cmd

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release:
// -ldflags "-X probability/cmd.version=1.2.3".
var version string

// build is what the binary knows about itself.
type build struct {
	version, commit, goVersion string
}

func readBuild() build {
	b := build{version: version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		b.version = cmp.Or(b.version, "unknown")
		return b
	}
	b.goVersion = info.GoVersion
	b.version = cmp.Or(b.version, info.Main.Version, "(devel)")
	modified := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	if b.commit != "" && modified {
		b.commit += " (modified)"
	}
	return b
}

func newVersion(io streams) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print version, commit and Go version", Args: noMore,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(io.out, versionText())
			return err
		},
	}
}

func versionText() string {
	b := readBuild()
	return fmt.Sprintf("probability %s\ncommit %s\n%s\n", b.version, cmp.Or(b.commit, "unknown"), cmp.Or(b.goVersion, "go unknown"))
}
