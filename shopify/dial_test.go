package shopify_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"probability/shopify"
)

func TestIsPublic(t *testing.T) {
	t.Parallel()
	for _, public := range []string{
		"23.227.38.74", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
		"169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255",
		"2620:127:f00f::1", "2001:200::1", "2a00:1450::1", "2003::1",
	} {
		if !shopify.IsPublic(netip.MustParseAddr(public)) {
			t.Errorf("%s is refused", public)
		}
	}
	for what, addresses := range map[string][]string{
		"unspecified":      {"0.0.0.0", "0.1.2.3", "::"},
		"this machine":     {"127.0.0.1", "127.1.2.3", "127.255.255.255", "::1"},
		"private":          {"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "fc00::1", "fd12:3456::1"},
		"link-local":       {"169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0"},
		"a metadata one":   {"fd00:ec2::254", "100.100.100.200", "192.0.0.192"},
		"provider's":       {"100.64.0.1", "100.127.255.255"},
		"multicast":        {"224.0.0.1", "239.255.255.255", "ff02::1"},
		"reserved":         {"240.0.0.1", "255.255.255.255", "198.18.0.1", "198.19.255.255", "192.0.0.1", "fec0::1", "100::1"},
		"documentation":    {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"},
		"mapped IPv4":      {"::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "::ffff:169.254.169.254"},
		"compatible IPv4":  {"::10.0.0.1", "::7f00:1"},
		"NAT64":            {"64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::1.1.1.1", "64:ff9b:1::1"},
		"tunnelled IPv4":   {"2002:0a00:0001::1", "2001:0:4136:e378::1"},
		"with a zone":      {"2620:127:f00f::1%eth0"},
		"anycast of relay": {"192.88.99.1"},
	} {
		for _, address := range addresses {
			if shopify.IsPublic(netip.MustParseAddr(address)) {
				t.Errorf("%s (%s) is taken for public", address, what)
			}
		}
	}
	if shopify.IsPublic(netip.Addr{}) {
		t.Error("no address is taken for a public one")
	}
}

// TestClient_StoresInPrivateNetworksAreNotCalled lets the name of a store lead to a server on this machine, as whoever can change
// what a name leads to would. Not parallel: it changes how names are resolved.
func TestClient_StoresInPrivateNetworksAreNotCalled(t *testing.T) {
	var called atomic.Bool
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Store(true) }))
	defer inside.Close()
	before := net.DefaultResolver
	defer func() { net.DefaultResolver = before }()

	port := strings.TrimPrefix(inside.URL, "http://127.0.0.1")
	for _, leads := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::7f00:1"} {
		net.DefaultResolver = resolverTo(t, netip.MustParseAddr(leads))
		c, err := shopify.NewClient(shopify.Config{Retries: -1}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Shop(t.Context(), shopify.Session{Shop: "a.myshopify.com", Token: "shpat_x"})
		if shopify.KindOf(err) != shopify.KindUnavailable || !strings.Contains(err.Error(), "not public") {
			t.Errorf("a store at %s: got %v, want it refused", leads, err)
		}
	}
	if called.Load() {
		t.Error("a server in a private network was called")
	}

	// A simulator's endpoint is the operator's word, and may be anywhere.
	net.DefaultResolver = resolverTo(t, netip.MustParseAddr("127.0.0.1"))
	c, err := shopify.NewClient(shopify.Config{Retries: -1, Endpoint: "http://{shop}" + port}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Shop(t.Context(), shopify.Session{Shop: "a.myshopify.com", Token: "shpat_x"})
	if !called.Load() {
		t.Error("a simulator on this machine is not called")
	}
}

// resolverTo resolves every name to one address.
func resolverTo(t *testing.T, ip netip.Addr) *net.Resolver {
	t.Helper()
	server, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(query)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(dnsAnswer(query[:n], ip), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// dnsAnswer answers the one question of a query (RFC 1035): with the address when it is of the kind that is asked for.
func dnsAnswer(query []byte, ip netip.Addr) []byte {
	const header, typeA, typeAAAA = 12, 1, 28
	end := header
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	question := query[header : end+5]
	kind := binary.BigEndian.Uint16(query[end+1:])
	fits := kind == typeA && ip.Is4() || kind == typeAAAA && ip.Is6()
	answers := byte(0)
	if fits {
		answers = 1
	}
	out := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0}, question...)
	if fits {
		out = append(out, 0xc0, header, 0, byte(kind), 0, 1, 0, 0, 0, 60, 0, byte(len(ip.AsSlice())))
		out = append(out, ip.AsSlice()...)
	}
	return out
}
