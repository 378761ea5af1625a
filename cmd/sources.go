package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// defaultConfigFile is read when it is there and --config names no other.
const defaultConfigFile = "./config.yaml"

// readConfigFile returns the settings of the file as key → text, each of them
// known and well-formed.
func readConfigFile(flags *pflag.FlagSet) (map[string]any, error) {
	path := defaultConfigFile
	named := flags.Changed("config")
	if named {
		path = flags.Lookup("config").Value.String()
	}
	body, err := os.ReadFile(path)
	switch {
	case !named && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case named && path == "":
		return nil, usagef("flag --config: expected the path of a file; leave the flag out to use %s if it is there", defaultConfigFile)
	case err != nil:
		return nil, usagef("cannot read the configuration: %w", err)
	}
	if secondDocument(body) {
		return nil, usagef("%s has a second document after a line of ---, which would not be read; put all settings into one", path)
	}
	yaml, err := viper.NewCodecRegistry().Decoder("yaml")
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	tree := map[string]any{}
	if err := yaml.Decode(body, tree); err != nil {
		// The decoder quotes what it could not read, which may be a secret; the
		// line number is enough to find it.
		line := regexp.MustCompile(`line \d+`).FindString(err.Error())
		return nil, usagef("%s is not the YAML that is expected, `group:` with `key: value` below it%s", path, at(line))
	}
	flat := map[string]any{}
	return flat, flatten(path, "", tree, flat)
}

// secondDocument tells whether a document follows another one: the decoder would read the first and drop the rest.
func secondDocument(body []byte) bool {
	begun := false
	for line := range strings.Lines(string(body)) {
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "---") && begun:
			return true
		case text != "" && !strings.HasPrefix(text, "#") && !strings.HasPrefix(line, "---"):
			begun = true
		}
	}
	return false
}

func at(line string) string {
	if line == "" {
		return ""
	}
	return " (see " + line + ")"
}

// flatten walks the file's tree and puts each known key's text into flat.
func flatten(path, group string, tree, flat map[string]any) error {
	for name, value := range tree {
		full := strings.TrimPrefix(group+"."+name, ".")
		k, known := findKey(func(k key) bool { return k.name == full })
		switch below, isGroup := value.(map[string]any); {
		case known && value == nil: // `key:` with nothing behind it is as if it were not there
		case known:
			text, err := k.textOf(value)
			if err == nil {
				_, err = k.kind(text)
			}
			if err != nil {
				return usagef("%s (%s): %w", full, path, err)
			}
			if _, twice := flat[full]; twice {
				return usagef("%s (%s): it is there twice, once as one name and once in its group; keep one of them", full, path)
			}
			flat[full] = text
		case isGroup && isGroupName(full):
			if err := flatten(path, full, below, flat); err != nil {
				return err
			}
		case value == nil && isGroupName(full):
		case isGroupName(full):
			return usagef("%s (%s): expected a group of settings, `key: value` below it", full, path)
		default:
			return usagef("unknown setting %s (%s)%s", full, path, meant(full, func(k key) string { return k.name }))
		}
	}
	return nil
}

func isGroupName(name string) bool {
	_, found := findKey(func(k key) bool { return strings.HasPrefix(k.name, name+".") })
	return found
}

// textOf brings a YAML value into the form that a flag or a variable has.
func (k key) textOf(value any) (string, error) {
	if k.asJSON {
		if text, ok := value.(string); ok {
			return text, nil
		}
		text, err := json.Marshal(value)
		if err != nil {
			return "", errors.New("expected a list")
		}
		return string(text), nil
	}
	if v, ok := value.(float64); ok && k.fraction {
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	if v, ok := value.(bool); ok && k.truth {
		return strconv.FormatBool(v), nil
	}
	switch v := value.(type) {
	case string:
		return v, nil
	case int, int64, uint64:
		return fmt.Sprint(v), nil
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			text, ok := part.(string)
			if !ok {
				return "", errors.New("expected a list of texts")
			}
			parts[i] = text
		}
		return strings.Join(parts, ","), nil
	case map[string]any:
		return "", errors.New("expected one value, not a group of settings")
	default:
		return "", errors.New("expected a text or a whole number")
	}
}

// checkEnvironment refuses a PROBABILITY_ name that is no setting, since it is
// nearly always a typing mistake that would otherwise go unnoticed, and every
// malformed value.
func checkEnvironment() error {
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		k, known := findKey(func(k key) bool { return slices.Contains(k.envs(), name) })
		switch {
		case known && value == "": // empty is not set, as compose files and unit files write it
		case known:
			if _, err := k.kind(value); err != nil {
				return usagef("%s (environment variable %s): %w", k.name, name, err)
			}
		case !strings.HasPrefix(name, envPrefix) || isServiceLink(name, value):
		default:
			return usagef("unknown environment variable %s%s", name, meant(name, key.env))
		}
	}
	return nil
}

// isServiceLink recognises what Kubernetes and Docker put into the environment
// of a container for each service whose name begins with "probability".
func isServiceLink(name, value string) bool {
	link := regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
	address := regexp.MustCompile(`^(tcp|udp|sctp)://`)
	return link.MatchString(name) || strings.HasSuffix(name, "_PORT") && address.MatchString(value)
}

func checkFlags(flags *pflag.FlagSet) error {
	for _, k := range keys() {
		flag := flags.Lookup(k.flag())
		if flag == nil || !flag.Changed {
			continue
		}
		if _, err := k.kind(flag.Value.String()); err != nil {
			return usagef("%s (flag --%s): %w", k.name, flag.Name, err)
		}
	}
	return nil
}

// meant is the hint behind an unknown name.
func meant(name string, spell func(key) string) string {
	all := []string{}
	for _, k := range keys() {
		group, _, _ := strings.Cut(k.name, ".")
		all = append(all, spell(k), group)
	}
	if best := nearest(name, all); best != "" {
		return "; did you mean " + best + "?"
	}
	return "; the settings are listed in config.example.yaml"
}
