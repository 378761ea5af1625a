package carriers

import (
	"slices"
	"strings"
)

// The columns that are looked for. A report may have any others.
const (
	colID       = iota // the order's id on the platform
	colNumber          // the order's number
	colStatus          // what became of the parcel
	colDate            // when
	colCarrier         // who carried it
	colTracking        // under which number
	colCount
)

// names are the folded names of the columns, the most telling first: a report that has several takes the first. So "fecha",
// which in many reports is the day of the order, counts only where nothing tells better when the parcel's end was known, and
// "id", which often is the carrier's own, only where there is no other.
var names = [colCount][]string{
	colID: {
		"platform order id", "shopify order id", "shopify id", "id shopify", "id pedido shopify", "id de orden de tienda", "id orden tienda",
		"id de pedido de tienda", "id pedido tienda", "id do pedido", "id de pedido", "id pedido", "id de orden", "id orden", "id de la orden", "order id", "id",
	},
	colNumber: {
		"order number", "order name", "numero de pedido de tienda", "numero pedido tienda", "numero de orden de tienda", "pedido shopify", "pedido tienda",
		"order no", "order", "order reference", "numero de pedido", "numero pedido", "no pedido", "nro pedido", "nro de pedido", "no de pedido", "num pedido",
		"numero do pedido", "n pedido", "pedido", "numero de orden", "numero orden", "no orden", "nro orden", "no de orden", "nro de orden", "n orden", "orden",
		"orden de compra", "referencia del cliente", "referencia cliente", "referencia pedido", "referencia", "reference", "ref", "name",
	},
	colStatus: {
		"outcome", "delivery status", "shipment status", "estado de entrega", "estado de la entrega", "estado entrega", "estado del envio", "estado de envio",
		"estado envio", "estado de la guia", "estado guia", "estado global guia inicial", "estado en transportadora", "estado transportadora",
		"estado logistico", "estado actual", "ultimo estado", "status da entrega", "situacao da entrega", "estado", "estatus", "status", "situacao",
		"situacion", "estado del pedido", "estado pedido", "resultado",
	},
	colDate: {
		"happened at", "delivered at", "delivery date", "status date", "fecha de entrega", "fecha entrega", "fecha de la entrega", "fecha de ultimo movimiento",
		"fecha ultimo movimiento", "fecha de ultimo estado", "fecha ultimo estado", "fecha del ultimo estado", "fecha de estado", "fecha estado", "fecha del estado",
		"fecha de gestion", "fecha gestion", "fecha de evento", "fecha evento", "fecha actualizacion", "fecha de actualizacion", "data de entrega",
		"data da entrega", "data do status", "data do evento", "updated at", "date", "fecha", "data",
	},
	colCarrier: {
		"carrier", "transportadora", "transportista", "tracking company", "shipping company", "empresa transportadora", "empresa de transporte", "courier",
		"mensajeria", "paqueteria", "operador logistico", "operador",
	},
	colTracking: {
		"tracking number", "tracking", "numero de guia", "numero guia", "no guia", "nro guia", "no de guia", "nro de guia", "n guia", "guia", "codigo de rastreo",
		"numero de rastreo", "codigo de rastreio", "rastreo", "numero de seguimiento", "codigo de seguimiento", "seguimiento", "remesa", "awb",
	},
}

// columns says where each column is; -1: nowhere.
type columns [colCount]int

// usable tells whether there is enough to read a row: which order, and what became of it.
func (c columns) usable() bool {
	return (c[colID] >= 0 || c[colNumber] >= 0) && c[colStatus] >= 0
}

// findColumns recognises the cells of a header. A cell is taken once.
func findColumns(cells []string) columns {
	folded := make([]string, len(cells))
	for i, cell := range cells {
		folded[i] = Fold(cell)
	}
	var c columns
	for col := range c {
		c[col] = -1
		for _, name := range names[col] {
			if i := slices.Index(folded, name); i >= 0 {
				c[col] = i
				break
			}
		}
	}
	return c
}

// delimiters are tried in this order; a header is a header with one of them only.
const delimiters = ";,\t|"

// header is how the rows of a report are to be read.
type header struct {
	delimiter byte
	columns   columns
}

// readHeader tells whether a line is a header, and with which delimiter.
func readHeader(line string) (header, bool) {
	for i := range len(delimiters) {
		h := header{delimiter: delimiters[i]}
		if strings.IndexByte(line, h.delimiter) < 0 {
			continue
		}
		cells, _ := splitRecord(line, h.delimiter)
		if h.columns = findColumns(cells); h.columns.usable() {
			return h, true
		}
	}
	return header{}, false
}
