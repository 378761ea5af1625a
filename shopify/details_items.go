package shopify

import "strconv"

func (r *detailsReader) item(data []byte, i int) int {
	var item LineItem
	var price string
	object := data[i] == '{'
	end := walk(data, i, func(name []byte, value int) int {
		switch string(name) {
		case "product_id":
			return r.text(data, value, &item.ProductID)
		case "variant_id":
			return r.text(data, value, &item.VariantID)
		case "sku":
			return r.text(data, value, &item.SKU)
		case "title":
			return r.text(data, value, &item.Title)
		case "price":
			return r.text(data, value, &price)
		case "quantity":
			return r.count(data, value, &item.Quantity)
		}
		return skipValue(data, value)
	})
	if end < 0 || !object || len(r.Items) >= maxDetails {
		return end
	}
	if amount, err := Money(price); err == nil {
		item.Price = amount
	}
	if r.Items == nil {
		r.Items = make([]LineItem, 0, 4)
	}
	r.Items = append(r.Items, item)
	return end
}

// count reads how many there are of something; what is none, or below zero, is 0.
func (r *detailsReader) count(data []byte, i int, into *int) int {
	var text string
	end := r.text(data, i, &text)
	*into = 0
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 0 {
		*into = int(min(n, maxCount))
	}
	return end
}

func (r *detailsReader) fulfillment(data []byte, i int) int {
	var f Fulfillment
	object := data[i] == '{'
	end := walk(data, i, func(name []byte, value int) int {
		switch string(name) {
		case "created_at":
			return timeAt(data, value, &f.CreatedAt)
		case "updated_at":
			return timeAt(data, value, &f.UpdatedAt)
		case "status":
			return r.text(data, value, &f.Status)
		case "shipment_status":
			return r.text(data, value, &f.ShipmentStatus)
		case "tracking_company":
			return r.text(data, value, &f.Carrier)
		}
		return skipValue(data, value)
	})
	if end >= 0 && object && len(r.Fulfillments) < maxDetails {
		r.Fulfillments = append(r.Fulfillments, f)
	}
	return end
}

// restockReturn is how a line of a refund says that the goods came back after they had been sent.
const restockReturn = "return"

func (r *detailsReader) refund(data []byte, i int) int {
	var f Refund
	object := data[i] == '{'
	end := walk(data, i, func(name []byte, value int) int {
		switch string(name) {
		case "created_at":
			return timeAt(data, value, &f.CreatedAt)
		case "note":
			return r.text(data, value, &f.Note)
		case "refund_line_items":
			f.Returned = false
			return walkList(data, value, func(element int) int {
				return walk(data, element, func(name []byte, value int) int {
					end := skipValue(data, value)
					if end >= 0 && string(name) == "restock_type" && string(data[value:end]) == `"`+restockReturn+`"` {
						f.Returned = true
					}
					return end
				})
			})
		}
		return skipValue(data, value)
	})
	if end >= 0 && object && len(r.Refunds) < maxDetails {
		r.Refunds = append(r.Refunds, f)
	}
	return end
}
