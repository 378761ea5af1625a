package score

import (
	"math"
	"time"
)

// The newest fifth of the outcomes is predicted block by block, each from what was known before its first order. Of few outcomes it is
// more, up to a half, or chance alone would decide.
const (
	testedShare   = 0.2
	testedAtLeast = 150
	testedAtMost  = 0.5 // a share as well
	testedBlocks  = 8
	blockAtLeast  = 10
)

// testedOf is how many of so many outcomes are predicted.
func testedOf(n int) int {
	return max(int(testedShare*float64(n)), min(testedAtLeast, int(testedAtMost*float64(n))))
}

// evaluation is what was predicted of orders whose outcome was not known then. All slices are of the same orders, in time order.
type evaluation struct {
	orders    []settled
	delivered []bool
	raw       []float64 // log-odds before the last correction
	logits    []float64 // after it, learnt from the blocks before
	base      []float64 // log-odds of the share delivered until then
	moved     float64   // variance by which the level may have moved, added up
}

// walk goes forward over the newest orders. Each block's prediction is made as Train would have made it then: outcomes heard of later,
// and orders that had not had their time to settle, are not there.
func walk(orders []settled, d *design, most Basis, settling time.Duration) (e evaluation) {
	first := len(orders) - testedOf(len(orders))
	blocks := min(testedBlocks, max(1, (len(orders)-first)/blockAtLeast))
	var l *learnt
	for b := range blocks {
		from, to := first+b*(len(orders)-first)/blocks, first+(b+1)*(len(orders)-first)/blocks
		if from == to {
			continue
		}
		l = d.learn(orders[from].At, settling, most, l)
		by := identity
		if l.basis == BasisLearned {
			by = calibrate(e.raw, e.delivered, e.unsure())
		}
		base := l.baseRate()
		for row := from; row < to; row++ {
			raw := d.dot(row, l.x)
			e.raw, e.logits, e.base = append(e.raw, raw), append(e.logits, by.of(raw)), append(e.base, base)
			e.delivered = append(e.delivered, orders[row].delivered)
		}
		e.moved += float64(to-from) * l.level.variance
	}
	e.orders = orders[first:]
	return e
}

// unsure is the variance by which the level may have moved when it was predicted.
func (e evaluation) unsure() float64 { return e.moved / math.Max(1, float64(len(e.raw))) }

// baseRate is the log-odds of the share delivered among what was learnt from, with the same half-life, as if two orders more had
// ended with the shipped share.
func (l *learnt) baseRate() float64 {
	const pseudo, share = 2.0, 0.75
	delivered, all := pseudo*share, pseudo
	for row, weight := range l.obs {
		all += weight
		delivered += weight * unit(l.d.delivered[row])
	}
	return math.Log(delivered / (all - delivered))
}

// after leaves what was placed later than a time.
func (e evaluation) after(t time.Time) evaluation {
	i := 0
	for i < len(e.orders) && !e.orders[i].At.After(t) {
		i++
	}
	return evaluation{e.orders[i:], e.delivered[i:], e.raw[i:], e.logits[i:], e.base[i:], 0}
}
