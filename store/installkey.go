package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
)

// installKey is a key of the installation for hashes that are stored. It is made once, sealed in meta, and never changes: not with
// the encryption key either, or nothing that was hashed could be found again.
type installKey struct {
	name string // of its row in meta

	mu  sync.Mutex
	key []byte
}

// place is what its sealed value is bound to.
func (k *installKey) place() string { return "meta|" + k.name }

func (k *installKey) get() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.key
}

func (k *installKey) set(key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.key = key
}

// readInstallKey opens a key; ErrNotFound when there is none yet.
func (s *Store) readInstallKey(ctx context.Context, q querier, ik *installKey) ([]byte, error) {
	if key := ik.get(); key != nil {
		return key, nil
	}
	op := "meta: " + ik.name
	var key []byte
	err := s.withKey(ctx, q, func(k *keyring) error {
		sealed, err := get(ctx, q, op, scanOne[[]byte], `SELECT value FROM meta WHERE name = $1`, ik.name)
		if err != nil {
			return err
		}
		if key, err = k.open(ik.place(), sealed); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, own := q.(txQuerier); !own { // what a transaction made may be rolled back
		ik.set(key)
	}
	return key, nil
}

// makeInstallKey reads a key, or makes it.
func (tx *Tx) makeInstallKey(ctx context.Context, ik *installKey) ([]byte, error) {
	op := "meta: make " + ik.name
	key, err := tx.store.readInstallKey(ctx, txQuerier{tx.tx}, ik)
	if err == nil {
		tx.keep(ik, key)
		return key, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	key = make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	sealed, err := tx.seal(ctx, ik.place(), key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)`, ik.name, sealed)
	return key, failed(op, err)
}

// keep remembers a key for those after this transaction, once it is committed.
func (tx *Tx) keep(ik *installKey, key []byte) {
	if ik.get() == nil {
		tx.committed = append(tx.committed, func() { ik.set(key) })
	}
}
