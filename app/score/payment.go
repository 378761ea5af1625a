package score

import "strings"

// cashOnDelivery are the words, folded, by which gateways, and the tags of forms, say that the courier takes the money.
var cashOnDelivery = []string{
	"cash on delivery", "cod", "contra entrega", "contraentrega", "contra reembolso", "contrareembolso", "contra reembolsos", "al recibir", "al momento de recibir",
	"al entregar", "en la entrega", "a la entrega", "en domicilio", "en casa", "na entrega", "no recebimento", "ao receber", "pay on delivery", "payment on delivery",
	"collect on delivery", "releasit cod form", "en destino", "recaudo", "con recaudo",
}

// unsaidPayment are gateways that say nothing of when the money comes: what the merchant enters by hand, and cash, which is paid in
// shops too.
var unsaidPayment = setOf("manual", "custom", "other", "otro", "otros", "efectivo", "dinheiro", "pending", "pendiente", "draft order")

// payment tells whether an order is paid when it is delivered. It goes by the names of the gateways, and by the tags where these
// say nothing. It does not look at whether the order is paid by now: that is what became of it, and no fact of the order.
func payment(gateways, tags string) (cod Tri, missing bool) {
	folded := fold(gateways)
	if says(folded, cashOnDelivery) {
		return Yes, false
	}
	missing = blank(folded)
	if missing || unsaidPayment[folded] {
		if says(fold(tags), cashOnDelivery) {
			return Yes, false
		}
		return Unknown, missing
	}
	return No, false
}

// says tells whether a folded text has one of the phrases in it, as whole words.
func says(folded string, phrases []string) bool {
	for _, p := range phrases {
		for from := 0; from < len(folded); {
			i := strings.Index(folded[from:], p)
			if i < 0 {
				break
			}
			i += from
			if end := i + len(p); (i == 0 || folded[i-1] == ' ') && (end == len(folded) || folded[end] == ' ') {
				return true
			}
			from = i + 1
		}
	}
	return false
}
