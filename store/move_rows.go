package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
)

// movedRows are the rows of a table on their way.
type movedRows struct {
	move    *move
	table   movedTable
	rows    *sql.Rows
	digest  *digest
	values  []any
	err     error
	n       int64
	before  int64
	altered int64
}

// tellEvery is after how many rows it is told how far it is.
const tellEvery = 1_000

// Next reads a row.
func (r *movedRows) Next() bool {
	if r.err != nil || !r.rows.Next() {
		return false
	}
	raw := make([]any, len(r.table.columns))
	into := make([]any, len(raw))
	for i := range raw {
		into[i] = &raw[i]
	}
	if r.err = r.rows.Scan(into...); r.err != nil {
		return false
	}
	for i, v := range raw {
		var altered bool
		if raw[i], altered, r.err = asKind(r.table.kinds[i], v); r.err != nil {
			r.err = fmt.Errorf("%s: %w", r.table.columns[i], r.err)
			return false
		}
		if altered {
			r.altered++
		}
	}
	r.values = raw
	if r.err = r.digest.row(raw); r.err != nil {
		return false
	}
	if r.n++; r.n%tellEvery == 0 {
		r.move.tell(StageRows, r.before+r.n, r.move.rows)
	}
	return true
}

// Values are those of the row.
func (r *movedRows) Values() ([]any, error) { return r.values, nil }

// Err is what ended the rows.
func (r *movedRows) Err() error { return errors.Join(r.err, r.rows.Err()) }

// asKind makes a value of SQLite's, whose columns hold anything, one of the column's kind.
func asKind(kind string, v any) (_ any, altered bool, err error) {
	if v == nil {
		return nil, false, nil
	}
	switch kind {
	case "bigint", "integer", "smallint":
		switch n := v.(type) {
		case int64:
			return n, false, nil
		case bool:
			if n {
				return int64(1), false, nil
			}
			return int64(0), false, nil
		}
	case "boolean":
		switch b := v.(type) {
		case bool:
			return b, false, nil
		case int64:
			return b != 0, false, nil
		}
	case "double precision":
		switch f := v.(type) {
		case float64:
			return f, false, nil
		case int64:
			return float64(f), false, nil
		}
	case "bytea":
		switch b := v.(type) {
		case []byte:
			return b, false, nil
		case string:
			return []byte(b), false, nil
		}
	case "text":
		text, ok := v.(string)
		if b, bytes := v.([]byte); bytes {
			text, ok = string(b), true
		}
		if ok {
			stored := storable(text)
			return stored, stored != text, nil
		}
	}
	return nil, false, fmt.Errorf("a value of the kind %T has no place in a column of the kind %s", v, kind)
}

// digest is a digest of rows in their order, the same for both engines.
type digest struct{ hash.Hash }

func newDigest() *digest { return &digest{sha256.New()} }

func (d *digest) sum() []byte { return d.Sum(nil) }

// row takes in a row: of each value its kind, its length and its bytes.
func (d *digest) row(values []any) error {
	for _, v := range values {
		var b []byte
		kind := byte('n')
		switch v := v.(type) {
		case nil:
		case int64:
			kind, b = 'i', binary.BigEndian.AppendUint64(nil, uint64(v))
		case int32:
			kind, b = 'i', binary.BigEndian.AppendUint64(nil, uint64(int64(v)))
		case int16:
			kind, b = 'i', binary.BigEndian.AppendUint64(nil, uint64(int64(v)))
		case bool:
			kind, b = 'b', []byte{0}
			if v {
				b[0] = 1
			}
		case float64:
			kind, b = 'f', binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
		case string:
			kind, b = 't', []byte(v)
		case []byte:
			kind, b = 'x', v
		default:
			return fmt.Errorf("a value of the kind %T has no digest", v)
		}
		head := append([]byte{kind}, binary.BigEndian.AppendUint64(nil, uint64(len(b)))...)
		if _, err := d.Write(append(head, b...)); err != nil {
			return err
		}
	}
	return nil
}
