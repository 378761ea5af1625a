package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const help = `Usage: go run ./cmd/scorecheck [flags]

Learns from synthetic stores whose truth is known, and says how near it came. Prints Markdown.
With the defaults it takes about five minutes on two cores.

`

// options is what the command line says.
type options struct {
	seed uint64
	part int // of the stores, one in so many
	most int // outcomes of a store
}

// run is the program without its exit: 0 all bounds hold, 1 one is missed, 2 not understood.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var o options
	f := flag.NewFlagSet("scorecheck", flag.ContinueOnError)
	f.SetOutput(errs)
	f.Uint64Var(&o.seed, "seed", 1, "first seed")
	f.IntVar(&o.part, "part", 1, "only one in so many of the stores: faster, and less sure")
	f.IntVar(&o.most, "most", 30_000, "leave out stores with more outcomes")
	f.Usage = func() {
		_, _ = io.WriteString(errs, help)
		f.PrintDefaults()
	}
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if f.NArg() > 0 || o.part < 1 || o.most < 0 {
		_, _ = fmt.Fprintln(errs, "scorecheck: --part is 1 or more, --most 0 or more, and there are no arguments")
		return 2
	}
	missed, err := check(ctx, o, out, errs)
	if err != nil {
		_, _ = fmt.Fprintln(errs, "scorecheck:", err)
		return 1
	}
	for _, m := range missed {
		_, _ = fmt.Fprintln(errs, "missed:", m)
	}
	return min(1, len(missed))
}
