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

// slots counts what is being answered for long: most of it in all, mostEach for one account.
type slots struct {
	most, mostEach int

	mu        sync.Mutex
	all       int
	byAccount map[uuid.UUID]int
}

// taken says who has all the places.
type taken int

const (
	takenByNobody  taken = iota // there was one left
	takenByAccount              // the account that asks
	takenByAll
)

// enter takes a place for the account; release gives it back, and is nil when all are taken.
func (s *slots) enter(account uuid.UUID) (release func(), by taken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.byAccount[account] >= s.mostEach:
		return nil, takenByAccount
	case s.all >= s.most:
		return nil, takenByAll
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
	}, takenByNobody
}

// count is how many places are taken.
func (s *slots) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}
