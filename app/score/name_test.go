package score_test

import (
	"strings"
	"testing"

	"probability/app/score"
)

func TestRead_Name(t *testing.T) {
	t.Parallel()
	good := []string{
		"María Núñez", "JUAN CAMILO PÉREZ", "ana", "Li", "Jhon Jairo Mosquera", "Begoña Ñusta", "D'Angelo Von Der Becke", "María 🌸 Gómez", "Wílmer Quispe Mamani", "Xóchitl Nezahual",
		"João Gonçalves", "Yhon Ríos", "Jorge Schwarz", "Kevin Wright", "Juan Juan", "Flor Mtz", "Luz Dary .", "Lautaro Goldschmidt", "Hans Hirschfeld", "José A. Rdgz", "Nguyen Thi Ly", "Ñ. O'Brien",
		"Wolfgang Strzelecki", "Thaís Brzezinski", "Milagros Huamán Ccori", "Itzel Tlahuextl", "李 小龍", "Karla Hdez Cruz", "Sandy Liberty Property",
	}
	bad := []string{
		"test", "Prueba Prueba", "Cliente", "asdf asdf", "Juan123", "12345", "qwerty", "xxx", "A", "kjhkjh sdfsdf", "aaaa", "Nombre Apellido", "Pedido Test", "sdkfjh", "https://spam", "jajaja", "N N.", "Anonimo",
	}
	for _, name := range good {
		if f, _ := score.Read(score.Order{Name: name}); f.NameSuspicious || f.Missing&score.MissingCustomer != 0 {
			t.Errorf("%q: got suspicious %t, missing %t", name, f.NameSuspicious, f.Missing&score.MissingCustomer != 0)
		}
	}
	for _, name := range bad {
		if f, _ := score.Read(score.Order{Name: name}); !f.NameSuspicious {
			t.Errorf("%q: got nothing, want suspicious", name)
		}
	}
	for _, name := range []string{"", "  ", ".", "[redacted]", "-", "🌸"} {
		if f, _ := score.Read(score.Order{Name: name}); f.NameSuspicious || f.Missing&score.MissingCustomer == 0 {
			t.Errorf("%q: got suspicious %t, want missing and nothing else", name, f.NameSuspicious)
		}
	}
}

// TestRead_NamesOfCitiesAreNoGibberish runs what tells gibberish over thousands of words of many languages.
func TestRead_NamesOfCitiesAreNoGibberish(t *testing.T) {
	t.Parallel()
	for city := range strings.FieldsSeq("Tlalnepantla Cuauhtémoc Nezahualcóyotl Ixtapaluca Huixquilucan Tzintzuntzan Chilpancingo Ñuñoa Quilpué Llanquihue Puyehue Curaçaví " +
		"Guarulhos Itaquaquecetuba Pindamonhangaba Xanxerê Blumenau Schroeder Wenceslau Tijuana Zipaquirá Fusagasugá Chiquinquirá Buenaventura Huehuetoca Oxkutzcab Hecelchakán") {
		if f, _ := score.Read(score.Order{Name: city}); f.NameSuspicious {
			t.Errorf("%s is called suspicious", city)
		}
	}
}
