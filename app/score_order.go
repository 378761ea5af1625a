package app

import (
	"strings"

	"probability/app/score"
	"probability/shopify"
)

// scoreOrder says an order in the words of the score.
func scoreOrder(o shopify.Order, d shopify.Details) score.Order {
	s := score.Order{
		CreatedAt:       d.CreatedAt,
		Updated:         o.UpdatedAt,
		Cancelled:       o.CancelledAt,
		FinancialStatus: o.FinancialStatus,
		Payment:         o.PaymentType,
		Tags:            o.Tags,
		Currency:        o.Currency,
		Total:           shopify.Millionths(o.TotalPrice),
		HasTotal:        o.TotalPrice != "",
		Name:            o.CustomerName,
		Email:           o.CustomerEmail,
		Phone:           o.Phone,
		Address:         o.Address,
		Complement:      o.AddressComplement,
		City:            o.City,
		Province:        o.Province,
		ProvinceCode:    d.ProvinceCode,
		Postcode:        d.Zip,
		Country:         o.Country,
		IP:              d.BrowserIP,
		RiskLevel:       d.Risk,
		Test:            o.Test,
	}
	if s.CreatedAt.IsZero() {
		s.CreatedAt = o.CreatedAt
	}
	if len(d.Gateways) > 0 {
		s.Payment = strings.Join(d.Gateways, " + ")
	}
	if s.Phone == "" {
		s.Phone = d.OtherPhone
	}
	if d.CountryCode != "" {
		s.Country = d.CountryCode
	}
	for _, item := range d.Items {
		product := item.ProductID
		if product == "" || product == "0" {
			product = item.SKU
		}
		s.Items = append(s.Items, score.Item{Product: product, Title: item.Title, Quantity: item.Quantity, Price: shopify.Millionths(item.Price)})
	}
	for _, f := range d.Fulfillments {
		s.Parcels = append(s.Parcels, score.Parcel{At: f.CreatedAt, Changed: f.UpdatedAt, Status: f.Status, Shipment: f.ShipmentStatus, Carrier: f.Carrier})
	}
	for _, r := range d.Refunds {
		s.Refunds = append(s.Refunds, score.Refund{At: r.CreatedAt, Returned: r.Returned, Note: r.Note})
	}
	return s
}
