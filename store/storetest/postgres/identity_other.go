//go:build !unix

package postgres

import (
	"errors"
	"syscall"
)

// identity would be the user that a server runs as.
type identity struct{}

func unprivileged(string) (identity, error) {
	return identity{}, errors.New("a server for tests can be started on Unix only; name a running one in " + envServer)
}

func (identity) own(string) error { return errors.ErrUnsupported }

func (identity) attributes() *syscall.SysProcAttr { return nil }
