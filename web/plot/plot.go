package plot

import (
	"html"
	"html/template"
	"math"
	"strconv"
)

// Point is a place along the time of a chart.
type Point struct {
	Label string  // at the axis, where there is room
	Says  string  // its exact value, with its time and unit
	Value float64 // what its mark is placed by; NaN: there is none
}

// Axis is how high a chart goes, and the lines that help to read it.
type Axis struct {
	Top   float64 // what the upper edge stands for; more than 0
	Lines []Tick  // from below
}

// Tick is a line across a chart.
type Tick struct {
	Value float64
	Label string
}

// Height of a chart over time in pixels: of what its marks use, of the words above, and of the labels below.
const (
	tall  = 160
	above = 34
	below = 24
)

// gutter is the room at the left of a chart over time, for what its lines stand for, in hundredths of the width.
const gutter = 11.0

// Columns draws a column for each point. name is the id of the element that names the chart.
func Columns(name string, points []Point, axis Axis) template.HTML {
	p := begin(name, above+tall+below)
	p.axis(axis)
	step := (100 - gutter) / float64(max(len(points), 1))
	for i, pt := range points {
		left := gutter + float64(i)*step
		p.mark(pt.Says)
		p.rect("hit", left, above, step, tall)
		if pt.Value > 0 {
			h := math.Max(height(pt.Value, axis.Top), 1)
			p.rect("p1", left+step*.12, above+tall-h, step*.76, h)
		}
		p.tip(pt.Says)
	}
	p.labels(points, step)
	return p.end()
}

// Line draws points with a line through those that follow each other. Where one has no value the line has a gap.
func Line(name string, points []Point, axis Axis) template.HTML {
	p := begin(name, above+tall+below)
	p.axis(axis)
	step := (100 - gutter) / float64(max(len(points), 1))
	p.trend(points, step, axis.Top)
	for i, pt := range points {
		if math.IsNaN(pt.Value) {
			continue
		}
		p.mark(pt.Says)
		p.rect("hit", gutter+float64(i)*step, above, step, tall)
		p.write(`<circle class="dot" cx="`, percent(gutter+(float64(i)+.5)*step), `" cy="`, number(above+tall-height(pt.Value, axis.Top)), `" r="3.5"/>`)
		p.tip(pt.Says)
	}
	p.labels(points, step)
	return p.end()
}

// Bar is one of several things, with its parts.
type Bar struct {
	Name  string // of the thing
	Value string // beside the bar, in words
	Says  string // all of it, exactly
	Parts []float64
}

// Room of a bar in pixels: the row, how far down its words stand, and the bar itself.
const (
	row     = 46
	wordsAt = 16
	barAt   = 24
	barTall = 12
)

// Bars draws bars one below the other. The longest is as wide as the chart when most is the sum of its parts. Parts are told apart by
// colour and pattern, as Key draws them.
func Bars(name string, bars []Bar, most float64) template.HTML {
	p := begin(name, len(bars)*row)
	p.patterns(name)
	for i, b := range bars {
		y := float64(i * row)
		p.mark(b.Says)
		p.rect("hit", 0, y, 100, row)
		p.write(`<text class="name" x="0" y="`, number(y+wordsAt), `">`, cut(b.Name), `</text>`)
		p.write(`<text class="value" x="100%" y="`, number(y+wordsAt), `" text-anchor="end">`, html.EscapeString(b.Value), `</text>`)
		p.rect("track", 0, y+barAt, 100, barTall)
		left := 0.0
		for part, v := range b.Parts {
			if v <= 0 || most <= 0 {
				continue
			}
			wide := math.Min(100-left, math.Max(100*v/most, .4))
			p.rect("p"+strconv.Itoa(part+1), left, y+barAt, wide, barTall)
			if part > 0 {
				p.write(`<rect class="pattern" fill="url(#`, html.EscapeString(name), `-p`, strconv.Itoa(part+1), `)" x="`, percent(left),
					`" y="`, number(y+barAt), `" width="`, percent(wide), `" height="`, number(barTall), `"/>`)
			}
			left += wide
		}
		p.write(`</g>`)
	}
	return p.end()
}

// Key draws the sample of a part for the words that explain it.
func Key(id string, part int) template.HTML {
	p := &page{}
	p.write(`<svg class="key" width="16" height="12" aria-hidden="true" focusable="false">`)
	p.patterns(id)
	p.write(`<rect class="p`, strconv.Itoa(part), `" width="16" height="12"/>`)
	if part > 1 {
		p.write(`<rect class="pattern" fill="url(#`, html.EscapeString(id), `-p`, strconv.Itoa(part), `)" width="16" height="12"/>`)
	}
	return p.end()
}

// longest is how many characters of a name stand above its bar: what a telephone has room for, beside the value.
const longest = 30

func cut(name string) string {
	if r := []rune(name); len(r) > longest {
		name = string(r[:longest-1]) + "…"
	}
	return html.EscapeString(name)
}

func height(v, top float64) float64 {
	if top <= 0 {
		return 0
	}
	return tall * math.Max(0, math.Min(1, v/top))
}
