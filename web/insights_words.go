package web

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// date is a day in words: "3 Nov 2026".
func (v voice) date(t time.Time) string { return v.shortDate(t) + t.Format(" 2006") }

// shortDate is a day without its year.
func (v voice) shortDate(t time.Time) string {
	return strconv.Itoa(t.Day()) + " " + v.say(monthIDs[t.Month()-1], nil)
}

// dates is a range of days, no longer than it must be: "3–9 Nov 2026".
func (v voice) dates(first, last time.Time) string {
	switch {
	case first.Year() != last.Year():
		return v.date(first) + " – " + v.date(last)
	case first.Month() != last.Month():
		return v.shortDate(first) + " – " + v.date(last)
	}
	return strconv.Itoa(first.Day()) + "–" + v.date(last)
}

// share is a part of a whole in hundredths, to one decimal.
func (v voice) share(n, of int) string {
	if of == 0 {
		return "–"
	}
	_, point := v.marks()
	return strings.Replace(strconv.FormatFloat(100*float64(n)/float64(of), 'f', 1, 64), ".", point, 1) + " %"
}

// about is a large number at an axis, with a letter for its thousands: "1.5 M".
func (v voice) about(n float64) string {
	unit := ""
	for _, u := range [...]string{"k", "M", "G", "T"} {
		if math.Abs(n) < 1000 {
			break
		}
		n, unit = n/1000, " "+u
	}
	_, point := v.marks()
	return strings.Replace(strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64), ".", point, 1) + unit
}

// count is so many orders in words.
func (p page) count(n int) string {
	if n == 1 {
		return p.Say("insights.one_order")
	}
	return p.Tell("insights.n_orders", "N", p.voice.number(n))
}

// of is the sum in a currency.
func (a amounts) of(currency string) decimal.Decimal { return decimal.Decimal(a[currency]) }
