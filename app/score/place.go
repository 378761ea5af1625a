package score

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed data/provinces.txt
var provinceText string

//go:embed data/cities.txt
var cityLines lines

// provinceNames are the provinces by their country and whatever they are written or coded as: "co|cun" and "co|cundinamarca" are
// both "cundinamarca".
var provinceNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 512)
	for line := range strings.Lines(provinceText) {
		parts := strings.Split(strings.TrimSpace(line), "|")
		if len(parts) < 3 || line[0] == '#' {
			continue
		}
		for _, name := range parts[1:] {
			names[parts[0]+"|"+name] = parts[2]
		}
	}
	return names
})

// neighbours are provinces that people take for one another, or that were one until lately: a city of one of them that is said to
// be in the other is no mismatch.
var neighbours = map[string]string{
	"co|bogota": "cundinamarca", "mx|ciudad de mexico": "estado de mexico", "ar|ciudad de buenos aires": "buenos aires", "pe|callao": "lima",
	"br|distrito federal": "goias", "cl|nuble": "biobio", "cl|los rios": "los lagos", "cl|arica y parinacota": "tarapaca",
	"ec|santo domingo de los tsachilas": "pichincha", "ec|santa elena": "guayas",
}

// cityNames are cities that are called otherwise than in the list: what people write, and then one name for it.
var cityNames = map[string]string{
	"co|bogota dc": "bogota", "co|bogota d c": "bogota", "co|santa fe de bogota": "bogota", "co|santafe de bogota": "bogota", "co|bogota distrito capital": "bogota",
	"co|santiago de cali": "cali", "co|cartagena de indias": "cartagena", "co|san jose de cucuta": "cucuta", "co|san juan de pasto": "pasto",
	"mx|cdmx": "ciudad de mexico", "mx|mexico city": "ciudad de mexico", "mx|mexico df": "ciudad de mexico", "mx|mexico d f": "ciudad de mexico", "mx|df": "ciudad de mexico",
	"mx|santiago de queretaro": "queretaro", "mx|ecatepec": "ecatepec de morelos", "mx|heroica puebla de zaragoza": "puebla", "mx|merida yucatan": "merida",
	"pe|cuzco": "cusco", "pe|lima metropolitana": "lima", "cl|santiago de chile": "santiago", "cl|santiago centro": "santiago",
	"ec|santiago de guayaquil": "guayaquil", "ec|san francisco de quito": "quito",
	"ar|caba": "buenos aires", "ar|capital federal": "buenos aires", "ar|ciudad autonoma de buenos aires": "buenos aires", "ar|ciudad de buenos aires": "buenos aires",
	"ar|capital": "buenos aires", "ar|tucuman": "san miguel de tucuman",
}

// provinceOf is the key of a province, by its name or by its code; known says that it is one of the list, so that all its spellings
// have one key. Of provinces that are not in the list the folded name is the key, else the code.
func provinceOf(country, name, code string) (key string, known bool) {
	names := provinceNames()
	folded := fold(name)
	for _, text := range [...]string{folded, withoutKind(folded), fold(code)} {
		if text == "" {
			continue
		}
		if found, ok := names[country+"|"+text]; ok {
			return found, true
		}
		if bare, ok := strings.CutPrefix(text, country+" "); ok { // PE-LMA
			if found, ok := names[country+"|"+bare]; ok {
				return found, true
			}
		}
	}
	if blank(folded) {
		folded = fold(code)
	}
	if blank(folded) || isPlaceholder(folded) || !isPlaceName(folded) {
		return "", false
	}
	return folded, false
}

// withoutKind takes off what says only that a name is a province's.
func withoutKind(folded string) string {
	for _, before := range [...]string{"departamento ", "depto ", "dpto ", "provincia ", "prov ", "estado ", "edo ", "region ", "state of "} {
		if rest, ok := strings.CutPrefix(folded, before); ok {
			rest = strings.TrimPrefix(rest, "de ")
			return strings.TrimPrefix(strings.TrimPrefix(rest, "del "), "do ")
		}
	}
	for _, behind := range [...]string{" department", " province", " region", " state"} {
		if rest, ok := strings.CutSuffix(folded, behind); ok {
			return rest
		}
	}
	return folded
}

// cityOf is the key of a city. What follows a comma, a bracket, a slash or a dash between spaces is taken off, for it is the
// province or the part of the town.
func cityOf(country, text string) string {
	whole := fold(text)
	if i := strings.IndexAny(text, ",(/;"); i > 0 {
		text = text[:i]
	}
	if i := strings.Index(text, " - "); i > 0 {
		text = text[:i]
	}
	folded := fold(text)
	if name, ok := cityNames[country+"|"+whole]; ok {
		folded = name
	} else if name, ok := cityNames[country+"|"+folded]; ok {
		folded = name
	}
	if blank(folded) || isPlaceholder(folded) || !isPlaceName(folded) {
		return ""
	}
	return folded
}

// longestPlace is longer than the names of cities and provinces, in bytes.
const longestPlace = 56

// isPlaceName tells a name from what else is filled in where a city is asked for. A street would be a person's, and no key may
// name one; 9 de Julio is a city.
func isPlaceName(folded string) bool {
	if len(folded) > longestPlace {
		return false
	}
	if !hasDigit(folded) {
		return true
	}
	var room [maxWords]string
	words := wordsOf(folded, room[:0])
	for i, w := range words {
		if hasDigit(w) && (len(w) > 2 || at(words, i+1) != "de" || !months[at(words, i+2)]) {
			return false
		}
	}
	return true
}

// cityProvince is the province in which a city lies, when it is known and there is no other of that name.
func cityProvince(country, city string) (province string, ok bool) {
	switch country + "|" + city { // the list has them by another name, or not, since a province has it too
	case "mx|ciudad de mexico":
		return "ciudad de mexico", true
	case "co|cartagena":
		return "bolivar", true
	}
	return cityLines.after(country + "|" + city + "|")
}

// readPlaces fills in the keys of where an order goes. A province that is not said is that of the city, when only one can be meant.
func (f *Facts) readPlaces(o *Order) {
	country := countryOf(o.Country)
	if country == "" {
		f.Missing |= MissingCountry
	}
	city := cityOf(country, o.City)
	if city == "" {
		f.Missing |= MissingCity
	}
	if country == "" {
		return
	}
	province, known := provinceOf(country, o.Province, o.ProvinceCode)
	if home, ok := cityProvince(country, city); ok && city != "" {
		switch {
		case province == "":
			province = home
		case known && province != home:
			f.CityMismatch = neighbours[country+"|"+province] != home && neighbours[country+"|"+home] != province
		}
	}
	postcode := postcodeOf(o.Postcode)
	key := country + "|" + province + "|" + city + "|" + postcode
	end := len(country)
	f.Country = key[:end]
	for _, level := range [...]struct {
		name string
		into *string
	}{{province, &f.Province}, {city, &f.City}, {postcode, &f.Postcode}} {
		if level.name == "" {
			return
		}
		end += 1 + len(level.name)
		*level.into = key[:end]
	}
}

// maxPostcode is longer than any country's.
const maxPostcode = 12

// postcodeOf leaves letters and digits. One digit all through is what forms fill in for stores that ask for none.
func postcodeOf(text string) string {
	if len(text) > 2*maxPostcode {
		return ""
	}
	folded := strings.ReplaceAll(fold(text), " ", "")
	if blank(folded) || len(folded) > maxPostcode || len(folded) < 3 || strings.Trim(folded, folded[:1]) == "" {
		return ""
	}
	return folded
}
