package web

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// badge is a state in words, with a colour that says the same.
type badge struct{ Text, Tone string }

// The tones of a badge.
const (
	toneGood = "good"
	toneBusy = "busy"
	toneWarn = "warn"
	toneBad  = "bad"
	toneIdle = "idle"
)

// stateWord is the sentence for a state and its tone.
type stateWord struct{ id, tone string }

// The states that pages show. Shopify may add some to its own; those are shown as it writes them.
var (
	financialWords = map[string]stateWord{
		"": {"page.pay.none", toneIdle}, "authorized": {"page.pay.authorized", toneBusy}, "paid": {"page.pay.paid", toneGood},
		"partially_paid": {"page.pay.partially_paid", toneWarn}, "partially_refunded": {"page.pay.partially_refunded", toneWarn},
		"pending": {"page.pay.pending", toneWarn}, "refunded": {"page.pay.refunded", toneIdle}, "voided": {"page.pay.voided", toneIdle},
	}
	fulfillmentWords = map[string]stateWord{
		"": {"page.ship.unfulfilled", toneWarn}, "unfulfilled": {"page.ship.unfulfilled", toneWarn}, "fulfilled": {"page.ship.fulfilled", toneGood},
		"partial": {"page.ship.partial", toneWarn}, "restocked": {"page.ship.restocked", toneIdle},
	}
	probabilityWords = map[string]stateWord{
		"": {"page.odds.none", toneIdle}, "high": {"page.odds.high", toneGood}, "medium": {"page.odds.medium", toneBusy},
		"low": {"page.odds.low", toneWarn}, "very_low": {"page.odds.very_low", toneBad},
		notScored: {"page.odds.none", toneIdle},
	}
	healthWords = map[string]stateWord{
		"ok": {"page.health.ok", toneGood}, "degraded": {"page.health.degraded", toneWarn}, "needs_attention": {"page.health.needs_attention", toneBad},
	}
	webhookWords = map[string]stateWord{
		"active": {"page.hooks.active", toneGood}, "missing": {"page.hooks.missing", toneWarn}, "off": {"page.hooks.off", toneIdle},
		"unsigned": {"page.hooks.unsigned", toneWarn},
	}
	runWords = map[string]stateWord{
		"queued": {"page.run.queued", toneBusy}, "running": {"page.run.running", toneBusy}, "completed": {"page.run.completed", toneGood},
		"failed": {"page.run.failed", toneBad}, "cancelled": {"page.run.cancelled", toneIdle},
	}
	kindWords = map[string]stateWord{
		"initial": {"page.kind.initial", ""}, "manual": {"page.kind.manual", ""}, "periodic": {"page.kind.periodic", ""},
		"reconcile": {"page.kind.reconcile", ""}, "daily": {"page.kind.daily", ""}, "away": {"page.kind.away", ""},
	}
	// shipmentWords are for where carriers say a parcel is. The values are those of a fulfillment's shipment_status.
	shipmentWords = map[string]stateWord{
		"label_printed": {"page.parcel.label_printed", ""}, "label_purchased": {"page.parcel.label_purchased", ""}, "confirmed": {"page.parcel.confirmed", ""},
		"in_transit": {"page.parcel.in_transit", ""}, "out_for_delivery": {"page.parcel.out_for_delivery", ""},
		"attempted_delivery": {"page.parcel.attempted_delivery", ""}, "ready_for_pickup": {"page.parcel.ready_for_pickup", ""},
		"delivered": {"page.parcel.delivered", ""}, "failure": {"page.parcel.failure", ""},
	}
	deliveryWords = map[string]stateWord{
		"pending": {"page.delivery.pending", toneBusy}, "processed": {"page.delivery.processed", toneGood},
		"duplicate": {"page.delivery.duplicate", toneIdle}, "stale": {"page.delivery.stale", toneIdle}, "failed": {"page.delivery.failed", toneBad},
	}
)

// badge is a state in words; one that is not in the table is shown as it is written.
func (v voice) badge(words map[string]stateWord, state string) badge {
	w, ok := words[strings.ToLower(state)]
	if !ok {
		return badge{Text: strings.ReplaceAll(state, "_", " "), Tone: toneIdle}
	}
	return badge{Text: v.say(w.id, nil), Tone: w.tone}
}

// marks are how a language writes numbers.
func (v voice) marks() (group, point string) {
	if v.tag == language.Spanish {
		return ".", ","
	}
	return ",", "."
}

// number writes a whole number with its thousands apart.
func (v voice) number(n int) string {
	group, _ := v.marks()
	return grouped(strconv.Itoa(n), group)
}

// grouped sets marks between each three digits of a whole number.
func grouped(digits, mark string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(mark)
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// money writes an exact amount with its currency, digit by digit: it never becomes a float.
func (v voice) money(amount, currency string) string {
	whole, cents, _ := strings.Cut(amount, ".")
	if _, ok := new(big.Int).SetString(whole, 10); !ok {
		return strings.TrimSpace(amount + " " + currency)
	}
	group, point := v.marks()
	text := grouped(whole, group)
	if cents != "" {
		text += point + cents
	}
	return strings.TrimSpace(text + " " + currency)
}

// when is a time on a page: in UTC, until the page's script writes it as the reader's own clock shows it.
type when struct{ ISO, Text string }

// monthIDs are the sentences of the short names of months.
var monthIDs = [...]string{
	"page.month.1", "page.month.2", "page.month.3", "page.month.4", "page.month.5", "page.month.6",
	"page.month.7", "page.month.8", "page.month.9", "page.month.10", "page.month.11", "page.month.12",
}

// moment puts a time into words; the zero time is nothing.
func (v voice) moment(t time.Time) when {
	if t.IsZero() {
		return when{}
	}
	t = t.UTC()
	return when{
		ISO:  t.Format(time.RFC3339),
		Text: strconv.Itoa(t.Day()) + " " + v.say(monthIDs[t.Month()-1], nil) + t.Format(" 2006, 15:04") + " UTC",
	}
}

// day puts a time into words of which only the day was said: it is kept as the last moment of that day in UTC. As a day it is the same
// wherever it is read.
func (v voice) day(t time.Time) when {
	if t = t.UTC(); t.IsZero() || t.AddDate(0, 0, 1).Truncate(day).Sub(t) > time.Second {
		return v.moment(t)
	}
	return when{ISO: t.Format(time.DateOnly), Text: v.date(t)}
}

// ago is how long something has been over, roughly: what a person wants to know of a last sync.
func (v voice) ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return v.say("page.ago.never", nil)
	case d < time.Minute:
		return v.say("page.ago.now", nil)
	case d < time.Hour:
		return v.say("page.ago.minutes", map[string]any{"N": int(d / time.Minute)})
	case d < 48*time.Hour:
		return v.say("page.ago.hours", map[string]any{"N": int(d / time.Hour)})
	}
	return v.say("page.ago.days", map[string]any{"N": int(d / (24 * time.Hour))})
}

// took is a length of time to two places: "3 s", "2 min 5 s", "1 h 20 min". What took no second is said to be under one.
func (v voice) took(d time.Duration) string {
	if d < time.Second {
		return v.say("page.run.instant", nil)
	}
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min " + strconv.Itoa(int(d%time.Minute/time.Second)) + " s"
	}
	return v.number(int(d/time.Hour)) + " h " + strconv.Itoa(int(d%time.Hour/time.Minute)) + " min"
}
