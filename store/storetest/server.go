package storetest

import (
	"testing"

	"probability/store/storetest/postgres"
)

// server is the address of a PostgreSQL server for tests, on which databases may be made and dropped. Without one the test fails,
// unless such tests are switched off: a half that nobody runs would break without anybody seeing it.
func server(tb testing.TB) string {
	tb.Helper()
	return postgres.URL(tb)
}
