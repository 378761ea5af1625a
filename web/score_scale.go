package web

import (
	"strconv"

	"probability/app/score"
)

// scale is a score on its way from 0 to 100: the bands, the figure, and within what it likely lies. It is drawn 4 units to a point.
type scale struct {
	Label string // the same in words
	Zones []zone
	Ticks []tick
	Low   string // left edge of the likely range
	Width string // of it
	At    string // of the figure
	Text  string // the figure
}

// zone is the part of the scale that a band takes.
type zone struct{ X, Width, Tone string }

// tick is a figure below the scale.
type tick struct{ X, Text string }

// scaleUnits is how wide a point is drawn.
const scaleUnits = 4

// bandTones are the colours of the bands, by their names.
var bandTones = map[string]string{
	score.BandHigh: toneGood, score.BandMedium: toneBusy, score.BandLow: toneWarn, score.BandVeryLow: toneBad,
}

func viewScale(e score.Explanation, bands score.Bands, label string) scale {
	low, high := 100*scaleUnits*e.Interval80[0], 100*scaleUnits*e.Interval80[1]
	s := scale{
		Label: label, Low: units(low), Width: units(max(high-low, 2)), At: strconv.Itoa(scaleUnits * e.Score), Text: strconv.Itoa(e.Score),
	}
	from := 0
	for _, z := range []struct {
		to   int
		band string
	}{{bands.Low, score.BandVeryLow}, {bands.Medium, score.BandLow}, {bands.High, score.BandMedium}, {100, score.BandHigh}} {
		s.Zones = append(s.Zones, zone{X: strconv.Itoa(scaleUnits * from), Width: strconv.Itoa(scaleUnits * (z.to - from)), Tone: bandTones[z.band]})
		s.Ticks = append(s.Ticks, tick{X: strconv.Itoa(scaleUnits * from), Text: strconv.Itoa(from)})
		from = z.to
	}
	s.Ticks = append(s.Ticks, tick{X: strconv.Itoa(100 * scaleUnits), Text: "100"})
	return s
}

// units is a length or a place in a drawing.
func units(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
