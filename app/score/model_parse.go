package score

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Bounds of a model: whatever lies outside was not learnt but damaged. They keep every sum finite.
const (
	maxModelSize  = 128 << 20 // bytes of its JSON
	maxModelCells = 500_000
	maxLearnt     = 20.0 // log-odds: one to 500 million
	maxVariance   = 100.0
	maxCount      = 1 << 40
)

// ParseModel reads the JSON that a model is stored as. A damaged one is an error and no model.
func ParseModel(data []byte) (*Model, error) {
	if len(data) > maxModelSize {
		return nil, fmt.Errorf("score: model: %d bytes are too many", len(data))
	}
	var m Model
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("score: model: %w", err)
	}
	// An array takes more or fewer numbers than it holds without a word: those of a program with other factors.
	var lists struct{ Weights []float64 }
	if err := json.Unmarshal(data, &lists); err != nil {
		return nil, fmt.Errorf("score: model: %w", err)
	}
	if len(lists.Weights) != FactorCount {
		return nil, fmt.Errorf("score: model: %d weights, not %d", len(lists.Weights), FactorCount)
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return &m, nil
}

// Validate tells whether a model can be scored with: finite numbers within bounds, weights that keep their sign, counts that count.
func (m *Model) Validate() error {
	switch m.Basis {
	case BasisPrior, BasisBlended, BasisLearned:
	default:
		return fmt.Errorf("score: model: unknown basis %q", m.Basis)
	}
	if m.N < 0 || m.N > maxCount || m.Failed < 0 || m.Failed > m.N || m.Version < 0 {
		return errors.New("score: model: impossible counts")
	}
	if !within(m.Intercept, maxLearnt) {
		return errors.New("score: model: the intercept is out of bounds")
	}
	for i, w := range m.Weights {
		if !within(w, maxLearnt) || w*Factors[i].Weight < 0 {
			return fmt.Errorf("score: model: weight of %s is out of bounds", Factors[i].Code)
		}
	}
	for _, s := range []float64{m.Spread.Country, m.Spread.Province, m.Spread.City, m.Spread.Postcode, m.Spread.Product} {
		if !within(s, maxLearnt) || s < 0 {
			return errors.New("score: model: a spread is out of bounds")
		}
	}
	if err := m.validCovariance(); err != nil {
		return err
	}
	if len(m.Cells) > maxModelCells {
		return fmt.Errorf("score: model: %d cells are too many", len(m.Cells))
	}
	for _, c := range m.Cells {
		if !within(c.Effect, maxLearnt) || !within(c.Variance, maxVariance) || c.Variance < 0 || !countable(c.Delivered, c.Failed) {
			return errors.New("score: model: a cell is out of bounds")
		}
	}
	for place, rates := range m.Carriers {
		for _, r := range rates {
			if r.Carrier == "" || !countable(r.Delivered, r.Failed) {
				return fmt.Errorf("score: model: a carrier of %q is out of bounds", place)
			}
		}
	}
	return nil
}

func (m *Model) validCovariance() error {
	if want := denseCount * (denseCount + 1) / 2; len(m.Covariance) != want {
		return fmt.Errorf("score: model: %d covariances, not %d", len(m.Covariance), want)
	}
	at := 0
	for row := range denseCount {
		for column := range row + 1 {
			if v := m.Covariance[at]; !within(v, maxVariance) || row == column && v < 0 {
				return errors.New("score: model: a covariance is out of bounds")
			}
			at++
		}
	}
	return nil
}

// within is false for what is no number as well.
func within(x, most float64) bool { return math.Abs(x) <= most }

func countable(counts ...int) bool {
	return !slices.ContainsFunc(counts, func(n int) bool { return n < 0 || n > maxCount })
}
