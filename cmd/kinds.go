package cmd

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"probability/store"
)

// kind turns the text of a setting into its value. An error says what was
// expected and never repeats the text, because the text may be a secret.
type kind func(text string) (any, error)

func address() kind {
	return func(text string) (any, error) {
		host, port, err := net.SplitHostPort(text)
		if err != nil || strings.ContainsAny(host, " /@") {
			return nil, errors.New("expected host:port, such as 127.0.0.1:8080")
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, errors.New("expected a port from 0 to 65535 after the colon")
		}
		return text, nil
	}
}

// publicURL takes a path as well, which a proxy before the service takes off.
func publicURL() kind {
	return func(text string) (any, error) {
		if text == "" {
			return "", nil
		}
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Hostname() == "" || u.User != nil:
			return nil, errors.New("expected a URL such as https://orders.example.com")
		case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
			return nil, errors.New("expected https:// (http:// only for localhost), as Shopify delivers webhooks to nothing else")
		case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
			return nil, errors.New("expected scheme, host and perhaps a path, without query and fragment")
		}
		return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/"), nil
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

func prefixes() kind {
	return func(text string) (any, error) {
		list := []netip.Prefix{}
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			p, err := netip.ParsePrefix(part)
			if err != nil {
				return nil, errors.New("expected a list of CIDRs such as 10.0.0.0/8 (one address is 10.0.0.1/32)")
			}
			list = append(list, p.Masked())
		}
		return list, nil
	}
}

// folder refuses a leading ~, which only a shell expands: taken as it is, it
// would quietly make a folder of that name.
func folder() kind {
	return func(text string) (any, error) {
		if text == "" || strings.HasPrefix(text, "~") || strings.ContainsRune(text, 0) {
			return nil, errors.New("expected the path of a folder (~ is not expanded)")
		}
		return text, nil
	}
}

// file is folder for a file that need not be there.
func file() kind {
	return func(text string) (any, error) {
		if text == "" {
			return "", nil
		}
		if _, err := folder()(text); err != nil {
			return nil, errors.New("expected the path of a file (~ is not expanded)")
		}
		return text, nil
	}
}

func email() kind {
	return func(text string) (any, error) {
		if text == "" {
			return "", nil
		}
		if addr, err := mail.ParseAddress(text); err != nil || addr.Address != text {
			return nil, errors.New("expected an e-mail address such as me@example.com")
		}
		return text, nil
	}
}

// databaseURL leaves it to the driver what an address may say.
func databaseURL() kind {
	return func(text string) (any, error) {
		if text == "" {
			return Secret(""), nil
		}
		if _, err := store.ServerOf(text); err != nil {
			return nil, errors.New("expected an address such as postgres://ROLE:SECRET@host:5432/database?sslmode=verify-full; " +
				"what is special in the secret is written as in every URL, @ as %40")
		}
		return Secret(text), nil
	}
}

// encryptionKey takes standard and URL-safe base64, padded or not: which one a
// generator prints is nothing an operator should have to know.
func encryptionKey() kind {
	return func(text string) (any, error) {
		if text == "" {
			return Key(nil), nil
		}
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		raw, err := base64.RawStdEncoding.DecodeString(plain)
		if err != nil {
			return nil, errors.New("expected 32 bytes in base64, such as `openssl rand -base64 32` prints")
		}
		if len(raw) != 32 {
			return nil, fmt.Errorf("expected 32 bytes in base64, such as `openssl rand -base64 32` prints; these are %d bytes", len(raw))
		}
		return Key(raw), nil
	}
}

func apiVersion() kind {
	format := regexp.MustCompile(`^(20\d\d-(0[1-9]|1[0-2])|unstable)$`)
	return func(text string) (any, error) {
		if !format.MatchString(text) {
			return nil, errors.New("expected year-month, such as 2026-10")
		}
		return text, nil
	}
}

func appSecret() kind {
	return func(text string) (any, error) {
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, errors.New("expected the secret as Shopify shows it, without blanks")
		}
		return Secret(text), nil
	}
}

func endpoint() kind {
	return func(text string) (any, error) {
		u, err := url.Parse(strings.ReplaceAll(text, "{shop}", "a.myshopify.com"))
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" ||
			u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.ContainsAny(text, "# ") {
			return nil, errors.New("expected a base URL such as https://{shop} or http://127.0.0.1:9999/{shop}")
		}
		return strings.TrimRight(text, "/"), nil
	}
}

// duration takes zero only where zero turns something off.
func duration(zero bool) kind {
	return func(text string) (any, error) {
		d, err := parseDuration(text)
		if err != nil {
			return nil, err
		}
		if d == 0 && !zero {
			return nil, errors.New("expected a duration above 0")
		}
		return d, nil
	}
}

// parseDuration reads Go's durations with days before them, as in 90d or 1d12h.
// Negative ones make no sense anywhere here.
func parseDuration(text string) (time.Duration, error) {
	wrong := errors.New("expected a duration such as 90d, 1d12h, 15m or 30s")
	n, rest, found := strings.Cut(text, "d")
	if !found {
		n, rest = "0", text
	}
	const day = 24 * time.Hour
	whole, err := strconv.ParseUint(n, 10, 32)
	if err != nil || whole > uint64(math.MaxInt64/day) {
		return 0, wrong
	}
	days := time.Duration(whole) * day
	if found && rest == "" {
		return days, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > math.MaxInt64-days {
		return 0, wrong
	}
	return days + d, nil
}

func count(limit int) kind {
	return func(text string) (any, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > limit {
			return nil, fmt.Errorf("expected a whole number from 0 to %d", limit)
		}
		return n, nil
	}
}

func level() kind {
	names := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	return func(text string) (any, error) {
		l, ok := names[strings.ToLower(text)]
		if !ok {
			return nil, errors.New("expected debug, info, warn or error")
		}
		return l, nil
	}
}

// oneOf takes one of the names, or nothing.
func oneOf(names ...string) kind {
	return func(text string) (any, error) {
		if text != "" && !slices.Contains(names, strings.ToLower(text)) {
			return nil, errors.New("expected " + strings.Join(names, " or "))
		}
		return strings.ToLower(text), nil
	}
}
