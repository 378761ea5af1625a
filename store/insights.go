package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// DayPayments is how many orders of one UTC day are paid in a way, of those that are read for their score.
type DayPayments struct {
	Day     time.Time // its midnight
	Payment Payment
	Orders  int
}

// DayPayments are the orders that are not deleted, for every UTC day from that of since to that of until, both whole. Days belong to
// orders as for DayStats. Rows without orders are left out; the others come in order.
func (s *Store) DayPayments(ctx context.Context, integrationID int64, since, until time.Time) ([]DayPayments, error) {
	return list(ctx, s.readers, fmt.Sprintf("insights: payments of integration %d", integrationID), func(r row) (d DayPayments, err error) {
		var day int64
		err = r.Scan(&day, &d.Payment, &d.Orders)
		d.Day = time.UnixMilli(day * dayMillis).UTC()
		return d, err
	}, dayPaymentsQuery, integrationID, dayOf(since.UnixMilli()), dayOf(until.UnixMilli()))
}

// dayPaymentsQuery and bandOutcomesQuery take integration, first day and last.
const (
	dayPaymentsQuery = `SELECT l.day, l.payment, sum(l.orders) FROM order_outlooks l
		WHERE l.integration_id = $1 AND l.day >= $2 AND l.day <= $3 GROUP BY 1, 2 HAVING sum(l.orders) > 0 ORDER BY 1, 2`
	bandOutcomesQuery = `SELECT l.delivery_probability, l.outcome, sum(l.orders) FROM order_outlooks l
		WHERE l.integration_id = $1 AND l.day >= $2 AND l.day <= $3 GROUP BY 1, 2 HAVING sum(l.orders) > 0 ORDER BY 1, 2`
)

// BandOutcomes is how many orders with a delivery probability had an outcome; empty and pending where there is none.
type BandOutcomes struct {
	DeliveryProbability string
	Outcome             ParcelOutcome
	Orders              int
}

// BandOutcomes are the orders of the days from that of since to that of until, of those that are read for their score.
func (s *Store) BandOutcomes(ctx context.Context, integrationID int64, since, until time.Time) ([]BandOutcomes, error) {
	return list(ctx, s.readers, fmt.Sprintf("insights: outcomes of integration %d", integrationID), func(r row) (b BandOutcomes, err error) {
		err = r.Scan(&b.DeliveryProbability, &b.Outcome, &b.Orders)
		return b, err
	}, bandOutcomesQuery, integrationID, dayOf(since.UnixMilli()), dayOf(until.UnixMilli()))
}

// PlaceOrders is how many orders come from a place.
type PlaceOrders struct {
	Province string
	City     string // empty for a province as a whole, and for orders that name none
	Orders   int
}

// Places are where the orders of a period come from. What differs in case, accents, punctuation or spaces only is one place, by the name that
// most of its orders have; of two with as many, by the one in small letters.
type Places struct {
	Provinces []PlaceOrders // the largest first
	Cities    []PlaceOrders // the same; of one name in two provinces each
	// The rest: how many places, and their orders.
	MoreProvinces, MoreCities    int
	OtherProvinces, OtherCities  int
	WithoutProvince, WithoutCity int // orders that name a place, but no province or no city
}

// Places are the places of the orders of the days from that of since to that of until, at most limit provinces and cities. Orders
// that name no place at all are not in it.
func (s *Store) Places(ctx context.Context, integrationID int64, since, until time.Time, limit int) (Places, error) {
	found, err := list(ctx, s.readers, fmt.Sprintf("insights: places of integration %d", integrationID), func(r row) (p PlaceOrders, err error) {
		err = r.Scan(&p.Province, &p.City, &p.Orders)
		return p, err
	}, placesQuery, placeArgs(integrationID, dayOf(since.UnixMilli()), dayOf(until.UnixMilli()))...)
	if err != nil {
		return Places{}, err
	}
	provinces, cities := make(mergedPlaces), make(mergedPlaces)
	fold := placeFolds{}
	var out Places
	for _, p := range found {
		province, city := fold.of(p.Province), fold.of(p.City)
		if province == "" {
			out.WithoutProvince += p.Orders
		} else {
			provinces.add(province, "", PlaceOrders{Province: p.Province, Orders: p.Orders})
		}
		if city == "" {
			out.WithoutCity += p.Orders
		} else {
			cities.add(province, city, p)
		}
	}
	out.Provinces, out.MoreProvinces, out.OtherProvinces = provinces.largest(limit)
	out.Cities, out.MoreCities, out.OtherCities = cities.largest(limit)
	return out, nil
}

// placesQuery takes integration, then first and last of: the days before the whole spans, the spans, the days behind them.
const placesQuery = `SELECT province, city, orders FROM order_places WHERE integration_id = $1 AND days = 1 AND span >= $2 AND span <= $3
	UNION ALL SELECT province, city, orders FROM order_places WHERE integration_id = $1 AND days = 32 AND span >= $4 AND span <= $5
	UNION ALL SELECT province, city, orders FROM order_places WHERE integration_id = $1 AND days = 1 AND span >= $6 AND span <= $7`

// placeArgs splits the days from first to last into whole spans and the days around them.
func placeArgs(integrationID, first, last int64) []any {
	from, to := spanOf(first+placeSpan-1), spanOf(last+1)-1
	if from > to {
		return []any{integrationID, first, last, int64(1), int64(0), int64(1), int64(0)}
	}
	return []any{integrationID, first, from*placeSpan - 1, from, to, (to + 1) * placeSpan, last}
}

// placeFolds remembers what names become.
type placeFolds map[string]string

// of is what the spellings of a name have in common: its letters and digits, without accents, in lower case.
func (f placeFolds) of(name string) string {
	if known, there := f[name]; there {
		return known
	}
	var b strings.Builder
	gap := false
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	f[name] = b.String()
	return f[name]
}

// mergedPlaces are places by their folded names.
type mergedPlaces map[[2]string]*mergedPlace

type mergedPlace struct {
	best   PlaceOrders // the spelling with most orders
	orders int
}

func (m mergedPlaces) add(province, city string, p PlaceOrders) {
	k := [2]string{province, city}
	at := m[k]
	if at == nil {
		at = &mergedPlace{}
		m[k] = at
	}
	at.orders += p.Orders
	if cmp.Or(cmp.Compare(p.Orders, at.best.Orders), cmp.Compare(p.City, at.best.City), cmp.Compare(p.Province, at.best.Province)) > 0 {
		at.best = p
	}
}

// largest are the places with most orders, and how many others there are with how many orders.
func (m mergedPlaces) largest(limit int) (top []PlaceOrders, more, orders int) {
	all := slices.SortedFunc(maps.Values(m), func(a, b *mergedPlace) int {
		return cmp.Or(cmp.Compare(b.orders, a.orders), cmp.Compare(a.best.City, b.best.City), cmp.Compare(a.best.Province, b.best.Province))
	})
	for i, p := range all {
		if i < limit {
			top = append(top, PlaceOrders{p.best.Province, p.best.City, p.orders})
			continue
		}
		more++
		orders += p.orders
	}
	return top, more, orders
}
