package cmd

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
)

// SampleConfig is the text of config.example.yaml, made from the table of keys:
// every setting with its default, commented out.
func SampleConfig() []byte {
	var b bytes.Buffer
	b.WriteString(`# Settings of probability. All of them are optional, and a line that stays
# commented out has the value it shows, unless it is marked as an example.
#
# Copy this file to config.yaml in the folder where the program starts, or name
# it with --config. A flag is stronger than the environment, the environment than
# this file. A setting that does not exist is refused.
`)
	groups := []string{}
	for _, k := range documented() {
		parts := strings.Split(k.name, ".")
		within, name := parts[:len(parts)-1], parts[len(parts)-1]
		for i, group := range within {
			if i < len(groups) && groups[i] == group {
				continue
			}
			if groups = groups[:i]; i == 0 {
				b.WriteString("\n")
			}
			groups = append(groups, within[i:]...)
			for depth, group := range within[i:] {
				sign := ""
				if group == "CODE" {
					group, sign = "night_order", "# "
				}
				fmt.Fprintf(&b, "%s%s%s:\n", strings.Repeat("  ", i+depth), sign, group)
			}
			break
		}
		groups = groups[:len(within)]
		indent := strings.Repeat("  ", len(within))
		fmt.Fprintf(&b, "%s# %s.\n", indent, strings.ToUpper(k.help[:1])+k.help[1:])
		value, note := cmp.Or(k.def, `""`), ""
		if k.defNote != "" {
			note = "  # default: " + k.defNote
		}
		if k.example != "" {
			value, note = k.example, "  # an example; default: "+cmp.Or(k.defNote, k.def, "empty")
		}
		fmt.Fprintf(&b, "%s# %s: %s%s\n", indent, name, value, note)
	}
	return b.Bytes()
}

// ConfigReference is the text of docs/configuration.md, made from the table of keys.
func ConfigReference() []byte {
	var b bytes.Buffer
	b.WriteString(`# Configuration

Every setting is optional. A flag is stronger than the environment, the environment
than the file (` + "`--config FILE`, else `./config.yaml`" + ` if it is there), and the file than the
default. An unknown setting, an unknown ` + "`" + envPrefix + "…`" + ` variable and a malformed value are
refused with exit code 2, in whichever source they stand; an empty variable counts as not set.
Durations are Go's with days before them: ` + "`90d`, `1d12h`, `15m`, `30s`" + `.

| key | default | environment | flag | meaning |
|---|---|---|---|---|
`)
	for _, k := range documented() {
		def := cmp.Or(k.defNote, "empty")
		if k.defNote == "" && k.def != "" {
			def = "`" + k.def + "`"
		}
		flag := "none: " + k.noFlag
		if k.noFlag == "" {
			flag = "`--" + k.flag() + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", k.name, def, strings.Join(k.envs(), "`, `"), flag, k.help)
	}
	b.WriteString(`
A flag may also be written with the dots and underscores of its key: ` + "`--server.public_url`" + `.
Where two environment names are given, the ` + "`" + envPrefix + "…`" + ` one wins.
`)
	return b.Bytes()
}
