package cmd

// LoadConfig reads the configuration as `probability serve` with these arguments would.
func LoadConfig(args ...string) (Config, error) {
	root := newRoot(streams{})
	c, rest, err := root.Find(append([]string{"serve"}, args...))
	if err != nil {
		return Config{}, err
	}
	if err := c.ParseFlags(rest); err != nil {
		return Config{}, flagError(c, err)
	}
	return loadConfig(c.Flags())
}

// ParseDuration is the reader of durations.
var ParseDuration = parseDuration

// KeyNames are the names of all settings.
func KeyNames() []string {
	var names []string
	for _, k := range keys() {
		names = append(names, k.name)
	}
	return names
}

// StopLimit is the longest that a stop takes.
const StopLimit = stopLimit

// ExitCode is the exit code that an error leads to.
var ExitCode = exitCode
