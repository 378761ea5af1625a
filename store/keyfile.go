package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// keyFileLimit is more than a key file can have.
const keyFileLimit = 4096

// openKeys finds the key and holds it against the proof in the database. A rotation that was killed is finished first. The
// cases without a key file:
//
//   - secrets are stored: ErrKeyLost, for a new key would open none of them;
//   - a service runs on the folder, so with a key that it was given otherwise: go on without a key, as accounts need none;
//   - a server's database has its key on other machines: the same for a command, and ErrKeyLost for a service;
//   - else there is nothing to lose: make a key.
//
// The proof is written by the service, or with the first secret, and not by any command that happens to run first, perhaps
// without the settings that the service will have.
func (s *Store) openKeys(ctx context.Context, cfg Config, dir folder, alone bool, log *slog.Logger) error {
	const op = "store: open: key"
	proof, err := get(ctx, s.readers, op, scanOne[[]byte], selectProof)
	proven := err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if proven {
		if err := dir.settleRotation(proof); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	master, fresh, source := cfg.Key, false, "the configured key"
	if master == nil {
		source = dir.key()
		if master, err = readKeyFile(dir.key()); errors.Is(err, fs.ErrNotExist) {
			if master, err = s.newKey(ctx, dir, proven, cfg.Exclusive, alone, log); err == nil {
				fresh = true
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	keys, err := newKeyring(master)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", op, source, err)
	}
	s.keys.dir = dir
	s.keys.current.Store(keys)
	switch {
	case keys.empty():
		return nil
	case proven && !fresh:
		switch {
		case keys.proves(proof):
			return nil
		case cfg.Key != nil && dir.provingKey(proof) != nil:
			return fmt.Errorf("%s: %w", op, ErrKeyInFile)
		}
		return fmt.Errorf("%s: %w: put back the key that was used before; %s does not fit", op, ErrWrongKey, source)
	case cfg.Exclusive || proven:
		return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
			if fresh {
				if _, err := tx.tx.ExecContext(ctx, `DELETE FROM meta WHERE name = 'key_proof'`); err != nil {
					return failed(op, err)
				}
			}
			return tx.proveKey(ctx, keys)
		})
	}
	return nil
}

// newKey makes a key where that loses nothing; nil without an error when the store has to do without.
func (s *Store) newKey(ctx context.Context, dir folder, proven, service, alone bool, log *slog.Logger) ([]byte, error) {
	secrets, err := get(ctx, s.readers, "count secrets", scanOne[int], `SELECT (SELECT count(*) FROM secrets) +
		(SELECT count(*) FROM meta WHERE name IN ($1, $2)) + (SELECT count(*) FROM privacy_requests WHERE subject IS NOT NULL)`, suppressionKeyName, identityKeyName)
	switch {
	case err != nil:
		return nil, err
	case secrets > 0:
		return nil, fmt.Errorf("%w: %d secrets are stored, and %s, which opens them, is not there; put it back", ErrKeyLost, secrets, dir.key())
	case proven && service && s.Engine() == PostgreSQL:
		return nil, fmt.Errorf("%w: this database has been opened with one already, and %s is not there; give this machine the same key", ErrKeyLost, dir.key())
	case proven && !alone:
		return nil, nil
	}
	key, err := makeKeyFile(dir.key())
	if err == nil {
		log.InfoContext(ctx, "made a new encryption key; keep a copy of it apart from the data", "path", dir.key())
	}
	return key, err
}

// readKeyFile reads 32 bytes in base64.
func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, keyFileLimit))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("%w: %s does not hold 32 bytes in base64", ErrWrongKey, path)
	}
	return key, nil
}

// makeKeyFile makes a random key and its file. It is called under the opening lock, with no key there.
func makeKeyFile(path string) ([]byte, error) {
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return key, writeKeyFile(path, key)
}

// writeKeyFile writes a key under another name and gives it its own when it is safe on the disk: a crash leaves a whole key
// or none.
func writeKeyFile(path string, key []byte) error {
	unfinished := path + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write key: %w", err)
	}
	f, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("flush folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("flush folder: %w", err)
	}
	return nil
}
