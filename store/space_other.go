//go:build !linux && !darwin

package store

import "errors"

// spaceOf does not know this system. What the database itself says about room is all that is known there.
func spaceOf(string) (Space, error) { return Space{}, errors.ErrUnsupported }
