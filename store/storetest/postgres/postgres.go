package postgres

import (
	"os"
	"sync"
	"testing"
)

// Names in the environment.
const (
	envSwitch = "PROBABILITY_POSTGRES_TESTS" // off: leave the tests out
	envServer = "PROBABILITY_TEST_POSTGRES"  // a server to use instead of starting one
)

// shared is the one server of this test binary.
var shared struct {
	once   sync.Once
	server *Server // kept, since the garbage collector would close the pipe that it lives by
	err    error
}

// URL is the address of a database on the server of this test binary, for a role that may make others. It is started when it is
// first asked for. Tests of one binary share it, so each makes a database of its own.
func URL(tb testing.TB) string {
	tb.Helper()
	LeftOut(tb)
	if own := os.Getenv(envServer); own != "" {
		return own
	}
	shared.once.Do(func() { shared.server, shared.err = start(tb.Context(), false) })
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server.URL()
}

// Start starts a server for one test, that writes to the disk what it says is written, and stops it when the test ends. It is for
// tests that kill it.
func Start(tb testing.TB) *Server {
	tb.Helper()
	LeftOut(tb)
	s, err := start(tb.Context(), true)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return s
}

// LeftOut skips a test that needs PostgreSQL when the environment says to.
func LeftOut(tb testing.TB) {
	tb.Helper()
	if os.Getenv(envSwitch) == "off" {
		tb.Skipf("the tests on PostgreSQL are left out: %s=off", envSwitch)
	}
}
