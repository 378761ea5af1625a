package shopify

import (
	"sync"
	"time"
)

// Way is how a store's orders are asked for. Apps of after 2025 may be refused
// the orders of REST while GraphQL shows them all.
type Way string

// The ways.
const (
	WayREST    Way = "rest"
	WayGraphQL Way = "graphql"
)

const (
	graphPage      = 100 // orders a page begins with
	smallestPage   = 5   // to which it is halved
	graphMemory    = time.Hour
	maxGraphStates = 10_000 // far more accounts than one process has
)

// graphState is what was learnt about an account from its refusals: how many
// orders fit into a page, and which fields are refused. It is learnt anew after
// an hour, for approvals come and plans change.
type graphState struct {
	page    int
	without map[string]bool
	until   time.Time
}

// graphStates are those of all accounts.
type graphStates struct {
	mu  sync.Mutex
	all map[account]graphState
}

func (g *graphStates) of(a account, now time.Time) graphState {
	g.mu.Lock()
	defer g.mu.Unlock()
	if st, known := g.all[a]; known && now.Before(st.until) {
		return st
	}
	return graphState{page: graphPage}
}

// note keeps what is known now. Its maps are never changed afterwards.
func (g *graphStates) note(a account, st graphState, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.all) >= maxGraphStates {
		clear(g.all)
	}
	if old, known := g.all[a]; known && now.Before(old.until) {
		st.until = old.until
	} else {
		st.until = now.Add(graphMemory)
	}
	g.all[a] = st
}

// refusing is the state with more fields refused.
func (st graphState) refusing(paths []string) graphState {
	more := make(map[string]bool, len(st.without)+len(paths))
	for p := range st.without {
		more[p] = true
	}
	for _, p := range paths {
		more[p] = true
	}
	st.without = more
	return st
}
