//go:build !linux && !darwin && !freebsd

package store

import "errors"

func statDisk(string) (Disk, error) { return Disk{}, errors.ErrUnsupported }
