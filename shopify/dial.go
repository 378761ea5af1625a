package shopify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// errNotPublic is the cause when a store's name leads into a private network.
var errNotPublic = errors.New("the store's name leads to an address that is not public")

// notPublic are the networks where no store can be, although they look like others: private ones, this machine, those between
// a provider and its customers, addresses that are wrapped in others, and what is set apart for documentation. Of IPv6 only
// the part that is handed out is public at all, see isPublic.
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// handedOut is where all public addresses of IPv6 are. NAT64 (64:ff9b::/96), mapped IPv4, local and multicast ones are outside.
var handedOut = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// isPublic tells whether a store may be at the address.
func isPublic(ip netip.Addr) bool {
	if !ip.Is4() && !handedOut.Contains(ip) { // an address with a zone is in no network
		return false
	}
	for _, p := range notPublic {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// dialPublic connects to public addresses only, whatever a name leads to at this moment: what is checked is the address of
// the connection itself, so a name that leads elsewhere a moment later gains nothing. The operator's proxy may be anywhere.
func dialPublic(ctx context.Context, network, address string) (net.Conn, error) {
	d := newDialer()
	if address != proxyAddress() {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !isPublic(at.Addr()) {
				return errNotPublic
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}

// proxyAddress is where the environment says that calls to stores go through, "" without a proxy.
func proxyAddress() string {
	u, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: "any" + shopSuffix}})
	if err != nil || u == nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func newDialer() *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
}
