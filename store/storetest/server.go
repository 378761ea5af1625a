package storetest

import (
	"os"
	"testing"
)

// What tests are told of PostgreSQL by the environment.
const (
	serverEnv = "PROBABILITY_TEST_POSTGRES"  // the address of a server on which databases may be made and dropped
	switchEnv = "PROBABILITY_POSTGRES_TESTS" // "off": leave these tests out
)

// server is the address of a PostgreSQL server for tests. Without one the test fails, unless such tests are switched off: a half
// that nobody runs would break without anybody seeing it.
func server(tb testing.TB) string {
	tb.Helper()
	if os.Getenv(switchEnv) == "off" {
		tb.Skip(switchEnv + "=off: not tried on PostgreSQL")
	}
	url := os.Getenv(serverEnv)
	if url == "" {
		tb.Fatalf("no PostgreSQL to test on: set %s to the address of a server, such as postgres://postgres@localhost:5432/postgres, or %s=off to leave its tests out", serverEnv, switchEnv)
	}
	return url
}
