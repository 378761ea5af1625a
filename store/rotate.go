package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// sealedPlaces are all columns that hold sealed values, each with the expression of the place that its values are bound to
// and the condition for a row to have one. A rotation goes through them; what is not here would be lost with the old key.
var sealedPlaces = [...]struct{ table, column, place, where string }{
	{"secrets", "value", "'secrets|' || kind || '|' || integration_id", "TRUE"},
	{"meta", "value", "'meta|' || name", "name IN ('suppression_key', 'identity_key')"},
	{"privacy_requests", "subject", "'privacy_requests|subject|' || id", "subject IS NOT NULL"},
}

// rotateWait bounds the waiting for the write lock beside a service that is busy.
const rotateWait = time.Minute

// Rotation is what a rotation of the key did.
type Rotation struct {
	Values     int    // that were encrypted anew
	KeyID      string // names of the new key and of the former one
	FormerID   string
	KeyFile    string
	FormerFile string // where the former key lies now; empty when it was not the file
}

// RotateKey makes a new key, encrypts everything that is sealed under it, in one transaction, and puts it into the key file.
// A service that runs on the folder goes on: it reads the key file again when a value no longer opens. Killed at any point it
// leaves a folder that opens, and can be run again:
//
//	key.next written  the database is the old key's; the next rotation makes another
//	committed         the database is the new key's; whoever opens the folder next finishes the renaming
//	renamed           done
//
// The former key file is kept under another name, since backups that were made before open with nothing else.
func (s *Store) RotateKey(ctx context.Context) (_ Rotation, err error) {
	const op = "key: rotate"
	dir := s.keys.dir
	opening, err := dir.lockOpening(ctx)
	if err != nil {
		return Rotation{}, fmt.Errorf("%s: %w", op, err)
	}
	defer func() { err = errors.Join(err, opening.Close()) }()
	next, err := dir.makeNextKey()
	if err != nil {
		return Rotation{}, fmt.Errorf("%s: %w", op, err)
	}
	r := Rotation{KeyID: next.id, KeyFile: dir.key()}
	begun := time.Now()
	for {
		r.Values, r.FormerID, err = s.reseal(ctx, next)
		if !isBusy(err) || time.Since(begun) > rotateWait || ctx.Err() != nil {
			break // each try has waited for seconds already
		}
	}
	if err != nil {
		return Rotation{}, fmt.Errorf("%s: %w", op, err)
	}
	s.keys.current.Store(next)
	former, err := dir.finishRotation()
	if err != nil {
		return Rotation{}, fmt.Errorf("%s: %w", op, err)
	}
	if former == dir.formerKey(r.FormerID) {
		r.FormerFile = former
	}
	return r, nil
}

// reseal encrypts every sealed value and the proof under another key. It returns how many values there were, and the name of
// the key that they were under.
func (s *Store) reseal(ctx context.Context, next *keyring) (values int, former string, err error) {
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		return s.withKey(ctx, tx.tx, func(k *keyring) error {
			if err := tx.proveKey(ctx, k); err != nil {
				return err
			}
			values, former = 0, k.id
			for _, p := range sealedPlaces {
				n, err := tx.resealColumn(ctx, k, next, p.table, p.column, p.place, p.where)
				if err != nil {
					return err
				}
				values += n
			}
			proof, err := next.sealProof()
			if err != nil {
				return err
			}
			_, err = tx.tx.ExecContext(ctx, `UPDATE meta SET value = $1 WHERE name = 'key_proof'`, proof)
			return failed("key proof", err)
		})
	})
	return values, former, err
}

func (tx *Tx) resealColumn(ctx context.Context, from, to *keyring, table, column, place, where string) (int, error) {
	op := "encrypt " + table + "." + column
	type value struct {
		row    string
		place  string
		sealed []byte
	}
	rows, err := list(ctx, tx.tx, op, func(r row) (v value, err error) {
		err = r.Scan(&v.row, &v.place, &v.sealed)
		return v, err
	}, `SELECT `+tx.dialect().rowID()+`, `+place+`, `+column+` FROM `+table+` WHERE `+column+` IS NOT NULL AND `+where)
	if err != nil {
		return 0, err
	}
	for _, v := range rows {
		plain, err := from.open(v.place, v.sealed)
		if err != nil {
			return 0, fmt.Errorf("%s: %s: %w", op, v.place, err)
		}
		sealed, err := to.seal(v.place, plain)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", op, err)
		}
		if _, err := tx.tx.ExecContext(ctx, `UPDATE `+table+` SET `+column+` = $1 WHERE `+tx.dialect().rowIs("$2"), sealed, v.row); err != nil {
			return 0, failed(op, err)
		}
	}
	return len(rows), nil
}

// makeNextKey makes the key that a rotation goes over to, in place of one that a killed rotation left.
func (d folder) makeNextKey() (*keyring, error) {
	if err := os.Remove(d.nextKey()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make key: %w", err)
	}
	master, err := makeKeyFile(d.nextKey())
	if err != nil {
		return nil, err
	}
	return newKeyring(master)
}

// finishRotation gives the next key its name. It returns where the key lies now that was in the file before; empty when none
// was. Called under the opening lock.
func (d folder) finishRotation() (former string, err error) {
	if former, err = d.keepFormerKey(); err != nil {
		return "", err
	}
	if err := os.Rename(d.nextKey(), d.key()); err != nil {
		return "", fmt.Errorf("put the new key in its place: %w", err)
	}
	return former, syncFolder(string(d))
}

// keepFormerKey copies the key that is about to be replaced. It is no link, which not every file system has.
func (d folder) keepFormerKey() (string, error) {
	master, err := readKeyFile(d.key())
	if err != nil {
		return "", nil //nolint:nilerr // there is none, or it is no key
	}
	k, err := newKeyring(master)
	if err != nil {
		return "", err
	}
	return d.formerKey(k.id), writeKeyFile(d.formerKey(k.id), master)
}

// settleRotation finishes a rotation that was killed after its transaction. Called under the opening lock.
func (d folder) settleRotation(proof []byte) error {
	if next := loadKey(d.nextKey()); next == nil || !next.proves(proof) {
		return nil
	}
	_, err := d.finishRotation()
	return err
}

// formerKey is where a key file is kept that was replaced.
func (d folder) formerKey(id string) string {
	return filepath.Join(string(d), keyName+"."+id+".old")
}

// provingKey is the key in the key files that the proof belongs to, or nil. A rotation may rename between two looks.
func (d folder) provingKey(proof []byte) *keyring {
	for _, path := range []string{d.key(), d.nextKey(), d.key()} {
		if k := loadKey(path); k != nil && k.proves(proof) {
			return k
		}
	}
	return nil
}

// loadKey reads a key file; nil when there is none or it holds no key.
func loadKey(path string) *keyring {
	master, err := readKeyFile(path)
	if err != nil {
		return nil
	}
	k, err := newKeyring(master)
	if err != nil {
		return nil
	}
	return k
}
