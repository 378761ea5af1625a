package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Factor is something in an order that takes points from its score.
type Factor struct {
	Code   string
	Points int // less than 0
}

// Rating is what the score says of an order.
type Rating struct {
	Score       int    // 0 to 100
	Probability string // high, medium, low, very_low
	Carrier     string // recommended; empty: none
	Negative    []Factor
}

// OrderToRate is an order with what its score is made of.
type OrderToRate struct {
	ID      int64
	Facts   []byte
	Version int // of the reading of the facts; 0: the order could not be read
	History History
	Mark    int8 // what the merchant says of this order; it counts before the customer's

	was     orderSum // how it is in the sums of its day
	outlook outlook  // how it is in the counts of outlooks
	rating  storedRating
	fresh   bool // the history was read just now and is to be stored
}

// storedRating is what the row of an order has.
type storedRating struct {
	carrier sql.NullString
	factors sql.NullString
}

// Rated is an order with its rating; nil: it could not be made.
type Rated struct {
	Order  OrderToRate
	Rating *Rating
}

const toRateColumns = `f.order_id, f.placed_at, COALESCE(f.phone_key, 0), COALESCE(f.email_key, 0), COALESCE(f.address_key, 0), COALESCE(f.ip_key, 0),
	f.facts_version, f.facts, f.mark, f.delivered, f.failed, f.earlier, f.recent, f.customer_mark, f.factors,
	f.payment, CASE f.reported WHEN 0 THEN f.outcome ELSE f.reported END, o.listed_at, o.created_at IS NOT NULL, COALESCE(o.financial_status, ''), COALESCE(o.fulfillment_status, ''), COALESCE(o.currency, ''),
	COALESCE(o.delivery_probability, ''), o.total_millionths, CAST(o.delivery_score AS BIGINT), o.recommended_carrier`

// toRate is an order to rate with its place.
type toRate struct {
	OrderToRate
	place place
}

func scanToRate(r row) (o toRate, err error) {
	k := &o.place.keys
	err = r.Scan(&o.ID, &o.place.placed, &k[keyPhone], &k[keyEmail], &k[keyAddress], &k[keyIP],
		&o.Version, &o.Facts, &o.Mark, &o.History.Delivered, &o.History.Failed, &o.History.Earlier, &o.History.Recent, &o.History.Mark, &o.rating.factors, &o.outlook.payment, &o.outlook.outcome,
		&o.was.listedAt, &o.was.dated, &o.was.financial, &o.was.fulfillment, &o.was.currency,
		&o.was.likelihood, &o.was.total, &o.was.score, &o.rating.carrier)
	o.outlook.day, o.outlook.likelihood = dayOf(o.place.placed), o.was.likelihood
	return o, err
}

// DueScores are orders of an integration whose scores are due, at most limit, with the histories of their customers. The newest come
// first: they are what somebody looks at.
func (tx *Tx) DueScores(ctx context.Context, integrationID int64, limit int) ([]OrderToRate, error) {
	op := fmt.Sprintf("scores: due of integration %d", integrationID)
	found, err := list(ctx, tx.tx, op, scanToRate, dueScores(tx.dialect()), integrationID, limit)
	if err != nil {
		return nil, err
	}
	return tx.withHistories(ctx, op, integrationID, found)
}

// MadeDue tells whether the transaction made any scores of an integration due.
func (tx *Tx) MadeDue(integrationID int64) bool { return tx.due[integrationID] != nil }

// ScoresMadeDue are the orders whose scores this transaction made due: those that it wrote, and of the others that depend on them at
// most so many. rest tells that there are more; each is told once.
func (tx *Tx) ScoresMadeDue(ctx context.Context, integrationID int64, others int) (orders []OrderToRate, rest bool, err error) {
	op := fmt.Sprintf("scores: made due of integration %d", integrationID)
	due := tx.dueIn(integrationID)
	delete(tx.due, integrationID)
	rest = len(due.others) > others
	ids := slices.Concat(due.written, due.others[:min(others, len(due.others))])
	if len(ids) == 0 {
		return nil, rest, nil
	}
	slices.Sort(ids)
	found, err := list(ctx, tx.tx, op, scanToRate, `SELECT `+toRateColumns+` FROM `+tx.dialect().numbers("$1")+` n CROSS JOIN order_facts f CROSS JOIN orders o
		WHERE f.order_id = n.value AND o.id = f.order_id AND f.integration_id = $2 AND f.due = 1`, tx.dialect().numberList(slices.Compact(ids)), integrationID)
	if err != nil {
		return nil, false, err
	}
	orders, err = tx.withHistories(ctx, op, integrationID, found)
	return orders, rest, err
}

