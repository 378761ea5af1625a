package app_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"probability/app"
	"probability/store/storetest"
)

func TestMain(m *testing.M) {
	app.CheapenPasswords()
	// rapid's own number, and half of it with the race detector. A flag wins.
	if err := flag.Set("rapid.checks", strconv.Itoa(storetest.Size(100, 50))); err != nil {
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
