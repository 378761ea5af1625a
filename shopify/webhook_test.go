package shopify_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"probability/shopify"
)

func TestSign_KnownAnswer(t *testing.T) {
	t.Parallel()
	// RFC 4231, test case 2.
	got := shopify.Sign("Jefe", []byte("what do ya want for nothing?"))
	raw, err := base64.StdEncoding.DecodeString(got)
	if err != nil {
		t.Fatal(err)
	}
	const hexWant = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if h := hex.EncodeToString(raw); h != hexWant {
		t.Errorf("got %s, want %s", h, hexWant)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":1}`)
	good := shopify.Sign("new", body)
	urlSafe := strings.NewReplacer("+", "-", "/", "_").Replace(shopify.Sign("k7", body))
	for _, c := range []struct {
		name    string
		secrets []string
		body    string
		mac     string
		which   int
		err     error
	}{
		{"the only secret", []string{"new"}, `{"id":1}`, good, 0, nil},
		{"the previous secret", []string{"newer", "", "new"}, `{"id":1}`, good, 2, nil},
		{"twice the same: the first", []string{"new", "new"}, `{"id":1}`, good, 0, nil},
		{"another secret", []string{"old", "older"}, `{"id":1}`, good, -1, shopify.ErrBadSignature},
		{"another body", []string{"new"}, `{"id":1} `, good, -1, shopify.ErrBadSignature},
		{"no secret", nil, `{"id":1}`, good, -1, shopify.ErrNoSecret},
		{"only empty secrets", []string{"", ""}, `{"id":1}`, shopify.Sign("", body), -1, shopify.ErrNoSecret},
		{"an empty secret beside a real one", []string{"", "new"}, `{"id":1}`, shopify.Sign("", body), -1, shopify.ErrBadSignature},
		{"unsigned", []string{"new"}, `{"id":1}`, "", -1, shopify.ErrNotSigned},
		{"not base64", []string{"new"}, `{"id":1}`, strings.Repeat("!", 44), -1, shopify.ErrBadSignature},
		{"hex, as OAuth has it", []string{"new"}, `{"id":1}`, strings.Repeat("ab", 32), -1, shopify.ErrBadSignature},
		{"cut", []string{"new"}, `{"id":1}`, good[:20], -1, shopify.ErrBadSignature},
		{"without padding", []string{"new"}, `{"id":1}`, strings.TrimRight(good, "="), -1, shopify.ErrBadSignature},
		{"with a line break", []string{"new"}, `{"id":1}`, good[:10] + "\n" + good[10:], -1, shopify.ErrBadSignature},
		{"with a space before", []string{"new"}, `{"id":1}`, " " + good, -1, shopify.ErrBadSignature},
		{"with more behind", []string{"new"}, `{"id":1}`, good + "AAAA", -1, shopify.ErrBadSignature},
		{"the other alphabet", []string{"k7"}, `{"id":1}`, urlSafe + "-", -1, shopify.ErrBadSignature},
		{"an empty body", []string{"new"}, ``, shopify.Sign("new", nil), 0, nil},
	} {
		which, err := shopify.Verify(c.secrets, []byte(c.body), c.mac)
		if which != c.which || !errors.Is(err, c.err) {
			t.Errorf("%s: got %d, %v; want %d, %v", c.name, which, err, c.which, c.err)
		}
	}
}

// The last character before the padding carries two bits that mean nothing; a
// signature with them set is another text and is not ours.
func TestVerify_OneSpelling(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	body := []byte("x")
	good := shopify.Sign("s", body)
	last := strings.IndexByte(alphabet, good[42])
	for bits := 1; bits < 4; bits++ {
		twin := good[:42] + alphabet[last|bits:last|bits+1] + "="
		if twin == good {
			continue
		}
		if _, err := shopify.Verify([]string{"s"}, body, twin); !errors.Is(err, shopify.ErrBadSignature) {
			t.Errorf("%q passed for %q: %v", twin, good, err)
		}
	}
}

// FuzzVerify holds Verify against the definition: some non-empty secret makes
// exactly this signature.
func FuzzVerify(f *testing.F) {
	body := []byte(`{"id":1}`)
	f.Add("a", "b", body, shopify.Sign("b", body))
	f.Add("a", "", body, shopify.Sign("", body))
	f.Add("", "", body, shopify.Sign("", body))
	f.Add("a", "b", body, "")
	f.Add("a", "b", []byte{}, "AAAA\n")
	f.Fuzz(func(t *testing.T, first, second string, body []byte, mac string) {
		secrets := []string{first, second}
		want := -1
		for i, secret := range secrets {
			h := hmac.New(sha256.New, []byte(secret))
			h.Write(body)
			if secret != "" && want < 0 && base64.StdEncoding.EncodeToString(h.Sum(nil)) == mac {
				want = i
			}
		}
		kept := bytes.Clone(body)
		got, err := shopify.Verify(secrets, body, mac)
		if got != want || (err == nil) != (want >= 0) {
			t.Fatalf("Verify(%q, %q, %q) = %d, %v; want %d", secrets, body, mac, got, err, want)
		}
		if !bytes.Equal(kept, body) {
			t.Fatal("the body was changed")
		}
		for i, secret := range secrets {
			if secret == "" {
				continue
			}
			if which, err := shopify.Verify(secrets[i:i+1], body, shopify.Sign(secret, body)); err != nil || which != 0 {
				t.Fatalf("own signature: %d, %v", which, err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 400)
	mac := shopify.Sign("secret", body)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := shopify.Verify([]string{"secret", "previous"}, body, mac); err != nil {
			b.Fatal(err)
		}
	}
}