// withHistories reads what was known of the customers of orders when they were placed.
func (tx *Tx) withHistories(ctx context.Context, op string, integrationID int64, found []toRate) ([]OrderToRate, error) {
	ids, places := make([]int64, len(found)), make([]place, len(found))
	for i, o := range found {
		ids[i], places[i] = o.ID, o.place
	}
	histories, err := tx.histories(ctx, op, integrationID, ids, places)
	if err != nil {
		return nil, err
	}
	out := make([]OrderToRate, len(found))
	for i, o := range found {
		o.History, o.fresh = histories[i], true
		out[i] = o.OrderToRate
	}
	return out, nil
}

func dueScores(d dialect) string {
	return `SELECT ` + toRateColumns + ` FROM order_facts f` + d.indexed("order_facts_due") + ` CROSS JOIN orders o
	WHERE o.id = f.order_id AND f.integration_id = $1 AND f.due = 1 ORDER BY f.order_id DESC LIMIT $2`
}

// ScoresBelow are the orders of an integration with numbers below one, the largest first, at most limit, with the histories that are
// stored: for rating them anew. next is where to go on; 0 when there are no more.
func (tx *Tx) ScoresBelow(ctx context.Context, integrationID, below int64, limit int) (orders []OrderToRate, next int64, err error) {
	found, err := list(ctx, tx.tx, fmt.Sprintf("scores: of integration %d below %d", integrationID, below), scanToRate,
		`SELECT `+toRateColumns+` FROM order_facts f CROSS JOIN orders o
		WHERE o.id = f.order_id AND f.order_id < $1 AND f.integration_id = $2 AND f.due <> 1 ORDER BY f.order_id DESC LIMIT $3`, below, integrationID, limit)
	if err != nil {
		return nil, 0, err
	}
	for _, o := range found {
		orders = append(orders, o.OrderToRate)
	}
	if len(found) == limit {
		next = found[limit-1].ID
	}
	return orders, next, nil
}

// PutScores stores ratings of orders that DueScores or ScoresBelow gave in this transaction.
func (tx *Tx) PutScores(ctx context.Context, integrationID int64, rated []Rated) error {
	op := fmt.Sprintf("scores: put %d of integration %d", len(rated), integrationID)
	sums, outlooks, moved := newLedger(), make(outlookCounts), false
	for _, r := range rated {
		changed, err := tx.putScore(ctx, r)
		if err != nil {
			return failed(op, err)
		}
		now := r.Order.was
		now.likelihood, now.score = r.probability(), r.score()
		if now != r.Order.was {
			sums.add(r.Order.was, -1)
			sums.add(now, 1)
		}
		if now.likelihood != r.Order.was.likelihood {
			rated := r.Order.outlook
			rated.likelihood = now.likelihood
			outlooks.move(r.Order.outlook, rated)
		}
		moved = moved || changed
	}
	if moved {
		tx.addSums(integrationID, sums)
		tx.touched(integrationID)
	}
	return tx.countOutlooks(ctx, op, integrationID, outlooks)
}

func (r Rated) probability() string {
	if r.Rating == nil {
		return ""
	}
	return r.Rating.Probability
}

// score is the rating's as it is stored.
func (r Rated) score() sql.NullInt64 {
	if r.Rating == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: int64(r.Rating.Score), Valid: true}
}

// putScore writes what of an order's rating differs.
func (tx *Tx) putScore(ctx context.Context, r Rated) (changed bool, err error) {
	var (
		now   storedRating
		state = scoreUpToDate
		o, h  = r.Order, r.Order.History
	)
	if r.Rating == nil {
		state = scoreFailed
	} else {
		now = storedRating{null(r.Rating.Carrier), null(factorsText(r.Rating.Negative))}
	}
	if r.score() != o.was.score || now.carrier != o.rating.carrier || r.probability() != o.was.likelihood {
		changed = true
		if _, err := tx.tx.ExecContext(ctx, `UPDATE orders SET delivery_score = $2, delivery_probability = $3, recommended_carrier = $4 WHERE id = $1`,
			o.ID, r.score(), null(r.probability()), now.carrier); err != nil {
			return false, err
		}
	}
	switch {
	case o.fresh:
		_, err = tx.tx.ExecContext(ctx, `UPDATE order_facts SET due = $2, factors = $3, delivered = $4, failed = $5, earlier = $6, recent = $7, customer_mark = $8
			WHERE order_id = $1`, o.ID, state, now.factors, h.Delivered, h.Failed, h.Earlier, h.Recent, h.Mark)
	case now.factors != o.rating.factors || r.Rating == nil:
		_, err = tx.tx.ExecContext(ctx, `UPDATE order_facts SET due = $2, factors = $3 WHERE order_id = $1`, o.ID, state, now.factors)
	default:
		_, err = tx.tx.ExecContext(ctx, `UPDATE order_facts SET due = 0 WHERE order_id = $1 AND due = 2`, o.ID)
	}
	return changed, err
}

