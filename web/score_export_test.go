package web

import (
	"encoding/json"
	"fmt"

	"probability/app/score"
	"probability/store"
)

// ScoreInWords is the JSON of an explanation in the language of an Accept-Language header.
func ScoreInWords(accept string, e score.Explanation) ([]byte, error) {
	c, err := newCatalog(messageFiles)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(c.voice(accept).score(e))
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	return data, nil
}

// NegativeFactorsInWords is the JSON of what lists of orders show of a score.
func NegativeFactorsInWords(accept string, points []score.Points) ([]byte, error) {
	c, err := newCatalog(messageFiles)
	if err != nil {
		return nil, err
	}
	var o store.Order
	for _, p := range points {
		o.NegativeFactors = append(o.NegativeFactors, store.Factor{Code: string(p.Code), Points: p.Points})
	}
	return c.voice(accept).labels.appendFactors(nil, &o), nil
}
