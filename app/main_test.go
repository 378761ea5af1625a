package app_test

import (
	"flag"
	"os"
	"testing"

	"probability/app"
)

func TestMain(m *testing.M) {
	app.CheapenPasswords()
	// Half of rapid's own number: each draw writes to a database, which the race detector makes ten times as slow. A flag wins.
	if err := flag.Set("rapid.checks", "50"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestPasswords_AreHardToHash(t *testing.T) {
	t.Parallel()
	if p := app.PasswordParams; p.Memory < 64<<10 || p.Iterations < 1 || p.SaltLength < 16 || p.KeyLength < 32 {
		t.Errorf("a hash costs only %+v", p)
	}
}
