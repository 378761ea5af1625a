package carriers

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"probability/app/score"
)

// Limits of a report.
const (
	MaxRows    = 50_000
	MaxRefused = 200 // refusals that are told one by one
	maxCell    = 100 // characters of an order, a carrier or a tracking number
	headLines  = 20  // lines before which the header must come
	// maxAhead is how far in the future a time may lie: the end of a day that has not ended, or a clock further east.
	maxAhead = 36 * time.Hour
)

// Failures of a whole report.
var (
	// ErrNotText: a spreadsheet's own format, or something else that is no text.
	ErrNotText = errors.New("this is no text")
	// ErrTooManyRows: there are more than MaxRows.
	ErrTooManyRows = errors.New("too many rows")
	// ErrEmpty: there is nothing in it.
	ErrEmpty = errors.New("there is nothing in it")
)

// NoColumnsError says that no line at the beginning names the columns that are needed.
type NoColumnsError struct{ First string } // the first line, shortened

// Error is the failure.
func (*NoColumnsError) Error() string { return "no header with an order and a status" }

// Row is what a report says of one order.
type Row struct {
	Line     int    // where it begins, from 1
	ID       string // the order's id on the platform; may be empty
	Number   string // the order's number; may be empty, not both
	Outcome  score.Outcome
	At       time.Time // when it happened; zero: the report does not say
	Carrier  string    // as it is written
	Tracking string
}

// Why a row is refused.
const (
	RefusedNoOrder       = "no_order"
	RefusedNoStatus      = "no_status"
	RefusedUnknownStatus = "unknown_status"
	RefusedBadDate       = "bad_date"
	RefusedAmbiguousDate = "ambiguous_date"
	RefusedFutureDate    = "future_date"
	RefusedTooLong       = "cell_too_long"
	RefusedOpenQuote     = "open_quote"
)

// Refusal is a row that could not be taken.
type Refusal struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text,omitempty"` // what it is about, shortened
}

// Report is what was read.
type Report struct {
	Rows     []Row
	Pending  int      // rows that say that the parcel has no end yet
	Read     int      // rows in all, the refused ones too
	Refusals          // what could not be taken
	Digest   [32]byte // of the bytes
}

// Refusals are the first refusals, and how many there are.
type Refusals struct {
	Refused []Refusal
	Count   int
}

// Add notes a refusal.
func (r *Refusals) Add(line int, reason, text string) {
	r.Count++
	if len(r.Refused) < MaxRefused {
		r.Refused = append(r.Refused, Refusal{Line: line, Reason: reason, Text: clip(text)})
	}
}

// Read reads a report. now is the time beyond which nothing can have happened yet, carrier the one for rows that name none.
// Errors of r come back as they are; a report that cannot be read at all is one of those above.
func Read(r io.Reader, now time.Time, carrier string) (Report, error) {
	digest := sha256.New()
	p := parser{in: newLines(io.TeeReader(r, digest)), now: now, carrier: carrier, interned: map[string]string{}, meanings: map[string]meaning{}}
	if err := p.run(); err != nil {
		return Report{}, err
	}
	p.settleDates()
	digest.Sum(p.out.Digest[:0])
	return p.out, nil
}

// parser is a report that is being read.
type parser struct {
	in       *lines
	now      time.Time
	carrier  string
	interned map[string]string
	meanings map[string]meaning // of statuses
	head     header
	out      Report

	dates      []dated // of out.Rows
	dayFirst   bool    // some date can only be read with the day first
	monthFirst bool
}

// meaning is what OutcomeOf said, and maxMeanings how many of its answers are kept.
type meaning struct {
	outcome score.Outcome
	known   bool
}

const maxMeanings = 1000

func (p *parser) run() error {
	if err := p.findHeader(); err != nil {
		return err
	}
	for {
		line, long, err := p.in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !long && strings.Trim(line, string(rune(p.head.delimiter))+" \t\"") == "" {
			continue
		}
		if p.out.Read++; p.out.Read > MaxRows {
			return ErrTooManyRows
		}
		if long {
			p.out.Add(p.in.n, RefusedTooLong, "")
			continue
		}
		at := p.in.n
		cells, open, err := p.in.record(line, p.head.delimiter)
		switch {
		case err != nil:
			return err
		case open:
			p.out.Add(at, RefusedOpenQuote, "")
		default:
			p.row(at, cells)
		}
	}
}

