package web

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

const (
	defaultOrdering = "-created_at"
	maxSearch       = 200 // characters
)

// sortFields are what orders can be sorted by; a minus before one turns it round.
var sortFields = []string{store.ByCreatedAt, store.ByUpdatedAt, store.ByImportedAt, store.ByTotalPrice, store.ByDeliveryScore}

// orderQuery is everything that a list of orders can be asked for.
type orderQuery struct {
	cursor   bool // deep reads: no count, no page number
	filter   store.OrderFilter
	members  orderMembers
	ordering string
	paging   paging
}

func readOrderQuery(q *query, integrationID int64, now time.Time) orderQuery {
	oq := orderQuery{cursor: q.given("cursor"), members: readOrderMembers(q), paging: readPaging(q)}
	oq.ordering = q.choice("ordering", defaultOrdering, orderings()...)
	field, desc := strings.CutPrefix(oq.ordering, "-")
	oq.filter = store.OrderFilter{
		IntegrationID: integrationID,
		Order:         store.OrderBy{Field: field, Desc: desc},
		Payload:       oq.members.needPayload(),

		DeliveryProbability: q.choice("delivery_probability", "", score.BandHigh, score.BandMedium, score.BandLow, score.BandVeryLow, notScored),
		FinancialStatus:     q.status("financial_status"),
		FulfillmentStatus:   q.status("fulfillment_status"),
		MaxScore:            q.points("max_score"),
		MaxTotal:            q.millionths("max_total", decimal.Decimal.Floor),
		MinScore:            q.points("min_score"),
		MinTotal:            q.millionths("min_total", decimal.Decimal.Ceil),
		Search:              q.bounded("search"),
		Since:               q.moment("since", false),
		Until:               q.moment("until", true),
	}
	if q.flag("today") {
		oq.filter.ImportedSince = now.UTC().Truncate(24 * time.Hour)
	}
	if oq.cursor {
		oq.readCursor(q)
	}
	return oq
}

func orderings() []string {
	var out []string
	for _, f := range sortFields {
		out = append(out, f, "-"+f)
	}
	return out
}

func (oq *orderQuery) readCursor(q *query) {
	if q.given("page") {
		q.complain("page", "not_with_cursor", nil)
	}
	text := q.text("cursor")
	if text == "" {
		return
	}
	key, complaint := decodeCursor(text, oq.filter.IntegrationID, oq.ordering)
	if complaint != "" {
		q.complain("cursor", complaint, nil)
		return
	}
	oq.filter.After = &key
}

// status gives one state as Shopify writes it. States that Shopify may add need no new version, so any
// word goes; a list would silently match nothing and is refused.
func (q *query) status(name string) string {
	text := strings.ToLower(strings.TrimSpace(q.bounded(name)))
	if strings.Contains(text, ",") {
		q.complain(name, "one_value", nil)
		return ""
	}
	return text
}

// points gives a score, from 0 to 100.
func (q *query) points(name string) *int {
	text := q.text(name)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 100 {
		q.complain(name, "not_a_score", nil)
		return nil
	}
	return &n
}

// bounded gives a text of at most maxSearch characters.
func (q *query) bounded(name string) string {
	text := q.text(name)
	if utf8.RuneCountInString(text) > maxSearch {
		q.complain(name, "too_long", map[string]any{"Max": maxSearch})
		return ""
	}
	return text
}

// millionths gives an amount as the database compares it. Finer limits than a millionth are rounded into
// the range that they bound, larger ones than any order's are cut down to the largest.
func (q *query) millionths(name string, round func(decimal.Decimal) decimal.Decimal) *int64 {
	text := q.text(name)
	if text == "" {
		return nil
	}
	exact, err := shopify.Money(text)
	if err != nil {
		q.complain(name, "not_an_amount", nil)
		return nil
	}
	d, err := decimal.NewFromString(exact)
	if err != nil {
		q.complain(name, "not_an_amount", nil)
		return nil
	}
	d = round(d.Shift(6))
	v := d.IntPart()
	switch {
	case d.GreaterThan(decimal.NewFromInt(math.MaxInt64)):
		v = math.MaxInt64
	case d.LessThan(decimal.NewFromInt(math.MinInt64)):
		v = math.MinInt64
	}
	return &v
}

// readOrderMembers settles which members of an order are wanted: all, only those in "fields", or all but
// those in "omit".
func readOrderMembers(q *query) orderMembers {
	fields, omit := q.text("fields"), q.text("omit")
	if fields != "" && omit != "" {
		q.complain("omit", "not_with_fields", nil)
	}
	name, text, keep := "fields", fields, true
	if fields == "" {
		name, text, keep = "omit", omit, false
	}
	if text == "" {
		return allOrderMembers()
	}
	wanted := strings.Split(text, ",")
	for i, w := range wanted {
		wanted[i] = strings.TrimSpace(w)
		if !slices.ContainsFunc(orderMemberTable, func(m orderMember) bool { return m.name == wanted[i] }) {
			q.complain(name, "unknown_field", map[string]any{"Name": clip(wanted[i])})
		}
	}
	var out orderMembers
	for _, m := range orderMemberTable {
		if slices.Contains(wanted, m.name) == keep {
			out = append(out, m)
		}
	}
	return out
}

// clip keeps a stranger's word short enough for a sentence.
func clip(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
