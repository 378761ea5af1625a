package carriers

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	// maxLine is the longest line that is read, in bytes.
	maxLine = 64 << 10
	// maxSpan is over how many lines a quoted cell may go. A quote that is never closed would else swallow the rest.
	maxSpan = 20
)

// lines gives the lines of a report as UTF-8.
type lines struct {
	ahead []string // read, and not yet given out
	n     int      // of the line given out last, from 1
	r     *bufio.Reader
}

// newLines reads UTF-8 with a byte order mark or without, UTF-16 with one, and whatever is not UTF-8 as Windows-1252, of
// which Latin-1 is a part.
func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(transform.NewReader(r, unicode.BOMOverride(transform.Nop)), maxLine)}
}

// next gives the next line without its end. long tells that it was too long, and is left out.
func (l *lines) next() (line string, long bool, err error) {
	line, long, err = l.peek(0)
	if err == nil {
		l.ahead = l.ahead[1:]
		l.n++
	}
	return line, long, err
}

// tooLong stands for a line that was too long. No line has a line's end in it.
const tooLong = "\n"

// peek gives the ith line from here without taking it.
func (l *lines) peek(i int) (line string, long bool, err error) {
	for len(l.ahead) <= i {
		if err := l.fill(); err != nil {
			return "", false, err
		}
	}
	return l.ahead[i], l.ahead[i] == tooLong, nil
}

// skip takes n lines that were looked at.
func (l *lines) skip(n int) {
	l.ahead = l.ahead[n:]
	l.n += n
}

// fill reads one more line, or several where a bare carriage return ends them.
func (l *lines) fill() error {
	raw, err := l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.r.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		l.ahead = append(l.ahead, tooLong)
		return nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(raw) == 0 {
		return io.EOF
	}
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	raw = bytes.TrimSuffix(raw, []byte("\r"))
	for part := range bytes.SplitSeq(raw, []byte("\r")) {
		text := string(part)
		if !utf8.ValidString(text) {
			if decoded, err := charmap.Windows1252.NewDecoder().String(text); err == nil {
				text = decoded
			}
		}
		l.ahead = append(l.ahead, text)
	}
	return nil
}

// record gives the cells of the record that begins with the line that was given out last. A quoted cell may go on over
// some lines, which are taken then. open tells that a quote is never closed; its line stands alone then.
func (l *lines) record(first string, delimiter byte) (cells []string, open bool, err error) {
	if strings.Count(first, `"`)%2 == 0 {
		cells, _ = splitRecord(first, delimiter)
		return cells, false, nil
	}
	text, closed := first, false
	for i := 0; i < maxSpan && len(text) < maxLine; i++ {
		line, long, err := l.peek(i)
		if errors.Is(err, io.EOF) || long {
			break
		}
		if err != nil {
			return nil, false, err
		}
		text += "\n" + line
		if strings.Count(line, `"`)%2 == 1 {
			closed = true
			break
		}
	}
	cells, read := splitRecord(text, delimiter)
	more := strings.Count(strings.TrimSuffix(text[:read], "\n"), "\n")
	if more == 0 { // a quote in the middle of a cell, which opens nothing
		return cells, false, nil
	}
	if !closed {
		return nil, true, nil
	}
	l.skip(more)
	return cells, false, nil
}

// splitRecord gives the cells of the first record in a text, and how many bytes it takes.
func splitRecord(text string, delimiter byte) (cells []string, read int) {
	if strings.IndexByte(text, '"') < 0 {
		return strings.Split(text, string(rune(delimiter))), len(text)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = rune(delimiter), true, -1
	cells, err := r.Read()
	if err != nil { // lazily read, only an empty text is no record
		return nil, len(text)
	}
	return cells, int(r.InputOffset())
}

// cell is a cell without what only spreadsheets need: blanks around it, an apostrophe before it, or ="…" around it, by which
// they are told that it is a text.
func cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	text := strings.TrimSpace(cells[i])
	if inner, ok := strings.CutPrefix(text, `="`); ok {
		text = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimSpace(strings.TrimPrefix(text, "'"))
}
