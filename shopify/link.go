package shopify

import (
	"net/url"
	"strings"
)

// maxCursor bounds the query of a page; real ones have a few hundred bytes.
const maxCursor = 8 << 10

// nextCursor returns the raw query of the page that follows, "" at the end. The
// link must lead to the store: page is the URL that was asked for, shop the
// domain, sent the cursor that was sent. Of the link only the query is used; the
// path stays our own. A header that cannot be read is an error and not the end:
// taking it for the end would lose orders in silence.
func nextCursor(headers []string, page *url.URL, shop, sent string) (string, Kind, error) {
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
	if link.User != nil || !sameHost(link, page.Scheme, page.Host) && !sameHost(link, "https", shop) {
		return "", KindForeignLink, errLinkHost
	}
	info := pageInfo(link.RawQuery)
	if info == "" {
		return "", KindForeignLink, errNoCursor
	}
	if sent != "" && info == pageInfo(sent) {
		return "", KindForeignLink, errSelfLink
	}
	return link.RawQuery, "", nil
}

func sameHost(u *url.URL, scheme, host string) bool {
	return strings.EqualFold(u.Scheme, scheme) && strings.EqualFold(u.Host, host)
}

// pageInfo returns the page_info of a query, "" when it has none or is no query.
func pageInfo(query string) string {
	if len(query) > maxCursor {
		return ""
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	return values.Get("page_info")
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
