package carriers_test

import (
	"testing"

	"probability/app/carriers"
	"probability/app/score"
)

// What carriers and the platforms before them write, by what it means.
var statuses = map[score.Outcome][]string{
	score.Delivered: {
		"Entregado", "ENTREGADA", "Entrega exitosa", "ENTREGA EXITOSA", "Entregado al destinatario", "ENTREGADA DIGITALIZADA", "ENTREGADA DIGITALIZADA EN MEDELLIN",
		"Entregada a destino", "Entrega efectiva", "Entrega realizada", "Envío entregado", "ENTREGADO - FIRMADO", "Entregado a cliente", "entregado_domicilio",
		"Objeto entregue ao destinatário", "Entregue", "Delivered", "delivered", "Successfully delivered", "Recibido por el destinatario", "Cumplido",
		"PIEZA ENTREGADA A DESTINATARIO", "Entregado en portería", "Exitoso",
	},
	score.Failed: {
		"Devuelto", "DEVOLUCIÓN", "Devolucion", "En devolución", "EN PROCESO DE DEVOLUCION", "Devuelto al remitente", "ENTREGADO AL REMITENTE", "Entregado a remitente",
		"Devolución ratificada", "DEVUELTA DESDE TUNJA", "Devolución a origen", "Devuelto a origen", "Rechazado", "RECHAZADA", "Rehusado", "Siniestrado", "SINIESTRO TOTAL: SINIESTRADO",
		"No entregado", "NO ENTREGADA", "Extraviado", "Perdido", "Hurtado", "Averiado", "DAÑADO", "Indemnización", "Retorno a origen", "EN CIUDAD DE ORIGEN DEVOLUCIÓN",
		"Objeto devolvido ao remetente", "Objeto entregue ao remetente", "Recusado", "Objeto roubado", "Returned to sender", "refused", "RTO", "failure", "failed", "Lost",
		"Devuelto desde bodega destino", "Fallido",
	},
	score.Cancelled: {"Cancelado", "CANCELADA", "Anulado", "GUIA_ANULADA", "Guía anulada", "cancelled", "canceled", "Voided"},
	score.Pending: {
		"En tránsito", "EN REPARTO", "En ruta", "En bodega", "EN BODEGA DESTINO", "Admitido", "Recogido", "DESPACHADA", "GUIA_GENERADA", "Guía generada", "Novedad",
		"NOVEDAD SOLUCIONADA", "Intento de entrega", "INTENTO DE ENTREGA FALLIDO", "Entrega fallida", "Por entregar", "En proceso de entrega", "Zona de entrega", "Pendiente",
		"PENDIENTE CONFIRMACION", "ENTREGADO A TRANSPORTADORA", "ENTREGADO A CONEXIONES", "Entregado a la transportadora", "Entregado en oficina", "RECLAME EN OFICINA",
		"Reclamo en oficina", "Disponible para retiro en oficina", "PARA RETIRO EN AGENCIA SERVIENTREGA", "En terminal destino", "En reexpedición", "Preparado para transportadora",
		"Objeto postado", "Objeto em trânsito - por favor aguarde", "Objeto saiu para entrega ao destinatário", "In transit", "in_transit", "Out for delivery", "attempted_delivery",
		"ENTRADA A CENTRO DE DISTRIBUCION", "SALIDA A RUTA", "RUTEADO PARA SU ENTREGA", "TELEMERCADEO", "Reenvío", "Solicitud de devolución", "Visita fallida", "Listo para entrega",
	},
}

func TestOutcomeOf_KnowsTheCarriersWords(t *testing.T) {
	t.Parallel()
	for want, words := range statuses {
		for _, w := range words {
			if got, known := carriers.OutcomeOf(w); got != want || !known {
				t.Errorf("%q: got %v, known %v, want %v", w, got, known, want)
			}
		}
	}
	if len(statuses) != 4 {
		t.Fatal("an outcome has no words")
	}
}

func TestOutcomeOf_DoesNotGuess(t *testing.T) {
	t.Parallel()
	for _, w := range []string{"", " ", "-", "OK?", "xyz", "1", "Devolución cancelada", "Devolución rechazada", "Entrega parcial", "entregado parcialmente", "🎉", "entre", "Sí"} {
		if got, known := carriers.OutcomeOf(w); known {
			t.Errorf("%q: got %v, want unknown", w, got)
		}
	}
}
