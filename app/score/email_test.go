package score_test

import (
	"testing"

	"probability/app/score"
)

func TestRead_Email(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		email      string
		missing    bool
		disposable bool
		identity   string
	}{
		{"Lucia.Pena+faja@GMAIL.com", false, false, "luciapena@gmail.com"},
		{" lucia.pena@googlemail.com ", false, false, "luciapena@gmail.com"},
		{"lucia.pena+x@hotmail.com", false, false, "lucia.pena@hotmail.com"},
		{"Lucia.Pena@empresa.com.co", false, false, "lucia.pena@empresa.com.co"},
		{"lucia+x@empresa.com.co", false, false, "lucia+x@empresa.com.co"},
		{"lucia@gmial.com", false, false, "lucia@gmial.com"},
		{"x@mailinator.com", false, true, "x@mailinator.com"},
		{"x@Inbox.Mailinator.com", false, true, "x@inbox.mailinator.com"},
		{"x@yopmail.com", false, true, "x@yopmail.com"},
		{"x@guerrillamail.com", false, true, "x@guerrillamail.com"},
		{"x@mymailinator.example.com", false, false, "x@mymailinator.example.com"},
		{"", true, false, ""},
		{"lucia", true, false, ""},
		{"@gmail.com", true, false, ""},
		{"lucia@", true, false, ""},
		{"lucia@gmail", true, false, ""},
		{"lucia@gmail.", true, false, ""},
		{"[redacted]", true, false, ""},
		{"a b@c d.com", true, false, ""},
	} {
		f, who := score.Read(score.Order{Email: c.email})
		if missing := f.Missing&score.MissingEmail != 0; missing != c.missing || f.EmailDisposable != c.disposable || who.Email != c.identity {
			t.Errorf("%q: got missing %t, disposable %t, %q; want %t, %t, %q", c.email, missing, f.EmailDisposable, who.Email, c.missing, c.disposable, c.identity)
		}
	}
}

// TestRead_UsualMailboxesAreNotDisposable holds the list against the ones that most people have.
func TestRead_UsualMailboxesAreNotDisposable(t *testing.T) {
	t.Parallel()
	for _, domain := range []string{
		"gmail.com", "hotmail.com", "hotmail.es", "outlook.com", "outlook.es", "live.com", "live.com.mx", "yahoo.com", "yahoo.es", "yahoo.com.mx", "yahoo.com.ar", "yahoo.com.br",
		"icloud.com", "me.com", "msn.com", "aol.com", "proton.me", "protonmail.com", "uol.com.br", "bol.com.br", "terra.com.br", "une.net.co", "prodigy.net.mx", "vtr.net",
		"speedy.com.ar", "fibertel.com.ar", "unal.edu.co", "unam.mx", "googlemail.com", "gmx.com", "zoho.com", "mail.com", "yandex.com", "example.com",
	} {
		if f, _ := score.Read(score.Order{Email: "x@" + domain}); f.EmailDisposable {
			t.Errorf("%s is called disposable", domain)
		}
	}
}
