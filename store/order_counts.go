package store

import (
	"context"
	"fmt"
	"math"
)

// countBase counts the orders of the filter without its term.
func (r orderRead) countBase(ctx context.Context) (int, error) {
	switch {
	case r.f.summed():
		return r.s.sumOrders(ctx, r.op, r.f)
	case r.f.onlyTotals():
		return r.countTotals(ctx)
	}
	size, err := r.s.sumOrders(ctx, r.op, OrderFilter{IntegrationID: r.f.IntegrationID})
	if err != nil || size == 0 {
		return 0, err
	}
	c := r.f.where()
	key := countKey{r.f.IntegrationID, fmt.Sprint(c.String(), c.args)}
	if r.f.onlyScores() {
		return r.s.counts.get(ctx, key, size >= r.s.bounds.dear, r.countScores)
	}
	return r.s.counts.get(ctx, key, size >= r.s.bounds.dear, func(ctx context.Context) (int, error) { return r.s.walkCount(ctx, r.op, c) })
}

// onlyScores tells whether the filter has a range of scores and nothing else.
func (f OrderFilter) onlyScores() bool {
	return f.scored() && f.ImportedSince.IsZero() && f.MinTotal == nil && f.MaxTotal == nil && !f.bounded() &&
		f.FinancialStatus+f.FulfillmentStatus+f.DeliveryProbability == ""
}

// countScores counts the orders of a filter that has a range of scores only, along the index of scores.
func (r orderRead) countScores(ctx context.Context) (int, error) {
	c := &conditions{}
	c.add("o.integration_id = ?", r.f.IntegrationID)
	c.add("o.deleted_at IS NULL")
	r.scoresWhere(c)
	return get(ctx, r.s.readers, r.op, scanOne[int], `SELECT count(*) FROM `+r.s.ordersIndexed("orders_score")+` WHERE `+c.String(), c.args...)
}

// walkCount counts the entries of the list's index that meet a condition.
func (s *Store) walkCount(ctx context.Context, op string, c *conditions) (int, error) {
	return get(ctx, s.readers, op, scanOne[int], `SELECT count(*) FROM `+s.ordersIndexed("orders_list")+` WHERE `+c.String(), c.args...)
}

// sumOrders counts the orders of a filter that the sums of days answer; only the parts of days at the ends of its range are
// counted one by one.
func (s *Store) sumOrders(ctx context.Context, op string, f OrderFilter) (int, error) {
	c := f.daysWhere()
	if !f.bounded() {
		c.add("d.day = ?", int64(allDays))
		return s.sumDays(ctx, op, c)
	}
	from, to := f.listed()
	if from > to {
		return 0, nil
	}
	first, last := int64(allDays+1), int64(math.MaxInt64) // whole days
	if !f.Since.IsZero() {
		first = dayOf(from + dayMillis - 1)
	}
	if !f.Until.IsZero() {
		last = dayOf(to+1) - 1
	}
	if first > last {
		return s.walkCount(ctx, op, f.where())
	}
	c.add("d.day >= ?", first)
	c.add("d.day <= ?", last)
	n, err := s.sumDays(ctx, op, c)
	if err != nil {
		return 0, err
	}
	for _, part := range [...]struct {
		there    bool
		from, to int64
	}{
		{!f.Since.IsZero() && from < first*dayMillis, from, first*dayMillis - 1},
		{!f.Until.IsZero() && to >= (last+1)*dayMillis, (last + 1) * dayMillis, to},
	} {
		if !part.there {
			continue
		}
		m, err := s.walkCount(ctx, op, f.whereListed(part.from, part.to))
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

func (s *Store) sumDays(ctx context.Context, op string, c *conditions) (int, error) {
	return get(ctx, s.readers, op, scanOne[int], `SELECT COALESCE(sum(d.orders), 0) FROM order_days d WHERE `+c.String(), c.args...)
}

// dayRange is some days in a row, what orders they have and how many of them meet the filter.
type dayRange struct {
	from, to       int64 // milliseconds, both included
	orders, chosen int
}

// skip finds a page of a list by creation time: days without a match, and days before the page, are passed over by their
// sums, so that neither a rare status nor a large offset costs more than the days that the page is from.
func (r orderRead) skip(ctx context.Context, limit, offset int) ([]OrderKey, error) {
	ranges, err := r.dayRanges(ctx)
	if err != nil {
		return nil, err
	}
	var out []OrderKey
	for _, d := range ranges {
		if d.chosen <= offset && r.f.After == nil {
			offset -= d.chosen
			continue
		}
		if d.chosen == 0 {
			continue
		}
		c := r.f.whereListed(d.from, d.to)
		r.f.after(c)
		keys, err := r.keys(ctx, r.selectKeys(r.s.ordersIndexed("orders_list"))+` WHERE `+c.String()+r.f.orderBy()+
			` LIMIT `+c.param(limit-len(out))+` OFFSET `+c.param(offset), c.args...)
		if err != nil {
			return nil, err
		}
		if offset = 0; len(keys) == 0 {
			continue
		}
		if out = append(out, keys...); len(out) == limit {
			break
		}
	}
	return out, nil
}

// dayRanges are the days of the filter in the order of the list. Days at the ends of the filter's range, which it may cut,
// are counted one by one.
func (r orderRead) dayRanges(ctx context.Context) ([]dayRange, error) {
	c := r.f.daysWhere()
	whole := &conditions{args: c.args}
	whole.add("d.integration_id = ?", r.f.IntegrationID)
	whole.add("d.day > ?", int64(allDays)) // the smallest
	low, high := r.f.listed()
	if low > math.MinInt64 {
		whole.add("d.day >= ?", dayOf(low))
	}
	if high < math.MaxInt64 {
		whole.add("d.day <= ?", dayOf(high))
	}
	direction := ""
	if r.f.Order.Desc {
		direction = " DESC"
	}
	days, err := list(ctx, r.s.readers, r.op, func(row row) (d dayRange, err error) {
		err = row.Scan(&d.from, &d.orders, &d.chosen)
		return d, err
	}, `SELECT d.day, sum(d.orders), COALESCE(sum(CASE WHEN `+c.String()+` THEN d.orders END), 0)
		FROM order_days d WHERE `+whole.String()+` GROUP BY d.day ORDER BY d.day`+direction, whole.args...)
	if err != nil {
		return nil, err
	}
	var out []dayRange
	for _, d := range days {
		d.from *= dayMillis
		d.to = d.from + dayMillis - 1
		if cut := d.from < low || d.to > high; cut {
			d.from, d.to = max(d.from, low), min(d.to, high)
			if d.chosen, err = r.s.walkCount(ctx, r.op, r.f.whereListed(d.from, d.to)); err != nil {
				return nil, err
			}
		}
		if n := len(out); n > 0 && out[n-1].orders+d.orders <= r.s.bounds.days {
			last := &out[n-1]
			last.from, last.to = min(last.from, d.from), max(last.to, d.to)
			last.orders, last.chosen = last.orders+d.orders, last.chosen+d.chosen
			continue
		}
		out = append(out, d)
	}
	return out, nil
}
