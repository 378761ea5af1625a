package app

import (
	"context"
	"runtime/debug"

	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

// readForScore is what an order tells for its score. An order that our own code stumbles over is stored all the same, as one that
// cannot be rated.
func (a *App) readForScore(o shopify.Order) (r store.Reading) {
	defer func() {
		if p := recover(); p != nil {
			a.counters.scores.WithLabelValues(scoreUnread).Inc()
			a.log.Error("an order could not be read for its score", "platform_order_id", o.ID, "panic", p, "trace", string(debug.Stack()))
			r = store.Reading{}
		}
	}()
	read := scoreOrder(o, shopify.ReadDetails(o.Raw))
	facts, identity := score.Read(read)
	settled := score.SettledOf(read)
	body, err := facts.Append(nil)
	if err != nil {
		a.counters.scores.WithLabelValues(scoreUnread).Inc()
		a.log.Error("an order could not be read for its score", "platform_order_id", o.ID, "error", err)
		return store.Reading{}
	}
	return store.Reading{
		Facts: body, Version: score.FactsVersion, Settled: store.Settled{Outcome: store.ParcelOutcome(settled.Outcome), At: settled.At},
		Identity: store.Identity(identity), Payment: store.Payment(facts.COD),
	}
}

// historyOf is a stored history in the score's words. What the merchant says of the order counts before what they say of its customer.
func historyOf(h store.History, mark int8) score.History {
	if mark == 0 {
		mark = h.Mark
	}
	return score.History{Delivered: h.Delivered, Failed: h.Failed, Orders: h.Earlier, Recent: h.Recent, Mark: score.Mark(mark)}
}

// rate rates an order; nil when it cannot be, which is told.
func (a *App) rate(ctx context.Context, s *score.Scorer, o store.OrderToRate) (r *store.Rating) {
	if o.Version == 0 {
		return nil // told when it was read
	}
	defer func() {
		if p := recover(); p != nil {
			a.log.ErrorContext(ctx, "an order could not be rated", "order_id", o.ID, "panic", p, "trace", string(debug.Stack()))
			r = nil
		}
	}()
	facts, err := score.ParseFacts(o.Facts)
	if err != nil {
		a.log.ErrorContext(ctx, "an order could not be rated", "order_id", o.ID, "error", err)
		return nil
	}
	result := s.Score(facts, historyOf(o.History, o.Mark))
	r = &store.Rating{Score: result.Score, Probability: result.Band, Carrier: result.Carrier}
	if len(result.Negative) > 0 {
		r.Negative = make([]store.Factor, len(result.Negative))
		for i, f := range result.Negative {
			r.Negative[i] = store.Factor{Code: string(f.Code), Points: f.Points}
		}
	}
	return r
}

// readPayload reads a stored payload for its score.
func (a *App) readPayload(raw []byte) store.Reading {
	o, err := shopify.ParseOrder(raw)
	if err != nil {
		a.counters.scores.WithLabelValues(scoreUnread).Inc()
		return store.Reading{}
	}
	return a.readForScore(o)
}
