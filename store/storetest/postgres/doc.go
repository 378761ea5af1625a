// Package postgres gives tests a throw-away PostgreSQL server: one for each test binary, started when the first test asks for it
// and gone, with its files, when the binary ends, however it ends.
//
//	test binary ──pipe──▶ sh ──▶ postgres        the shell reads the pipe; when it is closed, by whoever dies,
//	                                             it stops the server and removes the folder
//
// The programs are looked for in PATH and in /usr/lib/postgresql/*/bin. Where there are none the tests fail, since a test that
// quietly does nothing proves nothing; PROBABILITY_POSTGRES_TESTS=off leaves them out, and says so. PROBABILITY_TEST_POSTGRES
// names a server that runs already, with a role that may make databases, and then none is started.
package postgres
