// Package cmd is the command line: one file a command, the configuration, and
// the lifecycle of the service.
//
//	arguments, environment, config.yaml
//	        ▼
//	     Config ──► open store ──► app ──► jobs runner ──► HTTP server ──► ready
//	                                                                        │ SIGTERM
//	     exit 0 ◄── close store ◄── stop jobs (soft, then cancel) ◄── drain HTTP
//
// Everything is wired here and nowhere else: the packages below take a Config
// and their dependencies and know neither flags nor files. keys.go holds the one
// table of settings, out of which come the defaults, the environment names, the
// flags, config.example.yaml and docs/configuration.md.
//
// A command parses, opens what it needs, calls one use case and prints. Results
// go to stdout, everything else to stderr. An error is one line on stderr that
// says what is wrong and how to mend it; the exit code is 0 for success, 1 when
// something failed, and 2 when the command or the configuration was wrong.
package cmd
