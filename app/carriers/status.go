package carriers

import (
	"regexp"

	"probability/app/score"
)

// A carrier's word for a parcel's end is told by the rules below, the first that fits. The words were gathered from what
// Servientrega, Coordinadora, Interrapidísimo, Envía, TCC, Estafeta, Correios, Chilexpress, Olva, Andreani and the platforms
// that ship through them write. They are folded, with a blank at both ends.
var rules = []struct {
	outcome score.Outcome
	unsure  bool // these words say nothing that one could rely on
	words   *regexp.Regexp
}{
	// A return that was called off, or a part of the parcel: neither is an end.
	{unsure: true, words: regexp.MustCompile(` (devol|retorn|return)\w* (cancel|anul|rechaz|negad|no autoriz)| parcial| parcialmente| partial`)},
	// One try that failed is followed by another.
	{outcome: score.Pending, words: regexp.MustCompile(` (intento|tentativa|attempt\w*|visita|visit) | entrega (no exitosa|fallida|nao efetuada|nao realizada) | failed attempt `)},
	// Asked for, not yet decided.
	{outcome: score.Pending, words: regexp.MustCompile(` (solicitud|solicitada|solicitado|posible|pendiente|por) (de |por )?(la )?(devol|devuelt|return)\w*`)},
	// On its way back, back, refused, lost or broken: not delivered and not paid.
	{outcome: score.Failed, words: regexp.MustCompile(` (devuelt|devol|retorn|rechaz|rehus|recusad|siniestr|extravi|perdid|robad|hurtad|roubad|roubo|averiad|danad|danificad|destruid|indemniz|incinerad|decomis|abandonad)\w*` +
		`| (no|nao) (entregad[oa]s?|entregue|recibid[oa]|delivered) | (not delivered|undelivered|undeliverable|returned|returning|returned to sender|return to sender|rts|rto|refused|rejected|lost|damaged|stolen|failure) ` +
		`| (entregad[oa]|entregue|delivered|regresad[oa])( \w+){0,2} (remitente|remetente|sender|origen|origem) `)},
	{outcome: score.Cancelled, words: regexp.MustCompile(` (cancel|anulad|annul|void)\w*`)},
	// Handed to somebody who is not the customer.
	{outcome: score.Pending, words: regexp.MustCompile(` entregad[oa]s? (a|al|a la|en|en el|en la) (otra |otro )?(transport|conexion|courier|operador|aliado|mensajero|repartidor|correo|paqueteria|logistic|proveedor|` +
		`bodega|ruta|oficina|agencia|sucursal|punto|terminal|centro|cedi|hub|almacen|aduana)\w*`)},
	// To be delivered.
	{outcome: score.Pending, words: regexp.MustCompile(` (por|sin|a) entregar | (para|en|de|proceso de|zona de|lista|listo|espera de) (su |la |a )?entrega | (pendiente|pendente|aguardando|programad|reprogram|agendad|confirmad)\w* ` +
		`| out for delivery | saiu para entrega | to be delivered | not yet delivered `)},
	{outcome: score.Delivered, words: regexp.MustCompile(` (entregad[oa]s?|entregue|delivered) | entrega (exitosa|efectiva|efetuada|realizada|completada|completa|cumplida|digitalizada|finalizada|satisfactoria|ok) ` +
		`| (recibid[oa]|recebid[oa]) por (el |la |o |a )?(cliente|destinatari[oa]|titular) | successfully delivered | delivery (successful|completed) | exitos[oa] `)},
	// Anywhere between the shop and the customer.
	{outcome: score.Pending, words: regexp.MustCompile(` (transit|reparto|ruta|rota|camino|caminho|bodega|distribu|despach|admitid|admision|admissao|recogid|recolect|recolec|coletad|coleta|generad|gerad|impres|novedad|novidade|oficina|agencia|` +
		`sucursal|terminal|proces|prepar|alist|reexped|reenvi|reclam|retiro|retirad|cread|criad|guia|postad|transfer|encaminhad|shipped|pickup|picked|label|pending|pendient|telemercad|aduana|` +
		`clasific|embarc|ingres|salida|saida|llegada|chegad|arrib|arrived|departed|centro|acopio|conexion|pactad|ruteo|ruteado|aceptad|accepted|import|export|viaje|traslado|movimient|gestion|` +
		`solucion|incidencia|exception|hold|retenid|consolid|facturad|registrad|recibid[oa] (en|por)|new|nuevo)\w*`)},
}

// exact are words that mean something only when they stand alone: our own codes, and Shopify's for a shipment.
var exact = map[string]score.Outcome{
	"delivered": score.Delivered, "failed": score.Failed, "cancelled": score.Cancelled, "canceled": score.Cancelled, "pending": score.Pending,
	"failure": score.Failed, "in transit": score.Pending, "in_transit": score.Pending, "attempted delivery": score.Pending, "confirmed": score.Pending,
	"pod": score.Delivered, "fallido": score.Failed, "fallida": score.Failed, "cumplido": score.Delivered, "cumplida": score.Delivered,
}

// OutcomeOf tells what became of a parcel from a carrier's words. Pending is for whatever is no end; known is false when
// the words say nothing that one could rely on.
func OutcomeOf(status string) (outcome score.Outcome, known bool) {
	folded := Fold(status)
	if o, ok := exact[folded]; ok {
		return o, true
	}
	if folded == "" {
		return score.Pending, false
	}
	padded := " " + folded + " "
	for _, r := range rules {
		if r.words.MatchString(padded) {
			return r.outcome, !r.unsure
		}
	}
	return score.Pending, false
}
