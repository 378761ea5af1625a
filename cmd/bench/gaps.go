package main

import (
	"strconv"
	"time"
)

// What can stand in a gap, by what it is made from.

func text(of func(*writer) string) gap {
	return func(b []byte, w *writer) []byte { return append(b, of(w)...) }
}

func number(of func(*writer) uint64) gap {
	return func(b []byte, w *writer) []byte { return strconv.AppendUint(b, of(w), 10) }
}

func amount(of func(*writer) uint64) gap {
	return func(b []byte, w *writer) []byte { return appendMoney(b, of(w)) }
}

// set is an amount in both of the order's currencies.
func set(of func(*writer) uint64) gap {
	return func(b []byte, w *writer) []byte {
		b = appendMoney(append(b, `{"shop_money":{"amount":"`...), of(w))
		b = appendMoney(append(b, `","currency_code":"COP"},"presentment_money":{"amount":"`...), of(w))
		return append(b, `","currency_code":"COP"}}`...)
	}
}

func moment(of func(*writer) time.Time) gap {
	return func(b []byte, w *writer) []byte { return of(w).In(bogota).AppendFormat(b, "2006-01-02T15:04:05-07:00") }
}

// drawn is a number that only looks real. The salt keeps one gap's numbers apart from another's.
func drawn(salt, from, n uint64) gap {
	return number(func(w *writer) uint64 { d := dice(w.seed ^ salt); return from + d.next()%n })
}

func one(salt uint64, of ...string) gap {
	return text(func(w *writer) string { d := dice(w.seed ^ salt); return of[d.below(len(of))] })
}

func token(salt uint64) gap {
	return func(b []byte, w *writer) []byte { return appendToken(b, w.seed^salt) }
}

func degrees(salt uint64, of func(*place) float64) gap {
	return func(b []byte, w *writer) []byte {
		d := dice(w.customer ^ salt)
		return strconv.AppendFloat(b, of(w.place)+float64(d.below(100_000))/1_000_000, 'f', 7, 64)
	}
}

func confirmation(b []byte, w *writer) []byte {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32
	d := dice(w.seed ^ 20)
	for v, i := d.next(), 0; i < 9; i++ {
		b = append(b, letters[v&31])
		v >>= 5
	}
	return b
}

func address(b []byte, w *writer) []byte { return w.t.address.write(b, w) }

func items(b []byte, w *writer) []byte {
	for i := range w.items {
		if i > 0 {
			b = append(b, ',')
		}
		b = w.t.item.write(b, &writer{order: w.order, t: w.t, item: &w.items[i]})
	}
	return b
}

func fulfillments(b []byte, w *writer) []byte {
	if w.fulfillment == "" {
		return b
	}
	return w.t.fulfillment.write(b, w)
}

func browserIP(b []byte, w *writer) []byte {
	d := dice(w.customer)
	v := d.next()
	b = append(strconv.AppendUint(append(b, "190."...), v&255, 10), '.')
	b = append(strconv.AppendUint(b, v>>8&255, 10), '.')
	return strconv.AppendUint(b, v>>16&255, 10)
}

// bogota has no summer time.
var bogota = time.FixedZone("America/Bogota", -5*3600)

func appendMoney(b []byte, hundredths uint64) []byte {
	b = append(strconv.AppendUint(b, hundredths/100, 10), '.')
	return append(b, byte('0'+hundredths/10%10), byte('0'+hundredths%10))
}

func appendToken(b []byte, seed uint64) []byte {
	const digits = "0123456789abcdef"
	d := dice(seed)
	for range 2 {
		for v, i := d.next(), 0; i < 16; i++ {
			b = append(b, digits[v&15])
			v >>= 4
		}
	}
	return b
}
