package app_test

import (
	"os"
	"testing"

	"probability/app"
)

func TestMain(m *testing.M) {
	app.CheapenPasswords()
	os.Exit(m.Run())
}

func TestPasswords_AreHardToHash(t *testing.T) {
	t.Parallel()
	if p := app.PasswordParams; p.Memory < 64<<10 || p.Iterations < 1 || p.SaltLength < 16 || p.KeyLength < 32 {
		t.Errorf("a hash costs only %+v", p)
	}
}
