package score

import "slices"

// nested is what the outcomes say of places given weights and products. The sum of the effects down to a place is a normal tree: each
// place's sum is its parent's and its own effect, and the rows that end there speak of it. Such a tree is solved exactly, from the
// leaves to the root and back.
type nested struct {
	precision []float64 // of each cell's effect given what is above it
	pull      []float64 // share of its parent's sum that a cell's own takes over
	variance  []float64 // of each cell's sum
	noise     []float64 // variance by chance of what speaks of it
}

// nest solves the tree of the places; products are taken each by itself.
func (c *curvature) nest() nested {
	d := c.d
	cells := len(d.keys)
	n := nested{make([]float64, cells), make([]float64, cells), make([]float64, cells), slices.Clone(c.noise[dense:])}
	said, root := make([]float64, cells), c.block[0] // what the outcomes say of a cell's sum
	for i := range said {
		said[i] = c.diagonal[dense+i] - c.p.precision[dense+i]
	}
	for i := len(said) - 1; i >= 0; i-- { // those within a place come after it
		prior, direct := c.p.precision[dense+i], c.diagonal[dense+i]-c.p.precision[dense+i]
		n.precision[i] = said[i] + prior
		n.pull[i] = prior / n.precision[i]
		// A city that is far from its province tells of the province no more than cities differ.
		passed := said[i]*n.pull[i] - direct
		switch parent := int(d.parents[i]) - dense; {
		case d.kinds[i] == kindProduct:
		case parent >= 0:
			said[parent] += passed
			n.noise[parent] += n.pull[i]*n.pull[i]*(said[i]*said[i]/prior+n.noise[i]) - c.noise[dense+i]
		default:
			root += passed
		}
	}
	for i, parent := range d.parents {
		above := c.noisy[0] / (root * c.block[0])
		if parent > 0 {
			above = n.variance[parent-dense]
		}
		n.variance[i] = (c.p.precision[dense+i] + n.noise[i]) / (n.precision[i] * n.precision[i])
		if d.kinds[i] != kindProduct {
			n.variance[i] += n.pull[i] * n.pull[i] * above
		}
	}
	return n
}

// variances are those of the cells such that intercept and cells add up to the variance of their sum, as far as that can be: where a
// place's own outcomes make it surer than what is above it, it adds none.
func (c *curvature) variances() []float64 {
	n := c.nest()
	own, sum := make([]float64, len(n.variance)), make([]float64, len(n.variance))
	for i, parent := range c.d.parents {
		if c.d.kinds[i] == kindProduct {
			own[i] = n.variance[i]
			continue
		}
		above := c.noisy[0] / (c.block[0] * c.block[0])
		if parent > 0 {
			above = sum[parent-dense]
		}
		own[i] = max(0, n.variance[i]-above)
		sum[i] = above + own[i]
	}
	return own
}
