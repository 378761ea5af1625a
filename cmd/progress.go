package cmd

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a long work is.
type progress interface {
	set(done, total int)
	finish()
}

// newProgress is a bar on a terminal, and a plain line now and then elsewhere.
// Both go to stderr, so that stdout keeps to results.
func newProgress(io streams, what string) progress {
	if isTerminal(io.err) {
		return &barProgress{out: io.err, what: what}
	}
	return &lineProgress{out: io.err, what: what}
}

type barProgress struct {
	out  io.Writer
	what string
	bar  *progressbar.ProgressBar
}

func (p *barProgress) set(done, total int) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription(p.what),
			progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(40),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}),
		)
	}
	if total > 0 && total != p.bar.GetMax() {
		p.bar.ChangeMax(total)
	}
	_ = p.bar.Set(min(done, p.bar.GetMax())) // a bar that cannot be drawn must not stop the work
}

func (p *barProgress) finish() {
	if p.bar != nil {
		_, _ = io.WriteString(p.out, "\n")
	}
}

// lineEvery is the time between two lines, unless the work is at its end.
const lineEvery = time.Second

type lineProgress struct {
	out         io.Writer
	what        string
	last        time.Time
	done, total int
	told        bool // of done and total
}

func (p *lineProgress) set(done, total int) {
	if done == p.done && total == p.total {
		return
	}
	p.done, p.total, p.told = done, total, false
	if now := time.Now(); now.Sub(p.last) >= lineEvery {
		p.last = now
		p.print()
	}
}

func (p *lineProgress) finish() { p.print() }

func (p *lineProgress) print() {
	if p.told {
		return
	}
	p.told = true
	_, _ = fmt.Fprintf(p.out, "%s: %d of %d\n", p.what, p.done, p.total)
}
