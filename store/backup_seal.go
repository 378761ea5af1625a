package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// backupKey is age's recipient and identity in one: the random key of a file is sealed under the key of all backups. Unlike
// with age's public keys, whoever cannot read backups cannot make one either.
type backupKey []byte

const (
	backupStanza = "probability/backup"
	backupPlace  = "backup|file_key"
)

// Wrap seals a file's key.
func (k backupKey) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	aead, err := newAEAD(k)
	if err != nil {
		return nil, err
	}
	sealed, err := sealWith(aead, backupPlace, fileKey)
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: backupStanza, Body: sealed}}, nil
}

// Unwrap opens a file's key.
func (k backupKey) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	aead, err := newAEAD(k)
	if err != nil {
		return nil, err
	}
	for _, s := range stanzas {
		if s.Type != backupStanza {
			continue
		}
		if fileKey, err := openWith(aead, backupPlace, s.Body); err == nil {
			return fileKey, nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// hashed hashes and counts what is written through it.
type hashed struct {
	to  io.Writer
	n   int64
	sum hash.Hash
}

func (c *hashed) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	c.sum.Write(p[:n])
	return n, err
}

// watched tells how much was read through it, and ends with the context.
type watched struct {
	ctx  context.Context //nolint:containedctx // a reader has no other way to end with one
	from io.Reader
	n    int64
	tell func(n int64)
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.from.Read(p)
	w.n += int64(n)
	w.tell(w.n)
	return n, err
}

// sealBackup writes the encrypted part and returns the header with its length and hash.
func sealBackup(to io.Writer, k *keyring, b Backup, rows map[string]int64, database io.Reader) (Backup, error) {
	out := &hashed{to: to, sum: sha256.New()}
	encrypted, err := age.Encrypt(out, backupKey(k.backup))
	if err != nil {
		return Backup{}, err
	}
	// One thread: a backup has time, the service beside it has not. The payloads in the database are packed already.
	packed, err := zstd.NewWriter(encrypted, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return Backup{}, err
	}
	first, err := json.Marshal(contents{Backup: b.inner(), Rows: rows})
	if err != nil {
		return Backup{}, err
	}
	if _, err := packed.Write(append(first, '\n')); err != nil {
		return Backup{}, err
	}
	if _, err := io.Copy(packed, database); err != nil {
		return Backup{}, err
	}
	if err := errors.Join(packed.Close(), encrypted.Close()); err != nil {
		return Backup{}, err
	}
	b.Bytes, b.SHA256 = out.n, hex.EncodeToString(out.sum.Sum(nil))
	return b, nil
}

// backupMemory bounds what unpacking takes.
const backupMemory = 64 << 20

// openBackup decrypts what follows the header into database, and returns the rows that each table must have.
func openBackup(from io.Reader, k *keyring, b Backup, database io.Writer) (map[string]int64, error) {
	decrypted, err := age.Decrypt(bufio.NewReaderSize(from, 64<<10), backupKey(k.backup))
	if err != nil {
		return nil, fmt.Errorf("%w: it does not open with its key", ErrBackupAltered)
	}
	unpacked, err := zstd.NewReader(decrypted, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(backupMemory))
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	in := bufio.NewReaderSize(unpacked, 64<<10)
	first, err := in.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("%w: it does not begin as it should: %w", ErrBackupAltered, err)
	}
	var c contents
	if err := json.NewDecoder(bytes.NewReader(first)).Decode(&c); err != nil || c.Backup != b.inner() {
		return nil, fmt.Errorf("%w: its header is not the one that was written", ErrBackupAltered)
	}
	n, err := io.Copy(database, in)
	if err != nil {
		return nil, err
	}
	if n != b.Database {
		return nil, fmt.Errorf("%w: its database has %d bytes instead of %d", ErrBackupAltered, n, b.Database)
	}
	return c.Rows, nil
}
