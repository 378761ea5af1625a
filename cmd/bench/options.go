package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longest bounds the whole run, whatever is asked for.
const longest = 3 * time.Hour

const maxOrders = 5_000_000

// options is what the command line says.
type options struct {
	orders  []int // sizes of data sets, ascending
	only    []string
	seconds float64 // a measurement
	json    string  // file, "" for none
	keep    string  // folder, "" for a temporary one
}

func (o options) time() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

// wants tells whether any of the figures was asked for, by its name or by the part before a hyphen. Without --only, all are.
func (o options) wants(names ...string) bool {
	return len(o.only) == 0 || slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(o.only, func(only string) bool { return name == only || strings.HasPrefix(name, only+"-") })
	})
}

const help = `Usage: go run ./cmd/bench [flags]

Measures the program and, beside it, the limits of this machine. Prints Markdown.
With the defaults it takes about ten minutes and 2 GB of disk and memory each.

`

func parseOptions(args []string, errs io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(errs)
	orders := f.String("orders", "10000,100000", "sizes of the data sets, separated by commas; 0: only the empty database")
	only := f.String("only", "", "figures to measure, separated by commas: "+strings.Join(groups(), ", ")+", or a whole name of the report")
	f.Float64Var(&o.seconds, "seconds", 5, "time for each measurement")
	f.StringVar(&o.json, "json", "", "write the figures to this `file` as well")
	f.StringVar(&o.keep, "keep", "", "work in this `folder` and leave the data sets there; it decides which disk is measured")
	f.Usage = func() {
		_, _ = io.WriteString(errs, help)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	complain := func(format string, args ...any) (options, error) {
		err := fmt.Errorf(format, args...)
		_, _ = fmt.Fprintln(errs, "bench:", err)
		return o, err
	}
	if f.NArg() > 0 {
		return complain("%q is no flag", f.Arg(0))
	}
	if !(o.seconds >= 0.05 && o.seconds <= 60) {
		return complain("--seconds must be from 0.05 to 60")
	}
	for text := range strings.SplitSeq(*orders, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 || n > 0 && n < 1000 || n > maxOrders {
			return complain("--orders: %q is not a number from 1000 to %d", text, maxOrders)
		}
		if n > 0 {
			o.orders = append(o.orders, n)
		}
	}
	slices.Sort(o.orders)
	o.orders = slices.Compact(o.orders)
	for name := range strings.SplitSeq(*only, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if name != "limits" && !slices.ContainsFunc(figures, func(f figure) bool { return f.name == name || strings.HasPrefix(f.name, name+"-") }) {
			return complain("--only: there is no figure %q", name)
		}
		o.only = append(o.only, name)
	}
	return o, nil
}

// groups are the first words of the figures' names.
func groups() []string {
	out := []string{"limits"}
	for _, f := range figures {
		if word, _, _ := strings.Cut(f.name, "-"); !f.isLimit() && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

var errFailed = errors.New("not everything could be measured; the table says what")
