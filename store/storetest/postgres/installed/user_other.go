//go:build !unix

package installed

import (
	"errors"
	"syscall"
)

// User would be whom a server runs as.
type User struct{}

// Unprivileged fails: a server of one's own can be started on Unix only.
func Unprivileged(string) (User, error) {
	return User{}, errors.New("a server of one's own can be started on Unix only")
}

// Own fails, as Unprivileged has.
func (User) Own(string) error { return errors.ErrUnsupported }

// Attributes are none.
func (User) Attributes() *syscall.SysProcAttr { return nil }