// factorsText is how factors are stored; empty for none.
func factorsText(fs []Factor) string {
	if len(fs) == 0 {
		return ""
	}
	b := make([]byte, 0, 24*len(fs))
	for i, f := range fs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, f.Code...), ':')
		b = strconv.AppendInt(b, int64(f.Points), 10)
	}
	return string(b)
}

// parseFactors reads what factorsText wrote. What does not look like it is left out.
func parseFactors(text string) []Factor {
	if text == "" {
		return nil
	}
	var out []Factor
	for part := range strings.SplitSeq(text, ",") {
		code, points, _ := strings.Cut(part, ":")
		if n, err := strconv.Atoi(points); err == nil {
			out = append(out, Factor{code, n})
		}
	}
	return out
}

// OrderFacts is what is stored of an order for its score.
type OrderFacts struct {
	OrderID         int64
	PlacedAt        time.Time
	Facts           []byte
	Version         int // of the reading; 0: the order could not be read
	Platform        Settled
	Reported        Settled // pending: nobody said anything
	ReportedCarrier string
	History         History // what was known when it was placed
	Mark            int8
	Score           *int // nil: not scored
	Probability     string
	Carrier         string
	Negative        []Factor
	Due             bool // the score does not say yet what is known
	Failed          bool // the score could not be made
}

const orderFactsQuery = `SELECT f.order_id, f.placed_at, f.facts, f.facts_version, f.outcome, f.outcome_at, f.reported, f.reported_at, COALESCE(f.reported_carrier, ''),
	f.delivered, f.failed, f.earlier, f.recent, f.customer_mark, f.mark, o.delivery_score, COALESCE(o.delivery_probability, ''),
	COALESCE(o.recommended_carrier, ''), COALESCE(f.factors, ''), f.due = 1, f.due = 2 FROM `

func scanOrderFacts(r row) (f OrderFacts, err error) {
	var (
		placed              int64
		outcomeAt, reported sql.NullInt64
		score               sql.NullFloat64
		factors             string
	)
	err = r.Scan(&f.OrderID, &placed, &f.Facts, &f.Version, &f.Platform.Outcome, &outcomeAt, &f.Reported.Outcome, &reported, &f.ReportedCarrier,
		&f.History.Delivered, &f.History.Failed, &f.History.Earlier, &f.History.Recent, &f.History.Mark, &f.Mark, &score, &f.Probability,
		&f.Carrier, &factors, &f.Due, &f.Failed)
	f.PlacedAt = time.UnixMilli(placed).UTC()
	f.Platform.At, f.Reported.At = fromMillis(outcomeAt), fromMillis(reported)
	if score.Valid {
		n := int(score.Float64)
		f.Score = &n
	}
	f.Negative = parseFactors(factors)
	return f, err
}

// OrderFacts is what is stored of an order for its score; ErrNotFound for one that is deleted or was never read.
func (s *Store) OrderFacts(ctx context.Context, integrationID, orderID int64) (OrderFacts, error) {
	return get(ctx, s.readers, fmt.Sprintf("scores: facts of order %d of integration %d", orderID, integrationID), scanOrderFacts,
		orderFactsQuery+`order_facts f CROSS JOIN orders o
		WHERE o.id = f.order_id AND f.order_id = $1 AND f.integration_id = $2 AND o.deleted_at IS NULL`, orderID, integrationID)
}

// NewestFacts are those of the newest orders of an integration, by the time at which they were placed; at most 1,000.
func (s *Store) NewestFacts(ctx context.Context, integrationID int64, limit int) ([]OrderFacts, error) {
	return list(ctx, s.readers, fmt.Sprintf("scores: newest facts of integration %d", integrationID), scanOrderFacts,
		orderFactsQuery+s.ordersIndexed("orders_list")+` CROSS JOIN order_facts f
		WHERE f.order_id = o.id AND o.integration_id = $1 AND o.deleted_at IS NULL ORDER BY o.listed_at DESC, o.id DESC LIMIT $2`, integrationID, pageSize(limit))
}
