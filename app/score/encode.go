package score

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// factsFormat is the first byte of encoded facts. Another layout gets the next number; this one stays readable.
const factsFormat = 1

var errFacts = errors.New("score: not encoded facts")

// The findings of Facts as bits, from the lowest.
func (f *Facts) findings() [10]*bool {
	return [...]*bool{
		&f.PhoneInvalid, &f.PhoneRepeated, &f.AddressNoNumber, &f.AddressShort, &f.AddressGibberish,
		&f.CityMismatch, &f.EmailDisposable, &f.NameSuspicious, &f.Night, &f.RiskHigh,
	}
}

const (
	codShift = 10 // two bits behind the findings
	testBit  = 1 << 12
	allBits  = 1<<13 - 1
)

// maxEncoded is how long encoded facts may be, in bytes; usual ones have 60 to 120. Read makes none that are longer.
const maxEncoded = 4096

// Append writes the facts for ParseFacts, in these parts: format, Missing, findings with COD and Test, total, quantity, hours to
// dispatch plus one, the texts each as what they have in common with the one before and the rest, how many products, products.
// Numbers are varints. The error is for facts that could not be read again; those of Read always can.
func (f Facts) Append(b []byte) ([]byte, error) {
	start := len(b)
	flags := uint64(f.COD) << codShift
	for i, is := range f.findings() {
		if *is {
			flags |= 1 << i
		}
	}
	if f.Test {
		flags |= testBit
	}
	b = append(b, factsFormat)
	b = binary.AppendUvarint(b, uint64(f.Missing))
	b = binary.AppendUvarint(b, flags)
	b = binary.AppendVarint(b, f.Total)
	b = binary.AppendVarint(b, int64(f.Quantity))
	b = binary.AppendVarint(b, int64(f.DispatchHours)+1)
	before := ""
	for _, text := range [...]string{f.Country, f.Province, f.City, f.Postcode, f.Currency, f.Carrier} {
		b, before = appendText(b, before, text), text
	}
	b = binary.AppendUvarint(b, uint64(len(f.Products)))
	for _, text := range f.Products {
		b, before = appendText(b, before, text), text
	}
	if f.COD > Yes || len(b)-start > maxEncoded {
		return b[:start], errFacts
	}
	return b, nil
}

// appendText writes a text after another, as how many bytes they begin with alike, and what follows.
func appendText(b []byte, before, text string) []byte {
	same := 0
	for same < len(before) && same < len(text) && before[same] == text[same] {
		same++
	}
	b = binary.AppendUvarint(b, uint64(same))
	b = binary.AppendUvarint(b, uint64(len(text)-same))
	return append(b, text[same:]...)
}

// ParseFacts reads what Append wrote, and nothing else: facts that are read write the same bytes again.
func ParseFacts(b []byte) (f Facts, err error) {
	if len(b) == 0 || len(b) > maxEncoded || b[0] != factsFormat {
		return Facts{}, errFacts
	}
	r := factsReader{rest: b[1:]}
	missing, flags := r.unsigned(), r.unsigned()
	total, quantity, hours := r.signed(), r.signed(), r.signed()
	if missing > 1<<16-1 || flags > allBits || flags>>codShift&3 > uint64(Yes) {
		return Facts{}, errFacts
	}
	f = Facts{Missing: Missing(missing), COD: Tri(flags >> codShift & 3), Test: flags&testBit != 0, Total: total, Quantity: int(quantity), DispatchHours: int(hours - 1)}
	for i, is := range f.findings() {
		*is = flags&(1<<i) != 0
	}
	var room [6 + maxProducts]span
	spans := room[:0]
	for range 6 {
		spans = r.text(spans)
	}
	products := r.unsigned()
	if products > uint64(len(r.rest)) {
		return Facts{}, errFacts
	}
	for range products {
		spans = r.text(spans)
	}
	if r.bad {
		return Facts{}, errFacts
	}
	all := string(r.texts)
	for i, into := range [...]*string{&f.Country, &f.Province, &f.City, &f.Postcode, &f.Currency, &f.Carrier} {
		*into = spans[i].of(all)
	}
	if products > 0 {
		f.Products = make([]string, products)
		for i := range f.Products {
			f.Products[i] = spans[6+i].of(all)
		}
	}
	var again [256]byte
	if written, err := f.Append(again[:0]); err != nil || !bytes.Equal(written, b) {
		return Facts{}, errFacts
	}
	return f, nil
}

// span is a text within all texts.
type span struct{ from, to int }

func (s span) of(all string) string { return all[s.from:s.to] }

// factsReader takes encoded facts apart. After something that is wrong it reads zeros.
type factsReader struct {
	rest  []byte
	texts []byte
	room  [256]byte
	bad   bool
}

func (r *factsReader) unsigned() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *factsReader) signed() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// text reads a text that may begin like the last one. Texts may not grow beyond what Append would write of them by much: a
// beginning is copied, and copies of copies could fill the memory.
func (r *factsReader) text(spans []span) []span {
	same, more := r.unsigned(), r.unsigned()
	var last span
	if len(spans) > 0 {
		last = spans[len(spans)-1]
	}
	if r.bad || same > uint64(last.to-last.from) || more > uint64(len(r.rest)) || len(r.texts) > 16*maxEncoded {
		r.bad = true
		return append(spans, span{})
	}
	if r.texts == nil {
		r.texts = r.room[:0]
	}
	from := len(r.texts)
	r.texts = append(r.texts, r.texts[last.from:last.from+int(same)]...)
	r.texts = append(r.texts, r.rest[:more]...)
	r.rest = r.rest[more:]
	return append(spans, span{from, len(r.texts)})
}
