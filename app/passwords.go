package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
)

// passwordParams are what a hash costs: 64 MiB and one pass over them, as RFC 9106 advises where memory is what there is. The
// threads are a number of ours and not that of this machine's processors, so that every account's hash takes the same work.
var passwordParams = argon2id.Params{Memory: 64 << 10, Iterations: 1, Parallelism: 2, SaltLength: 16, KeyLength: 32}

// nobodysHash is compared with where no account has the e-mail, so that such an answer costs the same. No password is known
// that would give its key.
func nobodysHash() string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$bm9ib2R5IGhhcyB0aGlzIQ$C6B0mQxcFJzqRxQ1K3vJ0y0u2nS3cZ7oQ3l5m0r8p9E",
		passwordParams.Memory, passwordParams.Iterations, passwordParams.Parallelism)
}

const (
	hashesAtOnce = 2               // 128 MiB of memory
	hashPatience = 3 * time.Second // that one waits for its turn; each takes about a twentieth of a second
)

// passwords hashes, a few at once.
type passwords struct {
	turns    *semaphore.Weighted
	patience time.Duration
	done     atomic.Int64 // hashes computed: what guessing has cost
}

func newPasswords() passwords {
	return passwords{turns: semaphore.NewWeighted(hashesAtOnce), patience: hashPatience}
}

// hash is what is stored of a password.
func (p *passwords) hash(ctx context.Context, password string) (hash string, err error) {
	err = p.inTurn(ctx, func() error {
		p.done.Add(1)
		hash, err = argon2id.CreateHash(password, &passwordParams)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("password: hash: %w", err)
	}
	return hash, nil
}

// match tells whether the password is the one of the hash. Where none was chosen yet, none is, which takes as long to find out. first is
// called when the turn has come, and ends it with its error: what it does is done no faster than passwords are hashed.
func (p *passwords) match(ctx context.Context, password, hash string, first func() error) (same bool, err error) {
	if strings.HasPrefix(hash, linkPrefix) {
		_, err := p.match(ctx, password, nobodysHash(), first)
		return false, err
	}
	err = p.inTurn(ctx, func() error {
		if err := first(); err != nil {
			return err
		}
		p.done.Add(1)
		same, err = argon2id.ComparePasswordAndHash(password, hash)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("password: compare: %w", err)
	}
	return same, nil
}

func (p *passwords) inTurn(ctx context.Context, work func() error) error {
	patience, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	if err := p.turns.Acquire(patience, 1); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return &Error{Kind: Busy, Code: "sign_in_busy", Err: err}
		}
		return err
	}
	defer p.turns.Release(1)
	return work()
}
