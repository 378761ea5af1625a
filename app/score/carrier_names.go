package score

import (
	"maps"
	"strings"
	"unicode"
)

// Orders and reports write a carrier in many ways, "TCC", "tcc" and "Tcc S.A.S." among them, so carriers are known by keys: folded, in
// lower case and without accents. What a key is shown as stands here. The spelling that most of a store's own orders have would need each
// of them kept and counted, would differ between stores, and would not be there for the first parcel.

// carrierNames are carriers that title would write otherwise than they do themselves, by key.
var carrierNames = map[string]string{
	"4 72": "4-72", "blueexpress": "Blue Express", "correos chile": "CorreosChile", "correoschile": "CorreosChile", "correos de chile": "CorreosChile",
	"fed ex": "FedEx", "interrapidisimo": "Interrapidísimo", "inter rapidisimo": "Interrapidísimo", "j t": "J&T", "j t express": "J&T Express",
	"99minutos": "99 Minutos", "99minutos com": "99 Minutos", "mercado envios": "Mercado Envíos", "mercadoenvios": "Mercado Envíos", "paqueteexpress": "Paquetexpress",
	"paquete express": "Paquetexpress", "servi entrega": "Servientrega", "olva": "Olva Courier", "red pack": "Redpack", "laar": "LAAR",
}

// carrierWords are words of carriers' names that are no common ones, by key; a name not above is written word by word.
var carrierWords = map[string]string{
	"apc": "APC", "cv": "CV", "de": "de", "del": "del", "dhl": "DHL", "dpd": "DPD", "dsv": "DSV", "el": "el", "ems": "EMS", "envia": "Envía", "envios": "Envíos", "fedex": "FedEx",
	"gls": "GLS", "ivoy": "iVoy", "la": "la", "laarcourier": "LAARCourier", "logistica": "Logística", "mexico": "México", "mrw": "MRW", "oca": "OCA", "panama": "Panamá", "peru": "Perú", "pmm": "PMM",
	"rapidisimo": "Rapidísimo", "rapido": "Rápido", "sa": "SA", "sac": "SAC", "sas": "SAS", "sda": "SDA", "seur": "SEUR", "sf": "SF", "spa": "SpA", "tcc": "TCC", "tnt": "TNT", "ups": "UPS",
	"usps": "USPS", "y": "y",
}

// CarrierNames are how carriers and words of their names are written, by key.
func CarrierNames() map[string]string {
	names := maps.Clone(carrierWords)
	maps.Copy(names, carrierNames)
	return names
}

// carrierName writes the key of a carrier as a name, as the carrier writes itself where that is known.
func carrierName(key string) string {
	if name, known := carrierNames[key]; known {
		return name
	}
	words := strings.Fields(key)
	for i, w := range words {
		word, known := carrierWords[w]
		if !known || i == 0 && unicode.IsLower([]rune(word)[0]) && word == w { // "de" begins no name in small letters
			r := []rune(w)
			r[0] = unicode.ToUpper(r[0])
			word = string(r)
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}
