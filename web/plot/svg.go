package plot

import (
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// page gathers the text of a chart.
type page struct{ strings.Builder }

func (p *page) write(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

func begin(name string, tall int) *page {
	p := &page{}
	p.write(`<svg class="plot" width="100%" height="`, strconv.Itoa(tall), `" role="group" aria-labelledby="`, html.EscapeString(name), `">`)
	return p
}

func (p *page) end() template.HTML {
	p.write(`</svg>`)
	return template.HTML(p.String()) //nolint:gosec // every text in it went through EscapeString
}

// mark begins what can be pointed at. Its title is its name, also for a screen reader.
func (p *page) mark(says string) {
	p.write(`<g class="mark" role="img" tabindex="0"><title>`, html.EscapeString(says), `</title>`)
}

// tip says what a mark says while it is pointed at or has the focus, and ends the mark. What is in a mark is hidden from screen readers
// by its role.
func (p *page) tip(says string) {
	p.write(`<text class="tip" x="50%" y="12">`, html.EscapeString(says), `</text></g>`)
}

// rect is a rectangle: left and wide in hundredths of the width, top and high in pixels.
func (p *page) rect(class string, left, top, wide, high float64) {
	p.write(`<rect class="`, class, `" x="`, percent(left), `" y="`, number(top), `" width="`, percent(wide), `" height="`, number(high), `"/>`)
}

func (p *page) axis(a Axis) {
	for _, t := range append([]Tick{{}}, a.Lines...) {
		y := number(math.Round(above+tall-height(t.Value, a.Top)) + .5)
		p.write(`<line class="grid" x1="`, percent(gutter), `" x2="100%" y1="`, y, `" y2="`, y, `"/>`)
		if t.Label != "" {
			p.write(`<text class="tick" x="0" y="`, number(above+tall-height(t.Value, a.Top)+4), `" aria-hidden="true">`, html.EscapeString(t.Label), `</text>`)
		}
	}
}

// trend joins the points that follow each other. Only a drawing of its own, stretched to its place, has a path across hundredths.
func (p *page) trend(points []Point, step, top float64) {
	drawn := false
	for i := 1; i < len(points); i++ {
		if math.IsNaN(points[i-1].Value) || math.IsNaN(points[i].Value) {
			continue
		}
		if !drawn {
			wide := number(100 - gutter)
			p.write(`<svg x="`, percent(gutter), `" y="`, strconv.Itoa(above), `" width="`, wide, `%" height="`, strconv.Itoa(tall), `" viewBox="0 0 `, wide, ` `,
				strconv.Itoa(tall), `" preserveAspectRatio="none" overflow="visible"><path class="trend" d="`)
		}
		at := func(command string, i int) {
			p.write(command, number((float64(i)+.5)*step), ` `, number(tall-height(points[i].Value, top)))
		}
		if !drawn || math.IsNaN(points[i-2].Value) {
			at("M", i-1)
		}
		at("L", i)
		drawn = true
	}
	if drawn {
		p.write(`"/></svg>`)
	}
}

// mostLabels is how many labels have room below a chart on a telephone.
const mostLabels = 4

// labels writes some of the labels below a chart, the first and the last among them.
func (p *page) labels(points []Point, step float64) {
	shown := min(len(points), mostLabels)
	for i := range shown {
		at := 0
		if shown > 1 {
			at = i * (len(points) - 1) / (shown - 1)
		}
		x, anchor := gutter+(float64(at)+.5)*step, "middle"
		switch {
		case len(points) > mostLabels && i == 0:
			x, anchor = gutter, "start"
		case len(points) > mostLabels && i == shown-1:
			x, anchor = 100, "end"
		}
		p.write(`<text class="tick" x="`, percent(x), `" y="`, strconv.Itoa(above+tall+18), `" text-anchor="`, anchor, `" aria-hidden="true">`,
			html.EscapeString(points[at].Label), `</text>`)
	}
}

// patterns defines what parts after the first are drawn over with: slanting lines, dots, upright lines.
func (p *page) patterns(id string) {
	id = html.EscapeString(id)
	p.write(`<defs><pattern id="`, id, `-p2" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="stroke" x1="0" y1="0" x2="0" y2="6"/></pattern>`,
		`<pattern id="`, id, `-p3" width="5" height="5" patternUnits="userSpaceOnUse"><circle class="spot" cx="2.5" cy="2.5" r="1.2"/></pattern>`,
		`<pattern id="`, id, `-p4" width="4" height="4" patternUnits="userSpaceOnUse"><line class="stroke" x1="0" y1="0" x2="4" y2="0"/></pattern></defs>`)
}

// percent and number write as few digits as a screen can show.
func percent(v float64) string { return number(v) + "%" }

func number(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

// Scale chooses an axis for values up to most: at most four lines at round values, with their labels.
func Scale(most float64, label func(float64) string) Axis {
	if !(most > 1e-6) || most > 1e100 { // nothing to see, or not a number
		most = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range [...]float64{.2, .25, .5, 1} {
		if most/(step*part) <= 4 {
			step *= part
			break
		}
	}
	if most > step*4 {
		step *= 2.5
	}
	a := Axis{Top: most}
	for n := 1.0; n <= 5 && n*step <= most; n++ {
		a.Lines = append(a.Lines, Tick{n * step, label(n * step)})
	}
	return a
}
