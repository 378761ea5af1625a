package score_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"probability/app/score"
)

func TestRead_Usual(t *testing.T) {
	t.Parallel()
	f, who := score.Read(usualOrder())
	want := score.Facts{
		COD: score.Yes, Total: 119_900_000_000, Currency: "COP", Quantity: 2, DispatchHours: 20,
		Country: "co", Province: "co|bogota", City: "co|bogota|bogota", Postcode: "co|bogota|bogota|110221", Products: []string{"#8100200300400"}, Carrier: "servientrega",
	}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("got  %+v\nwant %+v", f, want)
	}
	if want := (score.Identity{Phone: "+573104567291", Email: "luciapena@gmail.com", Address: "calle 93 11 27|co|bogota|bogota", IP: "190.24.9.3"}); who != want {
		t.Errorf("got %+v, want %+v", who, want)
	}
}

func TestRead_Empty(t *testing.T) {
	t.Parallel()
	f, who := score.Read(score.Order{})
	want := score.MissingCustomer | score.MissingPhone | score.MissingEmail | score.MissingAddress | score.MissingCity | score.MissingCountry | score.MissingPayment |
		score.MissingTotal | score.MissingItems | score.MissingTime | score.MissingPersonal
	if !reflect.DeepEqual(f, score.Facts{Missing: want, DispatchHours: -1}) || who != (score.Identity{}) {
		t.Errorf("got %+v %+v", f, who)
	}
}

// TestRead_Erased: what was taken out of a payload, by whatever left of it, is missing and never wrong.
func TestRead_Erased(t *testing.T) {
	t.Parallel()
	for _, left := range []string{"", "[redacted]", "REDACTED", "null", "—"} {
		o := usualOrder()
		o.Name, o.Email, o.Phone, o.Address, o.Complement, o.City, o.Postcode, o.IP = left, left, left, left, left, left, left, left
		f, who := score.Read(o)
		if f.PhoneInvalid || f.PhoneRepeated || f.AddressNoNumber || f.AddressShort || f.AddressGibberish || f.NameSuspicious || f.CityMismatch || f.EmailDisposable || who != (score.Identity{}) {
			t.Errorf("%q: got %+v %+v", left, f, who)
		}
		want := score.MissingCustomer | score.MissingPhone | score.MissingEmail | score.MissingAddress | score.MissingCity | score.MissingPersonal
		if f.Missing != want || f.Province != "co|bogota" || f.City != "" || f.Postcode != "" {
			t.Errorf("%q: got missing %b, want %b; city %q", left, f.Missing, want, f.City)
		}
	}
	o := usualOrder()
	o.Name, o.Phone, o.Address = "", "", ""
	if f, _ := score.Read(o); f.Missing&score.MissingPersonal != 0 {
		t.Error("an order with an e-mail is taken for one whose customer is not shown")
	}
}

func TestRead_Night(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]bool{
		"2026-09-02T00:00:00-05:00": true, "2026-09-02T04:59:59-05:00": true, "2026-09-02T05:00:00-05:00": false, "2026-09-02T23:59:59-05:00": false,
		"2026-09-02T08:00:00Z": true, "2026-09-02T12:00:00Z": false, "2026-09-02T02:00:00Z": false, "2026-09-02T02:00:00+05:30": true,
	} {
		parsed, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := score.Read(score.Order{CreatedAt: parsed, Country: "CO"}); f.Night != want {
			t.Errorf("%s: got %t, want %t", at, f.Night, want)
		}
	}
	if f, _ := score.Read(score.Order{CreatedAt: time.Date(2026, 9, 2, 2, 0, 0, 0, time.UTC), Country: "US"}); f.Night {
		t.Error("two o'clock in UTC is taken for the store's night")
	}
}

func TestRead_Products(t *testing.T) {
	t.Parallel()
	items := func(list ...score.Item) (score.Facts, score.Missing) {
		f, _ := score.Read(score.Order{Items: list})
		return f, f.Missing & score.MissingItems
	}
	f, _ := items(
		score.Item{Product: "1", Quantity: 2, Price: 10}, score.Item{Product: "2", Quantity: 1, Price: 100}, score.Item{Product: "1", Quantity: 2, Price: 10},
		score.Item{Product: " SKU-a ", Quantity: 1, Price: 30}, score.Item{Product: "3", Quantity: 1, Price: 5}, score.Item{Product: "", Quantity: 1, Price: 5000},
	)
	if want := []string{"#2", "#1", "#sku-a"}; !reflect.DeepEqual(f.Products, want) || f.Quantity != 4 {
		t.Errorf("got %q, %d of one; want %q, 4", f.Products, f.Quantity, want)
	}
	f, _ = items(score.Item{Product: "b", Quantity: -3, Price: math.MaxInt64}, score.Item{Product: "a", Quantity: 0, Price: math.MinInt64})
	if want := []string{"#a", "#b"}; !reflect.DeepEqual(f.Products, want) || f.Quantity != 0 {
		t.Errorf("got %q, %d of one", f.Products, f.Quantity)
	}
	if _, missing := items(); missing == 0 {
		t.Error("no items are not missing")
	}
	f, _ = items(score.Item{Product: strings.Repeat("ñ", 500), Quantity: 9})
	if len(f.Products[0]) > 61 || f.Quantity != 9 {
		t.Errorf("got a key of %d bytes", len(f.Products[0]))
	}
}

