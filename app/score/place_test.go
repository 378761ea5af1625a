package score_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"probability/app/score"
)

func TestRead_Places(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, province, code, city, zip string
		want                               string // the deepest key that there is
		mismatch                           bool
	}{
		{"CO", "Cundinamarca", "CUN", "Soacha", "250051", "co|cundinamarca|soacha|250051", false},
		{"Colombia", "CUN", "", "SOACHA ", "", "co|cundinamarca|soacha", false},
		{"colombia", "cundinamarca", "", "Soacha, Cundinamarca", "", "co|cundinamarca|soacha", false},
		{"CO", "Bogotá, D.C.", "DC", "Bogotá", "110111", "co|bogota|bogota|110111", false},
		{"CO", "Bogotá D.C.", "", "Bogotá D.C.", "", "co|bogota|bogota", false},
		{"CO", "Distrito Capital de Bogotá", "", "bogota dc", "", "co|bogota|bogota", false},
		{"CO", "", "", "Bogotá, D.C., Colombia", "", "co|bogota|bogota", false},
		{"CO", "Cundinamarca", "CUN", "Bogotá", "", "co|cundinamarca|bogota", false}, // neighbours
		{"CO", "Bogotá, D.C.", "DC", "Soacha", "", "co|bogota|soacha", false},
		{"CO", "Antioquia", "ANT", "Soacha", "", "co|antioquia|soacha", true},
		{"CO", "Valle del Cauca", "VAC", "Medellín", "", "co|valle del cauca|medellin", true},
		{"CO", "Antioquia", "ANT", "Rionegro", "", "co|antioquia|rionegro", false},
		{"CO", "Santander", "SAN", "Rionegro", "", "co|santander|rionegro", false},
		{"CO", "Caldas", "CAL", "Rionegro", "", "co|caldas|rionegro", false}, // in several provinces: not judged
		{"CO", "Antioquia", "ANT", "Villa Inventada", "", "co|antioquia|villa inventada", false},
		{"CO", "Bolívar", "BOL", "Cartagena de Indias", "", "co|bolivar|cartagena", false},
		{"CO", "Departamento de Antioquia", "", "Bello", "", "co|antioquia|bello", false},
		{"CO", "", "", "Medellin", "000000", "co|antioquia|medellin", false},
		{"CO", "", "", "Rionegro", "", "co", false},
		{"CO", "Pendiente", "", "Pendiente", "000000", "co", false},
		{"CO", "[redacted]", "", "[redacted]", "[redacted]", "co", false},
		{"MX", "Ciudad de México", "DF", "Mexico City", "06700", "mx|ciudad de mexico|ciudad de mexico|06700", false},
		{"MX", "Ciudad de Mexico", "CMX", "CDMX", "", "mx|ciudad de mexico|ciudad de mexico", false},
		{"MX", "Estado de México", "MEX", "Ecatepec", "", "mx|estado de mexico|ecatepec de morelos", false},
		{"MX", "Q. Roo", "", "Cancún", "", "mx|quintana roo|cancun", false},
		{"MX", "Jalisco", "JAL", "Tijuana", "", "mx|jalisco|tijuana", true},
		{"PE", "Lima (Metropolitan)", "PE-LMA", "Lima", "15001", "pe|lima|lima|15001", false},
		{"PE", "Callao", "PE-CAL", "Lima", "", "pe|callao|lima", false},
		{"PE", "Cuzco", "PE-CUS", "Cuzco", "", "pe|cusco|cusco", false},
		{"PE", "Puno", "PE-PUN", "Trujillo", "", "pe|puno|trujillo", true},
		{"CL", "Santiago", "RM", "Santiago", "8320000", "cl|metropolitana|santiago|8320000", false},
		{"CL", "Región Metropolitana de Santiago", "", "Santiago Centro", "", "cl|metropolitana|santiago", false},
		{"CL", "Libertador General Bernardo O’Higgins", "LI", "Rancagua", "", "cl|ohiggins|rancagua", false},
		{"CL", "O'Higgins Region", "", "Viña del Mar", "", "cl|ohiggins|vina del mar", true},
		{"EC", "Pichincha", "P", "Quito", "", "ec|pichincha|quito", false},
		{"EC", "Guayas", "G", "Quito", "", "ec|guayas|quito", true},
		{"AR", "Buenos Aires (Autonomous City)", "C", "CABA", "C1425", "ar|ciudad de buenos aires|buenos aires|c1425", false},
		{"AR", "Buenos Aires Province", "B", "La Plata", "B1900", "ar|buenos aires|la plata|b1900", false},
		{"AR", "Capital Federal", "", "La Plata", "", "ar|ciudad de buenos aires|la plata", false},
		{"AR", "Mendoza", "M", "La Plata", "", "ar|mendoza|la plata", true},
		{"Brasil", "São Paulo", "SP", "São Paulo", "01310-100", "br|sao paulo|sao paulo|01310100", false},
		{"BR", "SP", "", "SAO PAULO", "", "br|sao paulo|sao paulo", false},
		{"BR", "Bahia", "BA", "Belo Horizonte", "", "br|bahia|belo horizonte", true},
		{"US", "Florida", "FL", "Miami", "33101", "us|florida|miami|33101", false},
		{"Estados Unidos", "", "FL", "Miami", "", "us|fl|miami", false},
		{"Atlantis", "Norte", "", "Poseidonis", "", "atlantis|norte|poseidonis", false},
		{"AR", "Buenos Aires", "B", "9 de Julio", "", "ar|buenos aires|9 de julio", false},
		{"CO", "Cundinamarca", "CUN", "Calle 5 # 4-3 Soacha", "", "co|cundinamarca", false}, // a street is nobody's key
		{"CO", "Cundinamarca", "CUN", strings.Repeat("casa de la señora Rosa ", 4), "", "co|cundinamarca", false},
		{"CO", "carrera 7 # 12-30", "", "Rionegro", "", "co", false},
		{"", "Cundinamarca", "CUN", "Soacha", "1", "", false},
		{"[redacted]", "", "", "Soacha", "", "", false},
	} {
		f, _ := score.Read(score.Order{Country: c.country, Province: c.province, ProvinceCode: c.code, City: c.city, Postcode: c.zip})
		got := ""
		for _, key := range []string{f.Country, f.Province, f.City, f.Postcode} {
			if key == "" {
				continue
			}
			if !strings.HasPrefix(key, got) {
				t.Errorf("%+v: %q is not within %q", c, key, got)
			}
			got = key
		}
		if got != c.want || f.CityMismatch != c.mismatch {
			t.Errorf("%+v: got %q, mismatch %t", c, got, f.CityMismatch)
		}
		if missing := f.Missing&score.MissingCountry != 0; missing != (c.want == "") {
			t.Errorf("%+v: got country missing %t", c, missing)
		}
	}
}

