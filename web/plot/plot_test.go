package plot_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"probability/web/plot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// mark is what a test sees of a mark.
type mark struct {
	title, tip string
	rects      []map[string]string
}

// draw reads a chart: it must be XML without anything that a strict policy refuses.
func draw(tb interface {
	Helper()
	Fatalf(format string, args ...any)
}, chart template.HTML,
) (marks []mark, texts []string) {
	tb.Helper()
	d := xml.NewDecoder(strings.NewReader(string(chart)))
	var in []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return marks, texts
		}
		if err != nil {
			tb.Fatalf("%v in %s", err, chart)
		}
		switch t := token.(type) {
		case xml.StartElement:
			attrs := map[string]string{"": t.Name.Local}
			for _, a := range t.Attr {
				attrs[a.Name.Local] = a.Value
				if a.Name.Local == "style" || a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					tb.Fatalf("%s=%q in %s", a.Name.Local, a.Value, chart)
				}
			}
			in = append(in, t.Name.Local+"."+attrs["class"])
			switch {
			case attrs["class"] == "mark":
				if attrs["tabindex"] != "0" || attrs["role"] != "img" {
					tb.Fatalf("a mark that cannot be reached: %v", attrs)
				}
				marks = append(marks, mark{})
			case t.Name.Local == "rect" && len(marks) > 0:
				m := &marks[len(marks)-1]
				m.rects = append(m.rects, attrs)
			}
		case xml.EndElement:
			in = in[:len(in)-1]
		case xml.CharData:
			switch in[len(in)-1] {
			case "title.":
				marks[len(marks)-1].title = string(t)
			case "text.tip":
				marks[len(marks)-1].tip = string(t)
			default:
				texts = append(texts, string(t))
			}
		}
	}
}

func golden(t *testing.T, name string, chart template.HTML) {
	t.Helper()
	path := "testdata/" + name + ".svg"
	got := strings.ReplaceAll(string(chart), "><", ">\n<") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another; look at it and run with -update:\n%s", path, got)
	}
}

func days(values ...float64) (points []plot.Point) {
	for i, v := range values {
		points = append(points, plot.Point{Label: fmt.Sprintf("%d Nov", i+1), Says: fmt.Sprintf("%d Nov 2026: %g orders", i+1, v), Value: v})
	}
	return points
}

func TestCharts_LookAsTheyDid(t *testing.T) {
	t.Parallel()
	axis := plot.Scale(12, func(v float64) string { return strconv.Itoa(int(v)) })
	golden(t, "columns", plot.Columns("orders", days(3, 0, 12, .01, 5), axis))
	golden(t, "line", plot.Line("cod", days(.5, 1, math.NaN(), 0, .25), plot.Axis{Top: 1, Lines: []plot.Tick{{Value: 1, Label: "100 %"}}}))
	golden(t, "bars", plot.Bars("bands", []plot.Bar{
		{Name: "High", Value: "10 orders", Says: "High: 10 orders", Parts: []float64{5, 3, 0, 2}},
		{Name: "Low", Value: "0 orders", Says: "Low: 0 orders", Parts: []float64{0, 0, 0, 0}},
		{Name: "San José del Guaviare y alrededores", Value: "1", Says: "one", Parts: []float64{.001}},
	}, 10))
	golden(t, "key", plot.Key("k", 1)+plot.Key("k", 3))
	golden(t, "empty", plot.Columns("none", nil, plot.Scale(0, func(float64) string { return "x" })))
}

