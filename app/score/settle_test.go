package score_test

import (
	"testing"
	"time"

	"probability/app/score"
)

// Moments of an order's life.
var (
	ordered   = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	shipped   = ordered.AddDate(0, 0, 1)
	heard     = ordered.AddDate(0, 0, 4)
	secondEnd = ordered.AddDate(0, 0, 5)
	cancelled = ordered.AddDate(0, 0, 6)
	refunded  = ordered.AddDate(0, 0, 7)
	edited    = ordered.AddDate(0, 0, 8)
)

func parcel(shipment string) score.Parcel {
	return score.Parcel{At: shipped, Changed: heard, Status: "success", Shipment: shipment}
}

func second(shipment string) score.Parcel {
	return score.Parcel{At: shipped, Changed: secondEnd, Status: "success", Shipment: shipment}
}

func with(status string, p score.Parcel) score.Parcel {
	p.Status = status
	return p
}

func TestSettledOf(t *testing.T) {
	t.Parallel()
	const cod, prepaid, unknown = "Contra entrega", "Wompi", "manual"
	back := []score.Refund{{At: refunded, Returned: true}}
	noted := []score.Refund{{At: refunded, Note: "Rechazado por el cliente"}}
	money := []score.Refund{{At: refunded, Note: "Descuento"}}
	type parcels = []score.Parcel
	for _, c := range []struct {
		name      string
		payment   string
		status    string
		cancelled bool
		parcels   parcels
		refunds   []score.Refund
		want      score.Outcome
		at        time.Time
	}{
		{"nothing yet", cod, "pending", false, nil, nil, score.Pending, time.Time{}},
		{"paid and not shipped", cod, "paid", false, nil, nil, score.Pending, time.Time{}},
		{"refunded and not shipped", prepaid, "refunded", false, nil, back, score.Pending, time.Time{}},
		{"cancelled before shipping", cod, "voided", true, nil, nil, score.Cancelled, cancelled},
		{"cancelled before shipping, prepaid", prepaid, "refunded", true, nil, back, score.Cancelled, cancelled},
		{"cancelled with a label", cod, "voided", true, parcels{parcel("label_printed")}, nil, score.Cancelled, cancelled},
		{"cancelled, fulfillment given up", cod, "voided", true, parcels{with("cancelled", parcel(""))}, nil, score.Cancelled, cancelled},
		{"cancelled, fulfillment refused by its service", cod, "voided", true, parcels{with("failure", parcel(""))}, nil, score.Cancelled, cancelled},
		{"under way", cod, "pending", false, parcels{parcel("in_transit")}, nil, score.Pending, time.Time{}},
		{"shipped, no tracking", cod, "pending", false, parcels{parcel("")}, nil, score.Pending, time.Time{}},
		{"a word nobody knows", cod, "pending", false, parcels{parcel("teleported")}, nil, score.Pending, time.Time{}},

		{"delivered", cod, "paid", false, parcels{parcel("delivered")}, nil, score.Delivered, heard},
		{"delivered, not marked paid yet", cod, "pending", false, parcels{parcel("delivered")}, nil, score.Delivered, heard},
		{"delivered, prepaid", prepaid, "paid", false, parcels{parcel("Delivered")}, nil, score.Delivered, heard},
		{"delivered, sent back later", prepaid, "refunded", false, parcels{parcel("delivered")}, back, score.Delivered, heard},
		{"delivered on delivery, sent back later", cod, "refunded", false, parcels{parcel("delivered")}, back, score.Delivered, heard},
		{"delivered, cancelled later, prepaid", prepaid, "refunded", true, parcels{parcel("delivered")}, back, score.Delivered, heard},
		{"delivered to the sender", cod, "voided", false, parcels{parcel("delivered")}, nil, score.Failed, edited},
		{"delivered to the sender, cancelled", cod, "voided", true, parcels{parcel("delivered")}, nil, score.Failed, cancelled},

		{"failed", cod, "pending", false, parcels{parcel("failure")}, nil, score.Failed, heard},
		{"failed, prepaid", prepaid, "paid", false, parcels{parcel("failure")}, nil, score.Failed, heard},
		{"returned", cod, "pending", false, parcels{parcel("returned")}, nil, score.Failed, heard},
		{"return to sender", unknown, "pending", false, parcels{parcel("return_to_sender")}, nil, score.Failed, heard},
		{"not delivered yet", cod, "pending", false, parcels{parcel("attempted_delivery")}, nil, score.Pending, time.Time{}},
		{"cancelled after it left", cod, "pending", true, parcels{parcel("in_transit")}, nil, score.Failed, cancelled},
		{"cancelled after it left, prepaid", prepaid, "refunded", true, parcels{parcel("")}, nil, score.Failed, cancelled},
		{"cancelled with the fulfillment on its way", cod, "pending", true, parcels{with("cancelled", parcel("out_for_delivery"))}, nil, score.Failed, cancelled},
		{"fulfillment given up when it came back", unknown, "pending", false, parcels{with("cancelled", parcel("failure"))}, nil, score.Failed, heard},
		{"voided after it left", cod, "voided", false, parcels{parcel("in_transit")}, nil, score.Failed, edited},
		{"voided, with a refused refund", cod, "voided", false, parcels{parcel("")}, noted, score.Failed, refunded},
		{"voided, prepaid", prepaid, "voided", false, parcels{parcel("")}, nil, score.Pending, time.Time{}},
		{"refunded, goods back", cod, "refunded", false, parcels{parcel("")}, back, score.Failed, refunded},
		{"refunded, noted as refused", cod, "refunded", false, parcels{parcel("in_transit")}, noted, score.Failed, refunded},
		{"refunded, goods kept", cod, "refunded", false, parcels{parcel("")}, money, score.Pending, time.Time{}},
		{"refunded, goods back, prepaid and no tracking", prepaid, "refunded", false, parcels{parcel("")}, back, score.Pending, time.Time{}},

		{"paid after it left", cod, "paid", false, parcels{parcel("")}, nil, score.Delivered, edited},
		{"paid, the tracking stuck", cod, "paid", false, parcels{parcel("in_transit")}, nil, score.Delivered, edited},
		{"paid says nothing when it was paid before", prepaid, "paid", false, parcels{parcel("")}, nil, score.Pending, time.Time{}},
		{"paid says nothing when nobody knows how", unknown, "paid", false, parcels{parcel("")}, nil, score.Pending, time.Time{}},

		{"two delivered", cod, "paid", false, parcels{parcel("delivered"), second("delivered")}, nil, score.Delivered, secondEnd},
		{"one of two", cod, "paid", false, parcels{parcel("delivered"), second("in_transit")}, nil, score.Pending, time.Time{}},
		{"one came back", cod, "partially_refunded", false, parcels{parcel("delivered"), second("failure")}, nil, score.Failed, secondEnd},
		{"one came back, one under way", cod, "pending", false, parcels{parcel("failure"), second("in_transit")}, nil, score.Pending, time.Time{}},
		{"sent again", cod, "paid", false, parcels{with("cancelled", parcel("")), second("delivered")}, nil, score.Delivered, secondEnd},
		{"the rest not shipped", cod, "partially_paid", false, parcels{parcel("delivered"), with("open", second(""))}, nil, score.Delivered, heard},
	} {
		o := score.Order{CreatedAt: ordered, Updated: edited, Payment: c.payment, FinancialStatus: c.status, Parcels: c.parcels, Refunds: c.refunds}
		if c.cancelled {
			o.Cancelled = cancelled
		}
		if got := score.SettledOf(o); got.Outcome != c.want || !got.At.Equal(c.at) {
			t.Errorf("%s: got %d at %v, want %d at %v", c.name, got.Outcome, got.At, c.want, c.at)
		}
	}
}

func TestSettledOf_PaidWhilePacked(t *testing.T) {
	t.Parallel()
	o := score.Order{CreatedAt: ordered, Payment: "COD", FinancialStatus: "paid", Parcels: []score.Parcel{{At: shipped, Changed: shipped, Status: "success"}}}
	for after, want := range map[time.Duration]score.Outcome{0: score.Pending, 11 * time.Hour: score.Pending, 12 * time.Hour: score.Delivered} {
		o.Updated = shipped.Add(after)
		if got := score.SettledOf(o); got.Outcome != want {
			t.Errorf("%v after it left: got %d, want %d", after, got.Outcome, want)
		}
	}
}

func TestSettledOf_NothingWithoutItsTime(t *testing.T) {
	t.Parallel()
	for _, shipment := range []string{"delivered", "failure", ""} {
		o := score.Order{Payment: "COD", FinancialStatus: "voided", Parcels: []score.Parcel{{Status: "success", Shipment: shipment}}}
		if got := score.SettledOf(o); got != (score.Settled{}) {
			t.Errorf("%q: got %+v, want pending", shipment, got)
		}
	}
}
