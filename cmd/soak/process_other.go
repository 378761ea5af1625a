//go:build !unix

package main

import (
	"context"
	"errors"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

func (*server) standStill(context.Context) (func() error, error) { return nil, errors.ErrUnsupported }