// Whatever texts and numbers come, a chart is XML, nothing of a text becomes markup, and every mark lies within the chart.
func TestCharts_AreWholeWhateverComes(t *testing.T) {
	t.Parallel()
	text := rapid.SampledFrom([]string{"", "a", `<script>alert(1)</script>`, `" onload="x`, "&amp;", "ñandú 🚚", strings.Repeat("é", 200)})
	value := rapid.OneOf(rapid.Float64Range(-10, 1e15), rapid.SampledFrom([]float64{0, 1, math.MaxFloat64, 1e-300}))
	rapid.Check(t, func(rt *rapid.T) {
		name := text.Draw(rt, "name")
		points := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) plot.Point {
			p := plot.Point{Label: text.Draw(rt, "label"), Says: text.Draw(rt, "says"), Value: value.Draw(rt, "value")}
			if rapid.IntRange(0, 4).Draw(rt, "unknown") == 0 {
				p.Value = math.NaN()
			}
			return p
		}), 0, 70).Draw(rt, "points")
		known := 0
		for _, p := range points {
			if !math.IsNaN(p.Value) {
				known++
			}
		}
		axis := plot.Scale(value.Draw(rt, "most"), func(v float64) string { return fmt.Sprint(v) })
		if len(axis.Lines) > 5 || axis.Top <= 0 {
			rt.Fatalf("axis %+v", axis)
		}
		columns, _ := draw(rt, plot.Columns(name, points, axis))
		line, _ := draw(rt, plot.Line(name, points, axis))
		if len(columns) != len(points) || len(line) != known {
			rt.Fatalf("%d and %d marks of %d points, %d known", len(columns), len(line), len(points), known)
		}
		for i, m := range columns {
			if m.title != points[i].Says || m.tip != points[i].Says {
				rt.Fatalf("mark %d says %q and %q, want %q", i, m.title, m.tip, points[i].Says)
			}
		}
		bars := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) plot.Bar {
			return plot.Bar{Name: text.Draw(rt, "name"), Value: text.Draw(rt, "value"), Says: text.Draw(rt, "says"), Parts: rapid.SliceOfN(value, 0, 4).Draw(rt, "parts")}
		}), 0, 12).Draw(rt, "bars")
		drawn, _ := draw(rt, plot.Bars(name, bars, value.Draw(rt, "longest")))
		for _, m := range append(append(columns, line...), drawn...) {
			for _, r := range m.rects {
				x, y, w, h := part(rt, r["x"]), part(rt, r["y"]), part(rt, r["width"]), part(rt, r["height"])
				if x < -.02 || w < 0 || x+w > 100.02 || y < 0 || h < 0 || h > 600 {
					rt.Fatalf("out of the chart: %v", r)
				}
			}
		}
	})
}

func part(rt *rapid.T, text string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil {
		rt.Fatalf("%q: %v", text, err)
	}
	return v
}

// A column is as high as its value says, and its parts are as wide.
func TestCharts_AreToScale(t *testing.T) {
	t.Parallel()
	marks, _ := draw(t, plot.Columns("a", days(50, 100, 0), plot.Axis{Top: 100}))
	for i, want := range []string{"80", "160", ""} {
		got := ""
		if len(marks[i].rects) > 1 {
			got = marks[i].rects[1]["height"]
		}
		if got != want {
			t.Errorf("column %d is %q high, want %q", i, got, want)
		}
	}
	marks, _ = draw(t, plot.Bars("a", []plot.Bar{{Parts: []float64{5, 3}}}, 16))
	var widths []string
	for _, r := range marks[0].rects[2:] {
		widths = append(widths, r["class"]+" "+r["x"]+" "+r["width"])
	}
	if got := strings.Join(widths, ", "); got != "p1 0% 31.25%, p2 31.25% 18.75%, pattern 31.25% 18.75%" {
		t.Errorf("got %s", got)
	}
}

func TestScale_HasRoundLines(t *testing.T) {
	t.Parallel()
	for most, want := range map[float64]string{0: "0.25 0.5 0.75 1", 1: "0.25 0.5 0.75 1", 3: "1 2 3", 12: "5 10", 30: "10 20 30", 99: "25 50 75", 704016: "250000 500000", math.NaN(): "0.25 0.5 0.75 1"} {
		var got []string
		for _, l := range plot.Scale(most, func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }).Lines {
			got = append(got, l.Label)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("up to %g: got %v, want %s", most, got, want)
		}
	}
}
