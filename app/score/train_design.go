package score

import (
	"slices"
	"time"
)

// Cells are kept from minCell outcomes on, the largest maxCells at most: fewer tell next to nothing (five outcomes move a
// city by a tenth of what they say), and sums of fewer would speak of single customers.
const (
	minCell  = 5
	maxCells = 20_000
)

// kind is the kind of a cell: a level of place, or a product.
type kind uint8

const kindProduct kind = placeLevels

// dense is how many parameters are not cells: the intercept and the weights, before all cells.
const dense = denseCount

// design is the orders to learn from as sparse rows: which parameters apply to each, and how much. The intercept applies to
// all and is in no row. Some 90 bytes an order.
type design struct {
	start     []int32 // row i is from start[i] to start[i+1]
	param     []int32
	units     []float32
	delivered []bool
	at, known []time.Time
	totals    []moneyOf // of each order, for what is a high value
	keys      []string  // of the cells
	kinds     []kind
	parents   []int32 // of the cells: parameter of the place above, 0 for none
	counts    []Cell  // delivered and failed by cell
}

type moneyOf struct {
	currency string
	total    int64
	known    bool
	unit     int32 // where value_high is in units
}

// parameters is how many there are.
func (d *design) parameters() int { return dense + len(d.keys) }

func (d *design) rows() int { return len(d.delivered) }

// newDesign lays out orders, which are sorted by when they were placed.
func newDesign(orders []settled) *design {
	const some = 13 // entries in a row, about
	n := len(orders)
	d := &design{
		start: make([]int32, 1, n+1), param: make([]int32, 0, some*n), units: make([]float32, 0, some*n), delivered: make([]bool, 0, n),
		at: make([]time.Time, 0, n), known: make([]time.Time, 0, n), totals: make([]moneyOf, 0, n),
	}
	places, products := d.cells(orders)
	unlimited := &Model{}
	valueHigh := slices.IndexFunc(Factors[:], func(f Factor) bool { return f.Code == ValueHigh })
	var units [FactorCount]float64
	for _, o := range orders {
		f := &o.Facts
		unitsOf(&units, f, &o.History, unlimited)
		for k, u := range units {
			if u != 0 && k != valueHigh {
				d.put(1+k, u)
			}
		}
		d.totals = append(d.totals, moneyOf{f.Currency, f.Total, f.Missing&MissingTotal == 0, int32(len(d.units))})
		d.put(1+valueHigh, 0)
		for _, key := range f.places() {
			if key == "" {
				break // all below are unknown as well
			}
			if at, kept := places[key]; kept {
				d.put(int(at), 1)
				count(&d.counts[at-dense].Delivered, &d.counts[at-dense].Failed, o.delivered)
			}
		}
		for _, key := range f.Products {
			if at, kept := products[key]; kept {
				d.put(int(at), f.productShare())
				count(&d.counts[at-dense].Delivered, &d.counts[at-dense].Failed, o.delivered)
			}
		}
		d.start = append(d.start, int32(len(d.param)))
		d.delivered = append(d.delivered, o.delivered)
		d.at, d.known = append(d.at, o.At), append(d.known, o.known)
	}
	return d
}

func (d *design) put(param int, units float64) {
	d.param, d.units = append(d.param, int32(param)), append(d.units, float32(units))
}

// cells gives places and products their parameters, those of places first. A product with the key of a place is left out,
// since a model finds both by their key.
func (d *design) cells(orders []settled) (places, products map[string]int32) {
	placeCounts, productCounts := map[string]int{}, map[string]int{}
	level, parent := map[string]kind{}, map[string]string{}
	for _, o := range orders {
		above := ""
		for l, key := range o.Facts.places() {
			if key == "" {
				break
			}
			if _, known := level[key]; !known {
				level[key], parent[key] = kind(l), above
			}
			placeCounts[key]++
			above = key
		}
		for _, key := range o.Facts.Products {
			if key != "" {
				productCounts[key]++
			}
		}
	}
	for key := range productCounts {
		if _, taken := level[key]; taken {
			delete(productCounts, key)
		}
	}
	places, products = map[string]int32{}, map[string]int32{}
	for _, key := range sorted(largest(placeCounts, minCell, maxCells*3/4)) {
		places[key] = d.cell(key, level[key], places[parent[key]])
	}
	for _, key := range sorted(largest(productCounts, minCell, maxCells/4)) {
		products[key] = d.cell(key, kindProduct, 0)
	}
	return places, products
}

func (d *design) cell(key string, of kind, parent int32) int32 {
	d.keys, d.kinds = append(d.keys, key), append(d.kinds, of)
	d.parents, d.counts = append(d.parents, parent), append(d.counts, Cell{})
	return int32(d.parameters() - 1)
}

func sorted(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys) // a place before those within it
	return keys
}

// limit sets which orders are of high value.
func (d *design) limit(limits map[string]int64) {
	for _, t := range d.totals {
		limit, known := limits[t.currency]
		d.units[t.unit] = float32(unit(known && t.known && t.total > limit))
	}
}

// row is which parameters apply to an order, and how much.
func (d *design) row(i int) (params []int32, units []float32) {
	from, to := d.start[i], d.start[i+1]
	params = d.param[from:to]
	return params, d.units[from:to][:len(params)]
}

// dot is the log-odds of a row.
func (d *design) dot(row int, x []float64) float64 {
	params, units := d.row(row)
	sum := x[0]
	for i, at := range params {
		sum += float64(units[i]) * x[at]
	}
	return sum
}

// add is the transpose of dot.
func (d *design) add(row int, by float64, into []float64) {
	params, units := d.row(row)
	into[0] += by
	for i, at := range params {
		into[at] += by * float64(units[i])
	}
}
