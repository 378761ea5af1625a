package score_test

import (
	"testing"
	"time"

	"probability/app/score"
)

// usualOrder is what most orders look like.
func usualOrder() score.Order {
	bogota := time.FixedZone("", -5*3600)
	at := time.Date(2026, 9, 2, 18, 4, 5, 0, bogota)
	return score.Order{
		CreatedAt: at, Updated: at.AddDate(0, 0, 4), FinancialStatus: "paid", Payment: "Pago contra entrega", Currency: "COP", Total: 119_900_000_000, HasTotal: true,
		Name: "Lucía Peña", Email: "Lucia.Pena+faja@gmail.com", Phone: "+57 310 456 7291", Address: "Calle 93 # 11-27", Complement: "Apto 402", City: "Bogotá, D.C.",
		Province: "Bogotá, D.C.", ProvinceCode: "DC", Postcode: "110221", Country: "CO", IP: "190.24.9.3", RiskLevel: "low",
		Items:   []score.Item{{Product: "8100200300400", Quantity: 2, Price: 59_950_000_000}},
		Parcels: []score.Parcel{{At: at.Add(20 * time.Hour), Changed: at.AddDate(0, 0, 3), Status: "success", Shipment: "delivered", Carrier: "Servientrega"}},
	}
}

func BenchmarkRead(b *testing.B) {
	o := usualOrder()
	b.ReportAllocs()
	for b.Loop() {
		if f, _ := score.Read(o); f.Missing != 0 {
			b.Fatal(f)
		}
	}
}

// BenchmarkRead_NoPhone is Read without the library that knows the phone plans.
func BenchmarkRead_NoPhone(b *testing.B) {
	o := usualOrder()
	o.Phone = ""
	b.ReportAllocs()
	for b.Loop() {
		if f, _ := score.Read(o); f.Missing != score.MissingPhone {
			b.Fatal(f)
		}
	}
}

func BenchmarkSettledOf(b *testing.B) {
	o := usualOrder()
	for b.Loop() {
		if score.SettledOf(o).Outcome != score.Delivered {
			b.Fatal("not delivered")
		}
	}
}

func BenchmarkFacts_Append(b *testing.B) {
	f, _ := score.Read(usualOrder())
	room := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		data, err := f.Append(room)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(data)), "bytes")
	}
}

func BenchmarkParseFacts(b *testing.B) {
	f, _ := score.Read(usualOrder())
	data, err := f.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := score.ParseFacts(data); err != nil {
			b.Fatal(err)
		}
	}
}
