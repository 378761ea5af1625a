package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// What a carrier says of a parcel is said in the reader's words, and what no table knows as it was written.
func TestOrderPage_PutsCarriersStatesIntoWords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	states := map[string][2]string{
		"label_printed": {"label printed", "etiqueta impresa"}, "label_purchased": {"label bought", "etiqueta comprada"},
		"confirmed": {"parcel announced", "envío confirmado"}, "in_transit": {"on its way", "en camino"},
		"out_for_delivery": {"out for delivery", "en reparto"}, "attempted_delivery": {"delivery attempted", "intento de entrega"},
		"ready_for_pickup": {"ready for pickup", "listo para recoger"}, "delivered": {"delivered", "entregado"},
		"failure": {"delivery failed", "entrega fallida"}, "on_a_mule": {"on a mule", "on a mule"},
	}
	var names, payloads []string
	for state := range states {
		names = append(names, state)
		payloads = append(payloads, parcel(len(names), strings.Replace(deliveredParcel, `"shipment_status":"delivered"`, `"shipment_status":"`+state+`"`, 1)))
	}
	_, _, orders := b.parcels(payloads...)
	english, spanish := b.browserOf("alice@example.com", "en"), b.browserOf("alice@example.com", "es")
	for i, state := range names {
		at := pageOf(orders["#"+strconv.Itoa(1001+i)])
		english.open(at).says("Carrier: " + states[state][0])
		spanish.open(at).says("Transportista: " + states[state][1])
	}
}

// The filters are folded away, for what is set of them is in sight as chips, until one is not understood.
func TestOrdersPage_UnfoldsWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _, _ := b.parcels(parcel(1, ""))
	at := pageOf(path) + "/orders"
	w := b.browserOf("alice@example.com", "en")
	for query, want := range map[string]bool{"": false, "?search=a": false, "?financial_status=paid": false, "?min_total=much": true, "?since=yesterday": true} {
		folds := within(w.send(http.MethodGet, at+query, "").all("form", "role", "search")[0], "details")
		if len(folds) != 1 || has(folds[0], "open") != want {
			t.Errorf("%q: open is not %v", query, want)
		}
	}
}

// Without a public address no webhook comes: that is said, and how to mend it, though nothing is broken.
func TestStorePage_SaysThatChangesWaitForASync(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{"": true, "https://orders.example.com": false} {
		b := newBench(t, func(o *options) { o.app.PublicURL = url })
		_, id := b.connected()
		page := b.browserOf("alice@example.com", "en").open("/stores/" + strconv.FormatInt(id, 10)).shows(http.StatusOK)
		if got := strings.Contains(textOf(page.doc), "changes come with the next sync only"); got != want {
			t.Errorf("address %q: said %v, want %v", url, got, want)
		}
		if want {
			page.says("Webhooks off", "server.public_url")
		}
	}
	// Without a secret webhooks are off as well, and the address is not what is missing.
	b := newBench(t, func(o *options) { o.app.PublicURL = "https://orders.example.com" })
	b.accounts()
	b.post("/api/integrations/shopify/connect/", fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken)).want(http.StatusCreated)
	if text := textOf(b.browserOf("alice@example.com", "en").open("/stores/1").shows(http.StatusOK).doc); strings.Contains(text, "changes come with the next sync only") {
		t.Error("an address is asked for that is there")
	}
}