// findHeader takes the lines up to the header. Reports may have titles above it.
func (p *parser) findHeader() error {
	first := ""
	for range headLines {
		line, long, err := p.in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if long || strings.ContainsRune(line, 0) || strings.HasPrefix(line, "PK\x03\x04") {
			return ErrNotText
		}
		if h, ok := readHeader(line); ok {
			p.head = h
			return nil
		}
		if first == "" {
			first = strings.TrimSpace(line)
		}
	}
	if first == "" {
		return ErrEmpty
	}
	return &NoColumnsError{First: clip(first)}
}

// row reads the cells of a row.
func (p *parser) row(line int, cells []string) {
	col := func(i int) string { return cell(cells, p.head.columns[i]) }
	row := Row{Line: line, ID: col(colID), Number: col(colNumber), Tracking: col(colTracking), Carrier: col(colCarrier)}
	status, when := col(colStatus), col(colDate)
	for _, text := range []string{row.ID, row.Number, row.Tracking, row.Carrier, status} {
		if utf8.RuneCountInString(text) > maxCell {
			p.out.Add(line, RefusedTooLong, text)
			return
		}
	}
	if row.ID == "" && row.Number == "" {
		p.out.Add(line, RefusedNoOrder, "")
		return
	}
	if status == "" {
		p.out.Add(line, RefusedNoStatus, row.Name())
		return
	}
	var known bool
	if row.Outcome, known = p.outcome(status); !known {
		p.out.Add(line, RefusedUnknownStatus, status)
		return
	}
	d := parseDate(when)
	if d.wrong {
		p.out.Add(line, RefusedBadDate, when)
		return
	}
	p.dayFirst = p.dayFirst || !d.time.IsZero() && d.swapped.IsZero() && !d.fixed
	p.monthFirst = p.monthFirst || d.time.IsZero() && !d.swapped.IsZero()
	if row.Outcome == score.Pending {
		p.out.Pending++
		return
	}
	row.ID, row.Number, row.Tracking = strings.Clone(row.ID), strings.Clone(row.Number), strings.Clone(row.Tracking)
	if row.Carrier == "" {
		row.Carrier = p.carrier
	}
	row.Carrier = p.intern(CleanCarrier(row.Carrier))
	p.out.Rows, p.dates = append(p.out.Rows, row), append(p.dates, d)
}

// outcome is OutcomeOf, asked once for each of the few words that a report repeats.
func (p *parser) outcome(status string) (score.Outcome, bool) {
	if m, ok := p.meanings[status]; ok {
		return m.outcome, m.known
	}
	var m meaning
	m.outcome, m.known = OutcomeOf(status)
	if len(p.meanings) < maxMeanings {
		p.meanings[strings.Clone(status)] = m
	}
	return m.outcome, m.known
}

func (p *parser) intern(s string) string {
	if kept, ok := p.interned[s]; ok {
		return kept
	}
	s = strings.Clone(s)
	p.interned[s] = s
	return s
}

// Name is what the row calls its order, for people.
func (r Row) Name() string { return cmp.Or(r.Number, r.ID) }

// settleDates decides which of day and month comes first. The day does, as everywhere in Latin America, unless some date of
// the report can only be read the other way; where dates speak for both, those that could be either are refused.
func (p *parser) settleDates() {
	kept := p.out.Rows[:0]
	for i, row := range p.out.Rows {
		d := p.dates[i]
		row.At = d.time
		either := !d.time.IsZero() && !d.swapped.IsZero() && !d.time.Equal(d.swapped)
		switch {
		case p.monthFirst && !p.dayFirst && !d.swapped.IsZero():
			row.At = d.swapped
		case p.monthFirst && p.dayFirst && (either || d.time.IsZero() && !d.swapped.IsZero()):
			p.out.Add(row.Line, RefusedAmbiguousDate, row.Name())
			continue
		}
		if row.At.After(p.now.Add(maxAhead)) {
			p.out.Add(row.Line, RefusedFutureDate, row.At.Format(time.DateOnly))
			continue
		}
		kept = append(kept, row)
	}
	p.out.Rows = kept
}

// CleanCarrier is a carrier's name as it is kept: blanks at the ends and control characters are no part of it.
func CleanCarrier(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// clip keeps a report's own words short enough for a sentence.
func clip(s string) string {
	const most = 60
	s = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s), "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return strings.Clone(s)
	}
	return string([]rune(s)[:most]) + "…"
}
