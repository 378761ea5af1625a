package score

import (
	"slices"

	"gonum.org/v1/gonum/mat"
)

// curvature is the slope and the second derivatives of the log-posterior at some parameters, as far as they are free. The
// matrix is never written out: products with it are made from the rows, and a system is solved by conjugate gradients. Before them
// goes the exact inverse of the dense part and the diagonal of the cells, which leaves few directions that are slow.
type curvature struct {
	d        *design
	p        *prior
	hessian  []float64 // weight of each row: observations × p(1−p)
	gradient []float64
	diagonal []float64
	noise    []float64    // variance of the gradient by chance: below what the diagonal has from outcomes, as old ones count in part
	block    []float64    // of the dense part, its upper triangle by rows
	noisy    []float64    // the same of the variance of the gradient, with the precision of the prior
	factor   mat.Cholesky // of the free ones in it
	free     []bool
	buffer   [4][]float64
}

func newCurvature(d *design, p *prior) *curvature {
	n := d.parameters()
	c := &curvature{
		d: d, p: p, hessian: make([]float64, d.rows()), gradient: make([]float64, n), diagonal: make([]float64, n), noise: make([]float64, n),
		block: make([]float64, dense*dense), noisy: make([]float64, dense*dense), free: make([]bool, n),
	}
	for i := range c.buffer {
		c.buffer[i] = make([]float64, n)
	}
	return c
}

// at moves to other parameters.
func (c *curvature) at(obs, x []float64) {
	for i := range x {
		c.gradient[i] = -c.p.precision[i] * (x[i] - c.p.mean[i])
		c.diagonal[i] = c.p.precision[i]
	}
	clear(c.block)
	clear(c.noise)
	clear(c.noisy)
	for row, weight := range obs {
		c.hessian[row] = 0
		if weight == 0 {
			continue
		}
		prob := probability(c.d.dot(row, x))
		h := weight * prob * (1 - prob)
		c.hessian[row] = h
		c.d.add(row, weight*(unit(c.d.delivered[row])-prob), c.gradient)
		c.addRow(row, h, weight)
	}
	for i := range dense {
		c.block[i*dense+i] += c.p.precision[i]
		c.noisy[i*dense+i] += c.p.precision[i]
	}
	for i := range x {
		atBound := c.p.sign[i] != 0 && x[i] == 0 && c.gradient[i]*float64(c.p.sign[i]) <= 0
		if c.free[i] = !c.p.fixed[i] && !atBound; !c.free[i] {
			c.gradient[i] = 0
		}
	}
	c.factorize()
}

func (c *curvature) addRow(row int, h, weight float64) {
	from, to := c.d.start[row], c.d.start[row+1]
	c.diagonal[0] += h
	c.block[0] += h
	c.noisy[0] += h * weight
	for i := from; i < to; i++ {
		a, u := int(c.d.param[i]), float64(c.d.units[i])
		c.diagonal[a] += h * u * u
		c.noise[a] += h * weight * u * u
		if a >= dense || u == 0 {
			continue
		}
		c.block[a] += h * u
		c.noisy[a] += h * weight * u
		for j := from; j <= i; j++ {
			if b := int(c.d.param[j]); b < dense {
				at, square := min(a, b)*dense+max(a, b), h*u*float64(c.d.units[j])
				c.block[at] += square
				c.noisy[at] += square * weight
			}
		}
	}
}

// factorize leaves out what is not free: its rows become those of the unit matrix.
func (c *curvature) factorize() {
	free := mat.NewSymDense(dense, slices.Clone(c.block))
	for i := range dense {
		for j := i; j < dense; j++ {
			if !c.free[i] || !c.free[j] {
				free.SetSym(i, j, unit(i == j))
			}
		}
	}
	c.factor.Factorize(free) // positive definite, as each prior has a precision above 0
}

// times is the product of the matrix with a vector.
func (c *curvature) times(v, into []float64) {
	for i := range v {
		into[i] = c.p.precision[i] * v[i]
	}
	for row, h := range c.hessian {
		if h != 0 {
			c.d.add(row, h*c.d.dot(row, v), into)
		}
	}
	for i, free := range c.free {
		if !free {
			into[i] = 0
		}
	}
}

func (c *curvature) precondition(r, into []float64) {
	z := mat.NewVecDense(dense, into[:dense])
	if err := c.factor.SolveVecTo(z, mat.NewVecDense(dense, r[:dense])); err != nil {
		copy(into[:dense], r[:dense]) // nearly singular: a poorer step, which Newton's method halves until it is better
	}
	for i := dense; i < len(r); i++ {
		into[i] = 0
		if c.free[i] {
			into[i] = r[i] / c.diagonal[i]
		}
	}
}

// Conjugate gradients end when what is left is solveDone of what there was.
const (
	solveDone = 1e-2
	maxSolve  = 200
)

// solve finds x with matrix · x = b, for the free parameters; the others are 0.
func (c *curvature) solve(b, x []float64) {
	r, z, p, ap := c.buffer[0], c.buffer[1], c.buffer[2], c.buffer[3]
	clear(x)
	for i := range b {
		r[i] = 0
		if c.free[i] {
			r[i] = b[i]
		}
	}
	c.precondition(r, z)
	copy(p, z)
	rz := inner(r, z)
	for enough, n := rz*solveDone*solveDone, 0; n < maxSolve && rz > enough; n++ {
		c.times(p, ap)
		alpha := rz / inner(p, ap)
		for i := range x {
			x[i] += alpha * p[i]
			r[i] -= alpha * ap[i]
		}
		c.precondition(r, z)
		next := inner(r, z)
		beta := next / rz
		for i := range p {
			p[i] = z[i] + beta*p[i]
		}
		rz = next
	}
}

func inner(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
