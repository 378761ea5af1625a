package web

import (
	"io"
	"sync/atomic"
	"time"

	"probability/app"
)

// bodyBudget is how many bytes of webhooks may be in memory at once. Anybody can send a body, and only the whole of
// it can be verified, so without a bound strangers could fill the memory.
const bodyBudget = 64 << 20

// budget counts bytes that are in use, up to a bound.
type budget struct {
	most int64
	used atomic.Int64
}

// take reserves n bytes, or none when that would be too many.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) <= b.most {
		return true
	}
	b.used.Add(-n)
	return false
}

// metered is a body whose bytes are taken from a budget as they arrive: what is only announced costs nothing.
type metered struct {
	io.ReadCloser
	budget *budget
	taken  int64
}

// Read fails with Busy when the budget is used up.
func (m *metered) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if n > 0 && !m.budget.take(int64(n)) {
		return 0, &app.Error{Kind: app.Busy, Code: "webhook_not_stored", Detail: "too many bodies at once", RetryAfter: 5 * time.Second}
	}
	m.taken += int64(max(n, 0))
	return n, err
}

// release gives the body's bytes back; the body must not be used any more.
func (m *metered) release() { m.budget.used.Add(-m.taken) }
