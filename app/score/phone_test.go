package score_test

import (
	"testing"

	"probability/app/score"
)

func TestRead_Phone(t *testing.T) {
	t.Parallel()
	const valid, invalid, repeated, missing = "valid", "invalid", "repeated", "missing"
	for _, c := range []struct{ country, phone, want, identity string }{
		{"CO", "+57 310 456 7291", valid, "+573104567291"},
		{"CO", "3104567291", valid, "+573104567291"},
		{"CO", "57 310-456-7291", valid, "+573104567291"},
		{"CO", "00573104567291", valid, "+573104567291"},
		{"Colombia", "(310) 456.72.91", valid, "+573104567291"},
		{"CO", "6014567291", valid, "+576014567291"},
		{"CO", "310456729", invalid, "+57310456729"},
		{"CO", "4567291", invalid, "+574567291"},
		{"CO", "3000000000", repeated, ""},
		{"CO", "+57 3333333333", repeated, ""},
		{"CO", "123456789", repeated, ""},
		{"CO", "3123456789", repeated, ""},
		{"CO", "3789012345", repeated, ""},
		{"CO", "0034600111222", valid, "+34600111222"},
		{"CO", "3121212121", repeated, ""},
		{"CO", "9876543210", repeated, ""},
		{"CO", "3103103103", repeated, ""},
		{"CO", "", missing, ""},
		{"CO", "0", missing, ""},
		{"CO", "no tengo", missing, ""},
		{"CO", "[redacted]", missing, ""},
		{"CO", "4567291 / 3104567291", valid, "+573104567291"},
		{"CO", "3104567291, 3207654128", valid, "+573104567291"},
		{"CO", "+58 412 365 4891", valid, "+584123654891"},
		{"CO", "+34600111222", valid, "+34600111222"},
		{"MX", "55 3841 9276", valid, "+525538419276"},
		{"MX", "+52 1 55 3841 9276", valid, "+525538419276"},
		{"MX", "553841927", invalid, "+52553841927"},
		{"PE", "987 654 121", valid, "+51987654121"},
		{"PE", "51987654121", valid, "+51987654121"},
		{"PE", "587654121", invalid, "+51587654121"},
		{"CL", "+56 9 6847 1325", valid, "+56968471325"},
		{"CL", "968471325", valid, "+56968471325"},
		{"CL", "68471325", invalid, "+5668471325"},
		{"EC", "0987456123", valid, "+593987456123"},
		{"EC", "987456123", valid, "+593987456123"},
		{"EC", "09874561", invalid, ""},
		{"AR", "11 2384 5976", valid, "+541123845976"},
		{"AR", "+54 9 11 2384 5976", valid, "+541123845976"},
		{"AR", "011 15 2384 5976", valid, "+541123845976"},
		{"BR", "(11) 98475-2136", valid, "+5511984752136"},
		{"BR", "984752136", invalid, "+55984752136"},
		{"VE", "0412-3654891", valid, "+584123654891"},
		{"", "3104567291", valid, "3104567291"},
		{"", "3333333333", repeated, ""},
		{"Atlantis", "12", missing, ""},
		{"Atlantis", "5551872", valid, "5551872"},
		{"CO", "12345678901234567890123", repeated, ""},
		{"CO", "38172649501938475610293", invalid, ""},
	} {
		f, who := score.Read(score.Order{Country: c.country, Phone: c.phone})
		got := valid
		switch {
		case f.Missing&score.MissingPhone != 0:
			got = missing
		case f.PhoneInvalid && f.PhoneRepeated:
			got = "both"
		case f.PhoneInvalid:
			got = invalid
		case f.PhoneRepeated:
			got = repeated
		}
		if got != c.want || c.want != invalid && who.Phone != c.identity {
			t.Errorf("%s %q: got %s %q, want %s %q", c.country, c.phone, got, who.Phone, c.want, c.identity)
		}
		if c.want == invalid && c.identity != "" && who.Phone != c.identity {
			t.Errorf("%s %q: got identity %q, want %q", c.country, c.phone, who.Phone, c.identity)
		}
	}
}

// TestRead_PhonesOfPeopleAreNotCalledMadeUp takes numbers as the plans give them out: few of ten thousand may look made up.
func TestRead_PhonesOfPeopleAreNotCalledMadeUp(t *testing.T) {
	t.Parallel()
	seed, madeUp := uint64(1), 0
	const people = 10_000
	for range people {
		number := []byte("3100000000")
		for i := 2; i < len(number); i++ {
			seed = seed*6364136223846793005 + 1442695040888963407
			number[i] = byte('0' + seed>>33%10)
		}
		if f, _ := score.Read(score.Order{Country: "CO", Phone: string(number)}); f.PhoneRepeated {
			madeUp++
		}
	}
	if madeUp > people/1000 {
		t.Errorf("%d of %d are called made up, want one of a thousand at most", madeUp, people)
	}
}
