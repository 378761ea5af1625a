//go:build !unix

package main

import (
	"context"
	"errors"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// serverUser would be whom a database server runs as.
type serverUser struct{}

func newServerUser(string) (serverUser, error) {
	return serverUser{}, errors.New("a database server can be tried on Unix only")
}

func (serverUser) own(string) error                 { return errors.ErrUnsupported }
func (serverUser) attributes() *syscall.SysProcAttr { return nil }

func (*server) standStill(context.Context) (func() error, error) { return nil, errors.ErrUnsupported }