func TestRead_Dispatch(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 2, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		parcels []score.Parcel
		hours   int
		carrier string
	}{
		"none":           {nil, -1, ""},
		"given up":       {[]score.Parcel{{At: at.Add(time.Hour), Status: "cancelled", Carrier: "TCC"}}, -1, ""},
		"label":          {[]score.Parcel{{At: at.Add(time.Hour), Status: "success", Shipment: "label_printed", Carrier: "TCC"}}, -1, ""},
		"first of two":   {[]score.Parcel{{At: at.Add(50 * time.Hour), Carrier: "TCC"}, {At: at.Add(30 * time.Hour), Carrier: "Envía"}}, 30, "envia"},
		"before its own": {[]score.Parcel{{At: at.Add(-time.Hour), Carrier: "Envía"}}, 0, "envia"},
		"years later":    {[]score.Parcel{{At: at.AddDate(3, 0, 0), Carrier: ""}}, 1440, ""},
		"no time":        {[]score.Parcel{{Carrier: "Interrapidísimo"}}, -1, "interrapidisimo"},
	} {
		f, _ := score.Read(score.Order{CreatedAt: at, Parcels: c.parcels})
		if f.DispatchHours != c.hours || f.Carrier != c.carrier {
			t.Errorf("%s: got %d hours by %q, want %d by %q", name, f.DispatchHours, f.Carrier, c.hours, c.carrier)
		}
	}
}

func TestRead_IP(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"190.24.9.3": "190.24.9.3", " 190.24.9.3 ": "190.24.9.3", "::ffff:190.24.9.3": "190.24.9.3", "2800:484:1:2:3:4:5:6": "2800:484:1:2::/64", "2800:484:1:2::9": "2800:484:1:2::/64",
		"0.0.0.0": "", "127.0.0.1": "", "10.0.0.8": "", "192.168.1.1": "", "::1": "", "fe80::1%eth0": "", "": "", "[redacted]": "", "190.24.9": "",
	} {
		if _, who := score.Read(score.Order{IP: text}); who.IP != want {
			t.Errorf("%q: got %q, want %q", text, who.IP, want)
		}
	}
}

func TestRead_SameAddress(t *testing.T) {
	t.Parallel()
	address := func(street, city string) string {
		_, who := score.Read(score.Order{Address: street, City: city, Province: "Antioquia", Country: "CO"})
		return who.Address
	}
	want := address("Carrera 43A # 1-50", "Medellín")
	for _, street := range []string{"cra 43a 1 50", "KR. 43A No. 1 - 50", "Cra. 43A N° 1-50", "CRA 43A NRO 1-50"} {
		if got := address(street, "MEDELLIN"); got != want || got == "" {
			t.Errorf("%q: got %q, want %q", street, got, want)
		}
	}
	if got := address("Carrera 43A # 1-50", "Bello"); got == want {
		t.Error("two cities have one address")
	}
	for _, street := range []string{"Centro", "Calle 45", "asdf"} {
		if got := address(street, "Medellín"); got != "" {
			t.Errorf("%q is taken for somebody's address: %q", street, got)
		}
	}
}

// FuzzRead holds that any texts give facts that are bounded, the same again, and survive their encoding.
func FuzzRead(f *testing.F) {
	o := usualOrder()
	f.Add(o.Name, o.Email, o.Phone, o.Address, o.City, o.Province, o.Country, o.Payment)
	f.Add("\xff\xfe", "@", "+", "# # #", ",", "pe pe", "", "\u0301")
	f.Add("İ", "a@b.c", "+521", "mz", " - ", "de ", "ñ", "cod cod")
	f.Add("N N", "x@.mailinator.com", "00", "s n", "(", "Q ROO", "mx", "manual")
	f.Fuzz(func(t *testing.T, name, email, phone, address, city, province, country, payment string) {
		o := score.Order{
			Name: name, Email: email, Phone: phone, Address: address, Complement: name, City: city, Province: province, ProvinceCode: phone, Country: country, Payment: payment,
			Tags: city, Postcode: phone, IP: email, Currency: country, RiskLevel: payment, Items: []score.Item{{Product: name, Quantity: len(name), Price: math.MaxInt64}},
			Parcels: []score.Parcel{{Carrier: address, Shipment: city, Status: province}},
		}
		facts, who := score.Read(o)
		again, same := score.Read(o)
		if !reflect.DeepEqual(facts, again) || who != same {
			t.Fatal("reading again differs")
		}
		data, err := facts.Append(nil)
		if err != nil || len(data) > 3000 {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		if back, err := score.ParseFacts(data); err != nil || !reflect.DeepEqual(back, facts) {
			t.Fatalf("got %+v, %v; want %+v", back, err, facts)
		}
		score.SettledOf(o)
	})
}
