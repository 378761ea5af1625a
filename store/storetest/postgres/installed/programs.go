// Package installed finds the PostgreSQL server that the system has, and whom it can run as. It is for whoever starts one of their own
// and throws it away: tests, and the trials of cmd/soak.
package installed

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// ErrMissing says that the system has no server.
var ErrMissing = errors.New("there is no PostgreSQL server in PATH or /usr/lib/postgresql: apt-get install --no-install-recommends postgresql")

// Programs is the folder of the server's programs: the one in PATH, else the newest that a distribution has installed; ErrMissing when
// there is none.
func Programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return "", err
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "postgres")); err == nil {
			return filepath.Dir(path), nil
		}
	}
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(installed) == 0 {
		return "", ErrMissing
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	newest := slices.MaxFunc(installed, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}