// TestRead_CitiesOfTheListAgreeWithTheProvinces reads each city of the list in its own province: never a mismatch; and in another
// one: a mismatch but for neighbours.
func TestRead_CitiesOfTheListAgreeWithTheProvinces(t *testing.T) {
	t.Parallel()
	provinces := map[string][]string{}
	names := map[string]string{}
	for _, line := range rows(t, "data/provinces.txt") {
		parts := strings.Split(line, "|")
		provinces[parts[0]] = append(provinces[parts[0]], parts[2])
		for _, name := range parts[1:] {
			key := parts[0] + "|" + name
			if other, ok := names[key]; ok && other != parts[2] {
				t.Errorf("%q is both %q and %q", key, other, parts[2])
			}
			names[key] = parts[2]
		}
	}
	cities := rows(t, "data/cities.txt")
	if !slices.IsSorted(cities) || !slices.IsSorted(rows(t, "data/disposable.txt")) {
		t.Fatal("a list is not in the order of its bytes")
	}
	mismatches := 0
	for i, line := range cities {
		parts := strings.Split(line, "|")
		country, city, province := parts[0], parts[1], parts[2]
		f, _ := score.Read(score.Order{Country: country, Province: province, City: city})
		if f.CityMismatch || !strings.HasPrefix(f.City, country+"|"+province+"|") {
			t.Errorf("%s: got %q, mismatch %t", line, f.City, f.CityMismatch)
		}
		if all := provinces[country]; !slices.Contains(all, province) {
			t.Errorf("%s: no such province", line)
		} else if other := all[i%len(all)]; other != province {
			if f, _ := score.Read(score.Order{Country: country, Province: other, City: city}); f.CityMismatch {
				mismatches++
			}
		}
	}
	if len(cities) < 2000 || mismatches < len(cities)*9/10 {
		t.Errorf("got %d mismatches of %d cities in provinces of others", mismatches, len(cities))
	}
}

func rows(t *testing.T, file string) (all []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line[0] != '#' {
			all = append(all, strings.TrimSuffix(line, "\n"))
		}
	}
	return all
}
