package web

import (
	"io"
	"net/netip"
	"sync"
	"time"

	"probability/app"
)

// bodyBudget is how many bytes of webhooks may be in memory at once. Anybody can send a body, and only the whole of
// it can be verified, so without a bound strangers could fill the memory.
const bodyBudget = 64 << 20

// budget counts bytes that are in use, up to a bound, and up to a smaller one for each peer: one that is slow, or means harm,
// must not hold all of it.
type budget struct {
	most, mostEach int64

	mu   sync.Mutex
	used int64
	of   map[netip.Prefix]int64
}

// take reserves n bytes for a peer, or none when that would be too many.
func (b *budget) take(peer netip.Prefix, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.most || b.of[peer]+n > b.mostEach {
		return false
	}
	if b.of == nil {
		b.of = make(map[netip.Prefix]int64)
	}
	b.used += n
	b.of[peer] += n
	return true
}

// give returns a peer's bytes.
func (b *budget) give(peer netip.Prefix, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.of[peer] -= n; b.of[peer] <= 0 {
		delete(b.of, peer)
	}
}

// peerOf is whom an address stands for: with IPv6 whoever has one has its whole /64.
func peerOf(address string) netip.Prefix {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{} // all who cannot be told apart are one
	}
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// metered is a body whose bytes are taken from a budget as they arrive: what is only announced costs nothing.
type metered struct {
	io.ReadCloser
	budget *budget
	peer   netip.Prefix
	taken  int64
}

// Read fails with Busy when the budget is used up.
func (m *metered) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if n > 0 && !m.budget.take(m.peer, int64(n)) {
		return 0, &app.Error{Kind: app.Busy, Code: "webhook_not_stored", Detail: "too many bodies at once", RetryAfter: 5 * time.Second}
	}
	m.taken += int64(max(n, 0))
	return n, err
}

// release gives the body's bytes back; the body must not be used any more.
func (m *metered) release() { m.budget.give(m.peer, m.taken) }
