package simulator

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// place is a country as its orders show it. Cities, provinces and the ways to
// write an address are real; house numbers and people are not.
type place struct {
	code, name, currency, zone string
	offset                     int // minutes east of UTC
	prefix                     string
	mobile                     string // digits after the prefix, # is random
	cities                     []city
	street                     func(*rand.Rand) (address1, address2 string)
	gateways                   []string // beside cash on delivery
	carriers                   []string
	cheap, dear, step          int64 // range of item prices in hundredths
}

type city struct{ name, province, provinceCode, zip string }

func (p *place) location() *time.Location {
	return time.FixedZone("", p.offset*60)
}

func offsetText(minutes int) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}

// placeOf returns the country with that code, Colombia when there is none.
func placeOf(code string) *place {
	for i := range places {
		if places[i].code == code {
			return &places[i]
		}
	}
	return &places[0]
}

// index is which of places it is.
func (p *place) index() int {
	for i := range places {
		if p == &places[i] {
			return i
		}
	}
	return 0
}

func one(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// places is read only; Colombia comes first as the most frequent.
var places = [...]place{
	{
		code: "CO", name: "Colombia", currency: "COP", zone: "America/Bogota", offset: -300, prefix: "+57", mobile: "31########",
		cities: []city{
			{"Bogotá", "Bogotá, D.C.", "DC", "110111"},
			{"Bogota", "Bogotá, D.C.", "DC", ""},
			{"Medellín", "Antioquia", "ANT", "050021"},
			{"Cali", "Valle del Cauca", "VAC", "760001"},
			{"Barranquilla", "Atlántico", "ATL", "080001"},
			{"Cúcuta", "Norte de Santander", "NSA", ""},
			{"Bucaramanga", "Santander", "SAN", "680001"},
			{"Pereira", "Risaralda", "RIS", ""},
			{"San José del Guaviare", "Guaviare", "GUV", ""},
		},
		street: func(r *rand.Rand) (string, string) {
			way := one(r, "Calle", "Cra", "Carrera", "Cl.", "Diagonal", "Transversal", "Av. Calle", "KR")
			return fmt.Sprintf("%s %d%s # %d-%02d", way, 1+r.IntN(180), one(r, "", "", "A", "B Bis", " Sur"), 1+r.IntN(99), r.IntN(99)),
				one(r, "", "", "", fmt.Sprintf("Apto %d", 101+r.IntN(1400)), fmt.Sprintf("Torre %d Apto %d", 1+r.IntN(9), 101+r.IntN(900)),
					"Barrio La Esperanza, casa de rejas negras", "Conjunto Los Cerezos, portería", "Al lado de la tienda")
		},
		gateways: []string{"Mercado Pago", "Wompi", "PayU", "Addi Payment", "manual"},
		carriers: []string{"Servientrega", "Interrapidísimo", "Coordinadora", "Envía", "TCC"},
		cheap:    1_990_000, dear: 24_990_000, step: 10_000,
	},
	{
		code: "MX", name: "Mexico", currency: "MXN", zone: "America/Mexico_City", offset: -360, prefix: "+52", mobile: "55########",
		cities: []city{
			{"Ciudad de México", "Ciudad de México", "DF", "06700"},
			{"Guadalajara", "Jalisco", "JAL", "44100"},
			{"Monterrey", "Nuevo León", "NLE", "64000"},
			{"Puebla", "Puebla", "PUE", "72000"},
			{"Mérida", "Yucatán", "YUC", "97000"},
			{"Santiago de Querétaro", "Querétaro", "QUE", "76000"},
		},
		street: func(r *rand.Rand) (string, string) {
			return fmt.Sprintf("%s %s No. %d", one(r, "Calle", "Av.", "Blvd.", "Privada", "C."), one(r, "Jacarandas", "5 de Mayo", "Niños Héroes", "Hidalgo", "Río Lerma"), 1+r.IntN(2500)),
				one(r, "", fmt.Sprintf("Int. %d", 1+r.IntN(40)), "Col. Centro", "Fracc. Las Águilas, entre 3ra y 5ta", fmt.Sprintf("Mz %d Lt %d", 1+r.IntN(60), 1+r.IntN(30)))
		},
		gateways: []string{"shopify_payments", "Mercado Pago", "OXXO Pay", "paypal", "Kueski Pay"},
		carriers: []string{"Estafeta", "DHL Express", "Paquetexpress", "99minutos"},
		cheap:    14_900, dear: 189_900, step: 1_000,
	},
	{
		code: "PE", name: "Peru", currency: "PEN", zone: "America/Lima", offset: -300, prefix: "+51", mobile: "9########",
		cities: []city{
			{"Lima", "Lima (Metropolitan)", "PE-LMA", "15001"},
			{"San Juan de Lurigancho", "Lima (Metropolitan)", "PE-LMA", ""},
			{"Arequipa", "Arequipa", "PE-ARE", "04001"},
			{"Trujillo", "La Libertad", "PE-LAL", ""},
			{"Cusco", "Cuzco", "PE-CUS", "08002"},
		},
		street: func(r *rand.Rand) (string, string) {
			return fmt.Sprintf("%s %s %d", one(r, "Jr.", "Av.", "Calle", "Psje."), one(r, "Los Álamos", "Túpac Amaru", "Arequipa", "San Martín", "Las Begonias"), 100+r.IntN(2800)),
				one(r, "", fmt.Sprintf("Mz. %c Lt. %d", 'A'+rune(r.IntN(20)), 1+r.IntN(30)), fmt.Sprintf("Dpto %d", 101+r.IntN(900)), "Urb. Santa Anita, frente al parque")
		},
		gateways: []string{"Yape", "Mercado Pago", "Izipay", "Culqi"},
		carriers: []string{"Olva Courier", "Shalom", "Urbano"},
		cheap:    2_990, dear: 39_990, step: 100,
	},
	{
		code: "CL", name: "Chile", currency: "CLP", zone: "America/Santiago", offset: -180, prefix: "+56", mobile: "98#######",
		cities: []city{
			{"Santiago", "Santiago", "RM", "8320000"},
			{"Ñuñoa", "Santiago", "RM", "7750000"},
			{"Viña del Mar", "Valparaíso", "VS", "2520000"},
			{"Concepción", "Bío Bío", "BI", "4030000"},
			{"Antofagasta", "Antofagasta", "AN", ""},
		},
		street: func(r *rand.Rand) (string, string) {
			return fmt.Sprintf("%s %d", one(r, "Avenida Libertador", "Los Leones", "Pasaje El Peumo", "Irarrázaval", "Av. Alemania"), 10+r.IntN(9000)),
				one(r, "", fmt.Sprintf("Depto %d", 11+r.IntN(2000)), fmt.Sprintf("Casa %d, condominio Las Araucarias", 1+r.IntN(60)))
		},
		gateways: []string{"Webpay Plus", "Mercado Pago", "Flow", "Transferencia bancaria"},
		carriers: []string{"Chilexpress", "Starken", "Blue Express", "Correos de Chile"},
		cheap:    599_000, dear: 12_999_000, step: 1_000,
	},
	{
		code: "EC", name: "Ecuador", currency: "USD", zone: "America/Guayaquil", offset: -300, prefix: "+593", mobile: "99#######",
		cities: []city{
			{"Quito", "Pichincha", "P", "170150"}, {"Guayaquil", "Guayas", "G", "090101"}, {"Cuenca", "Azuay", "A", ""}, {"Portoviejo", "Manabí", "M", ""},
		},
		street: func(r *rand.Rand) (string, string) {
			return fmt.Sprintf("%s %s N%d-%d y %s", one(r, "Av.", "Calle", "Cdla."), one(r, "Amazonas", "10 de Agosto", "La Garzota", "Eloy Alfaro"), 1+r.IntN(60), 1+r.IntN(300), one(r, "Colón", "Naciones Unidas", "Los Ríos")),
				one(r, "", "Casa esquinera color celeste", fmt.Sprintf("Piso %d", 1+r.IntN(12)), fmt.Sprintf("Solar %d Villa %d", 1+r.IntN(40), 1+r.IntN(40)))
		},
		gateways: []string{"PayPhone", "paypal", "Datafast", "Depósito bancario"},
		carriers: []string{"Servientrega", "Laar Courier", "Tramaco"},
		cheap:    999, dear: 11_999, step: 50,
	},
	{
		code: "AR", name: "Argentina", currency: "ARS", zone: "America/Argentina/Buenos_Aires", offset: -180, prefix: "+54", mobile: "9115#######",
		cities: []city{
			{"Ciudad Autónoma de Buenos Aires", "Buenos Aires (Autonomous City)", "C", "C1425"},
			{"La Plata", "Buenos Aires Province", "B", "B1900"},
			{"Córdoba", "Córdoba", "X", "X5000"},
			{"Rosario", "Santa Fe", "S", "S2000"},
			{"San Miguel de Tucumán", "Tucumán", "T", ""},
		},
		street: func(r *rand.Rand) (string, string) {
			return fmt.Sprintf("%s %d", one(r, "Av. Corrientes", "Bv. Oroño", "Güemes", "9 de Julio", "Calle 50"), 20+r.IntN(6000)),
				one(r, "", fmt.Sprintf("%d° %c", 1+r.IntN(14), 'A'+rune(r.IntN(6))), "PB 2", "Timbre 4, fondo", "Entre 12 y 13")
		},
		gateways: []string{"Mercado Pago", "Mobbex", "Transferencia", "GOcuotas"},
		carriers: []string{"Andreani", "OCA", "Correo Argentino"},
		cheap:    899_000, dear: 18_999_000, step: 10_000,
	},
	{
		code: "BR", name: "Brazil", currency: "BRL", zone: "America/Sao_Paulo", offset: -180, prefix: "+55", mobile: "119########",
		cities: []city{
			{"São Paulo", "São Paulo", "SP", "01310-100"},
			{"Rio de Janeiro", "Rio de Janeiro", "RJ", "20040-002"},
			{"Belo Horizonte", "Minas Gerais", "MG", "30130-010"},
			{"Florianópolis", "Santa Catarina", "SC", "88010-400"},
			{"Salvador", "Bahia", "BA", "40020-000"},
		},
		street: func(r *rand.Rand) (string, string) {
			return fmt.Sprintf("%s %s, %d", one(r, "Rua", "Av.", "Travessa", "Alameda"), one(r, "das Flores", "São João", "XV de Novembro", "Ipê Amarelo"), 1+r.IntN(3000)),
				one(r, "", fmt.Sprintf("Apto %d, bloco %c", 11+r.IntN(200), 'A'+rune(r.IntN(5))), "Casa dos fundos", "próximo à padaria")
		},
		gateways: []string{"Pix", "Mercado Pago", "PagSeguro", "Boleto bancário", "shopify_payments"},
		carriers: []string{"Correios", "Jadlog", "Loggi"},
		cheap:    3_990, dear: 59_990, step: 100,
	},
}
