package web

import (
	"sync"

	"github.com/google/uuid"
)

// Exports at once. Each uses one of the four connections that serve lists, so one always stays free, and the second
// bound keeps one account from taking the exports of all others.
const (
	maxExports        = 3
	maxAccountExports = 2
)

// exportSlots counts the exports that are being written.
type exportSlots struct {
	mu        sync.Mutex
	all       int
	byAccount map[uuid.UUID]int
}

// enter takes a place for the account; release gives it back. false: all are taken.
func (s *exportSlots) enter(account uuid.UUID) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxExports || s.byAccount[account] >= maxAccountExports {
		return nil, false
	}
	if s.byAccount == nil {
		s.byAccount = map[uuid.UUID]int{}
	}
	s.all++
	s.byAccount[account]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.byAccount[account]--; s.byAccount[account] == 0 {
			delete(s.byAccount, account)
		}
	}, true
}
