package score

import (
	_ "embed"
	"strings"
)

//go:embed data/disposable.txt
var disposableLines lines

// emailOf splits an address into what is before and behind its @, folded; ok is false for what is none.
func emailOf(text string) (local, domain string, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > maxText {
		return "", "", false
	}
	at := strings.LastIndexByte(text, '@')
	if at < 1 {
		return "", "", false
	}
	local, domain = text[:at], strings.TrimSuffix(text[at+1:], ".")
	dot := strings.LastIndexByte(domain, '.')
	if dot < 1 || dot == len(domain)-1 || strings.ContainsAny(domain, " @") {
		return "", "", false
	}
	return local, domain, true
}

// isDisposable tells whether a domain, or one above it, gives mailboxes that are thrown away.
func isDisposable(domain string) bool {
	for domain != "" {
		if disposableLines.has(domain) {
			return true
		}
		_, above, _ := strings.Cut(domain, ".")
		if strings.IndexByte(above, '.') < 0 {
			return false
		}
		domain = above
	}
	return false
}

// sameEmail is one spelling for the addresses that lead to one mailbox: Google ignores dots, and it and some others what is
// behind a plus.
func sameEmail(local, domain string) string {
	switch domain {
	case "googlemail.com", "gmail.com":
		local, _, _ = strings.Cut(local, "+")
		return strings.ReplaceAll(local, ".", "") + "@gmail.com"
	case "outlook.com", "outlook.es", "hotmail.com", "hotmail.es", "live.com", "icloud.com", "me.com", "proton.me", "protonmail.com":
		local, _, _ = strings.Cut(local, "+")
	}
	return local + "@" + domain
}
