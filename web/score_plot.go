package web

import (
	"math"
	"strconv"
	"strings"

	"probability/app/score"
)

// qualityView is how well a model predicted outcomes that it had not seen, drawn and in words.
type qualityView struct {
	page
	Candidate string // it is not in force
	Skill     badge
	Said      []string
	Bins      []binRow
	Tested    string
	From, To  when
}

// binRow is some orders of about the same score: what was said of them, and what happened. The last members are places in the
// plot, whose both axes go from 0 to 400.
type binRow struct {
	Orders, Predicted, Delivered, Range string
	Title                               string
	X, Y, Top, Height                   string
	Radius                              string
}

// monthRow is what became of the orders of one month. The bar is of 400 units.
type monthRow struct {
	Month, Orders, Share string
	Width                string
}

// percent writes a share in whole percents.
func (v voice) percent(share float64) string { return strconv.Itoa(percentOf(share)) + " %" }

// decimal writes a number with so many decimals.
func (v voice) decimal(value float64, places int) string {
	_, point := v.marks()
	text := strconv.FormatFloat(value, 'f', places, 64)
	return strings.NewReplacer(".", point, "-", "−").Replace(text)
}

func skillInWords(p page, skill float64) string {
	if skill <= 0 {
		return p.Say("quality.skill_none")
	}
	return p.Tell("quality.skill", "Share", p.voice.decimal(100*skill, 1))
}

// goodCalibration is the mean error of a score, as a share, up to which a model is let in.
const goodCalibration = 0.05

func viewQuality(p page, r *score.Report, candidate bool) *qualityView {
	t, v := r.Tested, p.voice
	q := &qualityView{page: p, Tested: p.Tell("quality.tested", "N", v.number(t.N)), From: v.moment(t.From), To: v.moment(t.To)}
	q.Skill = badge{p.Say("quality.beats"), toneGood}
	if t.Skill <= 0 {
		q.Skill = badge{p.Say("quality.beats_not"), toneWarn}
	}
	if candidate {
		q.Candidate = v.say("score.reason."+string(r.Reason), nil)
	}
	q.Said = append(q.Said, skillInWords(p, t.Skill))
	if t.AUC != nil {
		q.Said = append(q.Said, p.Tell("quality.auc", "Value", percentOf(t.AUC.Value), "Low", percentOf(t.AUC.Low), "High", percentOf(t.AUC.High)))
	}
	id := "quality.calibrated"
	if t.CalibrationErr > goodCalibration {
		id = "quality.not_calibrated"
	}
	q.Said = append(q.Said, p.Tell(id, "Error", v.decimal(100*t.CalibrationErr, 1)))
	for _, b := range r.Reliability {
		q.Bins = append(q.Bins, viewBin(p, b))
	}
	return q
}

func viewBin(p page, b score.Reliability) binRow {
	v := p.voice
	at := func(share float64) float64 { return 100 * scaleUnits * (1 - share) }
	row := binRow{
		Orders: v.number(b.N), Predicted: v.percent(b.Predicted), Delivered: v.percent(b.Delivered),
		Range: p.Tell("quality.range", "Low", percentOf(b.Low), "High", percentOf(b.High)),
		X:     units(100 * scaleUnits * b.Predicted), Y: units(at(b.Delivered)), Top: units(at(b.High)), Height: units(at(b.Low) - at(b.High)),
		Radius: units(4 + math.Min(6, math.Sqrt(float64(b.N))/5)),
	}
	row.Title = p.Tell("quality.bin", "Predicted", row.Predicted, "Delivered", row.Delivered, "Range", row.Range, "N", row.Orders)
	return row
}

// monthRows are the months, the newest first.
func monthRows(p page, months []score.Month) []monthRow {
	rows := make([]monthRow, 0, len(months))
	for i := len(months) - 1; i >= 0; i-- {
		m := months[i]
		if m.N == 0 {
			continue
		}
		share := float64(m.N-m.Failed) / float64(m.N)
		rows = append(rows, monthRow{
			Month: monthName(p.voice, m.Month), Orders: p.voice.number(m.N), Share: p.voice.percent(share), Width: units(100 * scaleUnits * share),
		})
	}
	return rows
}

// monthName writes 2026-11 as a person would.
func monthName(v voice, month string) string {
	year, number, _ := strings.Cut(month, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(monthIDs) {
		return month
	}
	return v.say(monthIDs[n-1], nil) + " " + year
}
