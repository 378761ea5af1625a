package storetest

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"probability/store"
)

// serverDraws is how many draws of a property a server is tried with: each statement is a way there and back, and what the draws are
// about is mostly the same on both engines.
const serverDraws = 25

// Check is rapid.Check of a property of a store, with fewer draws on a server.
func Check(t *testing.T, s *store.Store, prop func(*rapid.T)) {
	t.Helper()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; s.Engine() == store.PostgreSQL && n > serverDraws {
			return
		}
		failed := true
		defer func() {
			if failed { // it is drawn again and made smaller, as often as that takes
				n = math.MinInt
			}
		}()
		prop(rt)
		failed = rt.Failed()
	})
}
