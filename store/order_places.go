package store

import (
	"cmp"
	"context"
	"slices"
	"unicode/utf8"
)

// How many orders come from a place is counted twice, by day and by 32 days: a year of days of a large store would be a hundred
// thousand rows to read. Whole spans of 32 days are read as such, and only the ends of a period by day.

// Lengths of the spans of order_places, in days.
const (
	placeDay  = 1
	placeSpan = 32
)

// maxPlaceName is how many characters of a name tell places apart.
const maxPlaceName = 100

// placeKey is a row of order_places within its integration.
type placeKey struct {
	days, span     int64
	province, city string
}

// placeName is a name as places are counted by it.
func placeName(s string) string {
	if len(s) <= maxPlaceName || utf8.RuneCountInString(s) <= maxPlaceName {
		return s
	}
	return string([]rune(s)[:maxPlaceName])
}

// spanOf is the span of 32 days that a day is in; spans before 1970 count down.
func spanOf(day int64) int64 { return day >> 5 }

// addPlace counts an order of a place in or out.
func (l ledger) addPlace(o orderSum, sign int64) {
	if o.province == "" && o.city == "" {
		return
	}
	k := placeKey{days: placeDay, span: dayOf(o.listedAt), province: placeName(o.province), city: placeName(o.city)}
	l.places[k] += sign
	k.days, k.span = placeSpan, spanOf(k.span)
	l.places[k] += sign
}

// writePlaces brings the places of an integration up to date.
func (tx *Tx) writePlaces(ctx context.Context, op string, integrationID int64, places map[placeKey]int64) error {
	var keys, fewer []placeKey
	for k, n := range places {
		if n != 0 {
			keys = append(keys, k)
		}
		if n < 0 {
			fewer = append(fewer, k)
		}
	}
	slices.SortFunc(keys, func(a, b placeKey) int { // neighbours in the table follow each other
		return cmp.Or(cmp.Compare(a.days, b.days), cmp.Compare(a.span, b.span), cmp.Compare(a.province, b.province), cmp.Compare(a.city, b.city))
	})
	for _, size := range dayBatches {
		for ; len(keys) >= size; keys = keys[size:] {
			args := make([]any, 0, size*6)
			for _, k := range keys[:size] {
				args = append(args, integrationID, k.days, k.span, k.province, k.city, places[k])
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO order_places (integration_id, days, span, province, city, orders) VALUES `+tx.dialect().values(size, 6)+`
				ON CONFLICT (integration_id, days, span, province, city) DO UPDATE SET orders = order_places.orders + excluded.orders`, args...); err != nil {
				return failed(op, err)
			}
		}
	}
	for _, k := range fewer {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM order_places WHERE integration_id = $1 AND days = $2 AND span = $3 AND province = $4 AND city = $5
			AND orders = 0`, integrationID, k.days, k.span, k.province, k.city); err != nil {
			return failed(op, err)
		}
	}
	return nil
}
