package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// full is the time that the scenarios' own numbers are meant for: 100,000 deliveries, 200 kills, and so on.
const full = 10 * time.Minute

// options is what the command line says.
type options struct {
	time time.Duration // of a scenario; what is counted and not timed becomes more or less with it
	only []string
	keep string // folder, "" for a temporary one
}

// scaled is a number that is meant for the full time, made fit for the time that is asked for.
func (o options) scaled(n, least int) int {
	return max(least, int(float64(n)*o.time.Seconds()/full.Seconds()))
}

func (o options) wants(name string) bool { return len(o.only) == 0 || slices.Contains(o.only, name) }

func parseOptions(args []string, errs io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(errs)
	f.DurationVar(&o.time, "for", full, "time for each scenario; numbers of deliveries, kills and stores become more or less with it")
	only := f.String("only", "", "scenarios to run, separated by commas: "+strings.Join(names(), ", "))
	f.StringVar(&o.keep, "keep", "", "work in this `folder` and leave everything there; it decides which disk is used")
	f.Usage = func() {
		_, _ = fmt.Fprint(errs, "Usage: go run ./cmd/soak [flags]\n\nTries the program under what goes wrong, and under load for long. Prints Markdown.\n\n")
		f.PrintDefaults()
		_, _ = fmt.Fprintln(errs, "\nScenarios:")
		for _, s := range scenarios {
			_, _ = fmt.Fprintf(errs, "  %-8s %s\n", s.name, s.what)
		}
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	complain := func(format string, args ...any) (options, error) {
		err := fmt.Errorf(format, args...)
		_, _ = fmt.Fprintln(errs, "soak:", err)
		return o, err
	}
	if f.NArg() > 0 {
		return complain("%q is no flag", f.Arg(0))
	}
	if o.time < time.Second {
		return complain("--for must be at least 1s")
	}
	for name := range strings.SplitSeq(*only, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(names(), name) {
			return complain("--only: there is no scenario %q", name)
		}
		o.only = append(o.only, name)
	}
	return o, nil
}
