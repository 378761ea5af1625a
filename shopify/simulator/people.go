package simulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// person is a made-up customer. The same number always gives the same person,
// so customers come back and can be counted.
type person struct {
	id          int64
	first, last string
	email       string
	phone       string // as typed, seldom in one form
	place       *place
	city        city
	address1    string
	address2    string
}

var (
	firstNames = [...]string{
		"María", "José", "Luz Marina", "Andrés", "Sofía", "Juan Camilo", "Valentina", "Íñigo", "Begoña", "Ñusta", "Ximena", "Óscar", "Lucía",
		"Jhon Jairo", "Yesenia", "Wílmer", "Ángela", "Martín", "Renata", "Thiago", "João", "Conceição", "Emiliano", "Rocío", "Quiñones", "Zoé",
		"ana", "CARLOS", "Güido", "Nayibe", "Lautaro", "Milagros",
	}
	lastNames = [...]string{
		"Muñoz", "Peña", "Rodríguez", "Gómez", "Núñez", "Ibáñez", "Castaño", "Quispe", "Mamani", "Fernández de Córdova", "Silva", "Gonçalves",
		"Araújo", "Restrepo", "Echeverría", "Ocaña", "Saldaña", "López", "PÉREZ", "Zúñiga", "Huamán", "D'Angelo", "Von Der Becke", "torres", "Bañol", "Ávila",
	}
	mailHosts = [...]string{"example.com", "example.org", "example.net", "mail.example.com", "correo.example.com"}
)

// personOf makes customer number n of a seed, in the given country or, without
// one, in any.
func personOf(seed, n uint64, country string) person {
	r := dice(seed^saltPeople, n)
	p := person{id: 7_000_000_000_000 + int64(n%(1<<40)), place: countryFor(r, country)}
	p.first, p.last = firstNames[r.IntN(len(firstNames))], lastNames[r.IntN(len(lastNames))]
	if r.IntN(4) > 0 {
		p.last += " " + lastNames[r.IntN(len(lastNames))]
	}
	if r.IntN(60) == 0 {
		p.first += " 🌸"
	}
	if r.IntN(20) > 0 {
		p.email = strings.ToLower(plain(strings.Fields(p.first)[0]+"."+strings.Fields(p.last)[0])) +
			fmt.Sprintf("%d@%s", n%100_000, mailHosts[r.IntN(len(mailHosts))])
	}
	if p.email != "" && r.IntN(12) == 0 {
		p.email = strings.ToUpper(p.email[:1]) + p.email[1:]
	}
	p.phone = phoneOf(r, p.place)
	m := mannersOf(seed, n, country)
	p.city = p.place.cities[m.city]
	p.address1, p.address2 = p.place.street(r)
	m.spoil(&p, seed, n)
	return p
}

func countryFor(r *rand.Rand, country string) *place {
	draw := r.IntN(100)
	if country != "" {
		if draw < 97 {
			return placeOf(country)
		}
		return &places[r.IntN(len(places))]
	}
	for i, share := range [...]int{34, 52, 64, 75, 84, 92, 100} {
		if draw < share {
			return &places[i]
		}
	}
	return &places[0]
}

// phoneOf writes a number the way people do: with prefix, without, spaced.
func phoneOf(r *rand.Rand, p *place) string {
	number := []byte(p.mobile)
	for i := range number {
		if number[i] == '#' {
			number[i] = byte('0' + r.IntN(10))
		}
	}
	n := string(number)
	national := n
	if p.code == "AR" {
		national = n[1:] // the 9 is dialled from abroad alone
	}
	switch r.IntN(8) {
	case 0, 1:
		return national
	case 2:
		return p.prefix + " " + n[:3] + " " + n[3:]
	case 3:
		return national[:3] + "-" + national[3:6] + "-" + national[6:]
	default:
		return p.prefix + n
	}
}

func (p *person) name() string { return p.first + " " + p.last }

// plain drops what is no ASCII letter, digit or dot.
func plain(s string) string {
	fold := strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "ü", "u", "ã", "a", "ç", "c", "õ", "o",
		"Á", "a", "É", "e", "Í", "i", "Ó", "o", "Ú", "u", "Ñ", "n").Replace(s)
	return strings.Map(func(c rune) rune {
		if c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return -1
	}, fold)
}
