package shopify

import (
	"net/url"
	"strings"
)

// maxCursor bounds the query of a page; real ones have a few hundred bytes.
const maxCursor = 8 << 10

// nextCursor returns the raw query of the page that follows, "" at the end. The
// link must lead to the store: page is the URL that was asked for, shop the
// domain. Of the link only the query is used; host and path stay our own. A header
// that cannot be read is an error and not the end: taking it for the end would lose
// orders in silence.
func nextCursor(headers []string, page *url.URL, shop string) (string, Kind, error) {
	target, ok := findNext(strings.Join(headers, ","))
	if !ok {
		return "", KindUnavailable, errBadLink
	}
	if target == "" {
		return "", "", nil
	}
	link, err := page.Parse(target)
	if err != nil {
		return "", KindForeignLink, errBadLink
	}
	if link.User != nil || !sameHost(link, page.Scheme, page.Host) && !sameHost(link, "https", page.Host) && !sameHost(link, "https", shop) {
		return "", KindForeignLink, errLinkHost
	}
	place := placeOf(link.RawQuery)
	if place == "" {
		return "", KindForeignLink, errNoCursor
	}
	if place == placeOf(page.RawQuery) {
		return "", KindForeignLink, errSelfLink
	}
	return link.RawQuery, "", nil
}

func sameHost(u *url.URL, scheme, host string) bool {
	return strings.EqualFold(u.Scheme, scheme) && strings.EqualFold(u.Host, host)
}

// placeOf returns what a query says of its place in the list: its page_info, or
// all of it when it has none, since a link is followed as it was given. "" when it
// says nothing or is no query.
func placeOf(query string) string {
	if len(query) > maxCursor {
		return ""
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	if info, ok := values["page_info"]; ok {
		return info[0]
	}
	return query
}

// findNext returns the target of the link with rel="next", "" when there is
// none. The header is a list of <target>; name="value"; … with commas allowed
// inside targets and quotes, and relations in any order. With ok false the
// header is malformed.
func findNext(header string) (target string, ok bool) {
	rest := header
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" {
			return target, true
		}
		if rest[0] != '<' {
			return "", false
		}
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return "", false
		}
		link := rest[1:end]
		var rel string
		rel, rest, ok = relation(rest[end+1:])
		if !ok {
			return "", false
		}
		if target == "" && isNext(rel) {
			if link == "" {
				return "", false
			}
			target = link
		}
	}
}

// relation reads the parameters of one link and returns its rel, the first if
// there are several, and what follows the link.
func relation(s string) (rel, rest string, ok bool) {
	found := false
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == ',' {
			return rel, s, true
		}
		if s[0] != ';' {
			return "", "", false
		}
		s = strings.TrimLeft(s[1:], " \t")
		at := strings.IndexAny(s, "=;,")
		if at < 0 || s[at] != '=' { // a parameter without a value
			if at < 0 {
				at = len(s)
			}
			s = s[at:]
			continue
		}
		name := strings.TrimSpace(s[:at])
		s = strings.TrimLeft(s[at+1:], " \t")
		var value string
		if strings.HasPrefix(s, `"`) {
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				return "", "", false
			}
			value, s = s[1:1+end], s[end+2:]
		} else {
			end := strings.IndexAny(s, ";,")
			if end < 0 {
				end = len(s)
			}
			value, s = strings.TrimSpace(s[:end]), s[end:]
		}
		if !found && strings.EqualFold(name, "rel") {
			rel, found = value, true
		}
	}
}

func isNext(rel string) bool {
	for name := range strings.FieldsSeq(rel) {
		if strings.EqualFold(name, "next") {
			return true
		}
	}
	return false
}
