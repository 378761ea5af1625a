package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// selectProof reads the known value that proves the key.
const selectProof = `SELECT value FROM meta WHERE name = 'key_proof'`

// keyTries is how often something is tried while the key changes under it.
const keyTries = 3

// keys is the keyring of an open store. Another process may rotate the key meanwhile: whoever then meets a value that does
// not open looks at the key files again.
type keys struct {
	dir     folder
	current atomic.Pointer[keyring]
	looking sync.Mutex
}

// withKey runs fn with the key of the database. When that is another one by now, fn runs again with the one that the key
// files hold; so it has to read anew, from q, what it opens.
func (s *Store) withKey(ctx context.Context, q querier, fn func(k *keyring) error) error {
	for try := 1; ; try++ {
		k := s.keys.current.Load()
		err := fn(k)
		if try == keyTries || !errors.Is(err, errSealBroken) && !errors.Is(err, ErrWrongKey) {
			return err
		}
		changed, lookErr := s.keys.look(ctx, q, k)
		if lookErr != nil || !changed {
			return errors.Join(err, lookErr)
		}
	}
}

// look takes the key that proves for the database as q sees it, and tells whether that is another one than was used.
func (ks *keys) look(ctx context.Context, q querier, used *keyring) (changed bool, err error) {
	ks.looking.Lock()
	defer ks.looking.Unlock()
	if ks.current.Load() != used {
		return true, nil // somebody else has looked
	}
	proof, err := get(ctx, q, "key proof", scanOne[[]byte], selectProof)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if used.proves(proof) {
		return false, nil
	}
	k := ks.dir.provingKey(proof)
	if k == nil {
		return false, nil
	}
	ks.current.Store(k)
	return true, nil
}

// seal encrypts a value for a place under the key that the database has in this transaction. Places that hold such values
// stand in sealedPlaces, so that a rotation finds them.
func (tx *Tx) seal(ctx context.Context, place string, plain []byte) (sealed []byte, err error) {
	err = tx.store.withKey(ctx, tx.tx, func(k *keyring) (err error) {
		if sealed, err = k.seal(place, plain); err != nil {
			return err
		}
		return tx.proveKey(ctx, k)
	})
	return sealed, err
}

// proveKey stores the known value of the key unless there is one, and fails when the one that is there is another key's.
func (tx *Tx) proveKey(ctx context.Context, k *keyring) error {
	sealed, err := k.sealProof()
	if err != nil {
		return err
	}
	if _, err := tx.tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('key_proof', $1) ON CONFLICT (name) DO NOTHING`, sealed); err != nil {
		return failed("key proof", err)
	}
	proof, err := get(ctx, tx.tx, "key proof", scanOne[[]byte], selectProof)
	if err != nil {
		return err
	}
	if !k.proves(proof) {
		return fmt.Errorf("key proof: %w", ErrWrongKey)
	}
	return nil
}
