package main

// What payloads are filled with. The lists decide what a search can meet: "bogotá" is in three of ten orders, a full
// name in one of several thousand, a whole e-mail address in one or a few.

var firstNames = [...]string{
	"María", "José", "Luis", "Carlos", "Ana", "Juan", "Luz", "Jorge", "Sandra", "Andrés", "Claudia", "Diego", "Paola", "Óscar", "Valentina", "Camilo",
	"Sofía", "Felipe", "Daniela", "Santiago", "Natalia", "Sebastián", "Carolina", "Mateo", "Gloria", "Hernán", "Marcela", "Iván", "Adriana", "Nicolás",
	"Yolanda", "Fabián", "Mónica", "Germán", "Laura", "Ricardo", "Tatiana", "Álvaro", "Jimena", "Rubén", "Estefanía", "Gustavo", "Liliana", "Esteban",
	"Rocío", "Mauricio", "Ángela", "Cristian", "Viviana", "Edgar", "Nubia", "Wilson", "Xiomara", "Emilio", "Zulma", "Tomás", "Consuelo", "Efraín", "Ximena", "Leonel",
}

var lastNames = [...]string{
	"Rodríguez", "Gómez", "González", "Martínez", "García", "López", "Hernández", "Sánchez", "Ramírez", "Pérez", "Díaz", "Muñoz", "Rojas", "Moreno", "Jiménez",
	"Vargas", "Castro", "Gutiérrez", "Ortiz", "Ruiz", "Álvarez", "Suárez", "Valencia", "Cárdenas", "Ospina", "Quintero", "Restrepo", "Giraldo", "Mejía", "Londoño",
	"Salazar", "Zapata", "Arango", "Cardona", "Bedoya", "Montoya", "Henao", "Ríos", "Acosta", "Peña", "Niño", "Ibáñez", "Yepes", "Urrego", "Zuluaga",
	"Echeverri", "Villamizar", "Buitrago", "Camacho", "Lozano", "Patiño", "Barrera", "Caicedo", "Mosquera", "Palacios", "Asprilla", "Hinestroza", "Chaverra", "Murillo", "Useche",
}

// place is a city with its share of the orders in percent.
type place struct {
	city, province, code string
	share                uint64
	latitude, longitude  float64
}

var places = [...]place{
	{"Bogotá", "Bogotá, D.C.", "DC", 30, 4.65, -74.08},
	{"Medellín", "Antioquia", "ANT", 16, 6.24, -75.58},
	{"Cali", "Valle del Cauca", "VAC", 11, 3.45, -76.53},
	{"Barranquilla", "Atlántico", "ATL", 7, 10.97, -74.80},
	{"Cartagena", "Bolívar", "BOL", 5, 10.40, -75.51},
	{"Bucaramanga", "Santander", "SAN", 5, 7.12, -73.12},
	{"Pereira", "Risaralda", "RIS", 4, 4.81, -75.69},
	{"Cúcuta", "Norte de Santander", "NSA", 4, 7.89, -72.50},
	{"Ibagué", "Tolima", "TOL", 3, 4.44, -75.23},
	{"Santa Marta", "Magdalena", "MAG", 3, 11.24, -74.20},
	{"Manizales", "Caldas", "CAL", 3, 5.07, -75.52},
	{"Villavicencio", "Meta", "MET", 3, 4.14, -73.63},
	{"Pasto", "Nariño", "NAR", 2, 1.21, -77.28},
	{"Neiva", "Huila", "HUI", 2, 2.93, -75.28},
	{"Quibdó", "Chocó", "CHO", 1, 5.69, -76.66},
	{"Leticia", "Amazonas", "AMA", 1, -4.21, -69.94},
}

var (
	mailDomains = [...]string{"gmail.com", "hotmail.com", "outlook.com", "yahoo.es", "icloud.com"}
	mailShares  = [...]uint64{60, 20, 10, 7, 3}

	streets     = [...]string{"Calle", "Carrera", "Transversal", "Diagonal", "Avenida", "Autopista", "Circular"}
	complements = [...]string{"Apto 301", "Casa 2", "Torre 4 apto 1102", "Local 12", "Interior 5", "Portería principal", "Segundo piso", "Bodega 9"}
	barrios     = [...]string{"Chapinero", "Laureles", "El Poblado", "Suba", "Kennedy", "San Fernando", "Bocagrande", "Cabecera", "Belén", "Fontibón"}
	carriers    = [...]string{"Servientrega", "Coordinadora", "Interrapidísimo", "Envia", "TCC"}
	products    = [...]string{
		"Faja colombiana de uso diario", "Audífonos inalámbricos con estuche", "Crema de noche 50 ml", "Masajeador de cuello", "Lámpara de luna",
		"Tenis livianos para correr", "Organizador de gavetas", "Plancha de cabello mini", "Cámara de seguridad", "Set de 12 brochas", "Mochila impermeable",
		"Sérum facial", "Termo de acero", "Camiseta básica de algodón", "Reloj deportivo", "Leggings de compresión", "Cafetera de viaje", "Cojín para el coche",
	}
	variants = [...]string{"Negro / M", "Blanco / L", "Azul / S", "Talla única", "Rosado / XL", "Gris / M"}

	// Shares in ten thousandths. One state is as rare as one order in a thousand.
	financialStates = [...]string{"paid", "pending", "refunded", "voided", "partially_refunded", "authorized", "partially_paid"}
	financialShares = [...]uint64{6000, 2500, 700, 500, 200, 90, 10}
	shippingStates  = [...]string{"fulfilled", "", "partial"}
	shippingShares  = [...]uint64{7200, 2500, 300}

	codGateways  = [...]string{"Cash on Delivery (COD)", "Pago contra entrega", "Contra entrega"}
	cardGateways = [...]string{"shopify_payments", "mercado_pago", "wompi", "payu_latam", "addi"}
)

const rareState = "partially_paid"
