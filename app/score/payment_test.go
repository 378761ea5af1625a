package score_test

import (
	"strings"
	"testing"

	"probability/app/score"
)

func TestRead_Payment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		gateways, tags string
		want           score.Tri
	}{
		{"Cash on Delivery (COD)", "", score.Yes},
		{"cash_on_delivery", "", score.Yes},
		{"COD", "", score.Yes},
		{"cod", "", score.Yes},
		{"Pago contra entrega", "", score.Yes},
		{"Contraentrega", "", score.Yes},
		{"Pago Contra-Entrega", "", score.Yes},
		{"Pago al recibir", "", score.Yes},
		{"Efectivo al recibir el pedido", "", score.Yes},
		{"Pago contra reembolso", "", score.Yes},
		{"Contrareembolso", "", score.Yes},
		{"Pagamento na entrega", "", score.Yes},
		{"Pagar na entrega (dinheiro)", "", score.Yes},
		{"Paga en casa", "", score.Yes},
		{"Envío con recaudo", "", score.Yes},
		{"gift_card + Cash on Delivery (COD)", "", score.Yes},
		{"shopify_payments", "", score.No},
		{"Mercado Pago", "", score.No},
		{"Wompi", "", score.No},
		{"PayU", "", score.No},
		{"OXXO Pay", "", score.No},
		{"Pix", "", score.No},
		{"Boleto bancário", "", score.No},
		{"Transferencia bancaria", "", score.No},
		{"paypal", "COD", score.No},
		{"Codensa", "", score.No},
		{"Addi Payment", "", score.No},
		{"cash", "", score.No},
		{"manual", "", score.Unknown},
		{"manual", "releasit_cod_form, WhatsApp", score.Yes},
		{"manual", "codigo10", score.Unknown},
		{"Efectivo", "", score.Unknown},
		{"", "contra entrega", score.Yes},
		{"", "", score.Unknown},
		{"  ", "", score.Unknown},
	} {
		for _, status := range []string{"pending", "paid", "voided", ""} { // what became of it is no fact of the order
			f, _ := score.Read(score.Order{Payment: c.gateways, Tags: c.tags, FinancialStatus: status})
			if missing := f.Missing&score.MissingPayment != 0; f.COD != c.want || missing != (strings.TrimSpace(c.gateways) == "" && c.want == score.Unknown) {
				t.Errorf("%q, tags %q, %s: got %d, missing %t; want %d", c.gateways, c.tags, status, f.COD, missing, c.want)
			}
		}
	}
}
