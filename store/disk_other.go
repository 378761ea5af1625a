//go:build !linux && !darwin && !freebsd

package store

import "errors"

func statSpace(string) (Space, error) { return Space{}, errors.ErrUnsupported }
