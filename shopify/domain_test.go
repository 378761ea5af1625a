package shopify_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"probability/shopify"
)

func TestParseShop(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"mi-tienda.myshopify.com":                   "mi-tienda.myshopify.com",
		"Mi-Tienda.MyShopify.COM":                   "mi-tienda.myshopify.com",
		"0a--.myshopify.com":                        "0a--.myshopify.com",
		strings.Repeat("a", 100) + ".myshopify.com": strings.Repeat("a", 100) + ".myshopify.com",
	} {
		if got, err := shopify.ParseShop(in); err != nil || got != want {
			t.Errorf("ParseShop(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "myshopify.com", ".myshopify.com", "-a.myshopify.com", "a.b.myshopify.com", "a.myshopify.com.", "a.myshopify.com.evil.com",
		"https://a.myshopify.com", "a.myshopify.com/", "a.myshopify.com:443", "evil.com/.myshopify.com", "evil.com/?.myshopify.com",
		"evil.com#.myshopify.com", "x@evil.com/.myshopify.com", "x@a.myshopify.com", "evil.com:443/.myshopify.com", "evil.com\\.myshopify.com",
		"a_b.myshopify.com", " a.myshopify.com", "a.myshopify.com ", "a.myshopify.com\n", "a\x00.myshopify.com", "ñ.myshopify.com",
		"a%2e.myshopify.com", "a.myshopify.co", "amyshopify.com", "a.myshopifyxcom", "a.\u212Ayshopify.com", "a.my\u017Fhopify.com", "K\u212A.myshopify.com",
		strings.Repeat("a", 101) + ".myshopify.com", strings.Repeat("a", 300) + ".myshopify.com", "a.myshopify.com@x", "a.myshopify.com..",
		"\u0430.myshopify.com", "a.m\u0443shopify.com", "ａ.myshopify.com", "a\u3002myshopify.com", "a\u200b.myshopify.com", "xn--80ak6aa92e.com",
		"127.0.0.1", "[::1]", "localhost", "a.myshopify.com%00.evil.com", "a.myshopify.com;.evil.com", "a.myshopify.com?x=.myshopify.com",
	} {
		if got, err := shopify.ParseShop(in); !errors.Is(err, shopify.ErrInvalidShop) || got != "" {
			t.Errorf("ParseShop(%q) = %q, %v; want %v", in, got, err, shopify.ErrInvalidShop)
		}
	}
}

// FuzzShop: exactly the texts of the pattern pass, and what passes is one host
// under myshopify.com however a URL is made of it.
func FuzzShop(f *testing.F) {
	for _, s := range []string{"a.myshopify.com", "A-1.MYSHOPIFY.COM", "evil.com/.myshopify.com", "x@evil.com:443/.myshopify.com", "a.myshopify.com.", ""} {
		f.Add(s)
	}
	pattern := regexp.MustCompile(`^(?i:[A-Za-z0-9][A-Za-z0-9-]*\.myshopify\.com)$`)
	ascii := regexp.MustCompile(`^[\x00-\x7f]*$`) // (?i) would fold U+017F and U+212A too
	f.Fuzz(func(t *testing.T, s string) {
		got, err := shopify.ParseShop(s)
		if want := pattern.MatchString(s) && ascii.MatchString(s) && len(s) <= 114; (err == nil) != want {
			t.Fatalf("ParseShop(%q) = %q, %v; want it to pass: %v", s, got, err, want)
		}
		if err != nil {
			return
		}
		if got != strings.ToLower(s) {
			t.Fatalf("ParseShop(%q) = %q", s, got)
		}
		u, err := url.Parse("https://" + got + "/admin")
		if err != nil || u.Host != got || u.Path != "/admin" || u.User != nil {
			t.Fatalf("https://%s is %+v, %v", got, u, err)
		}
	})
}
