package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A backup file begins with a block in clear: this line, a line of JSON, blanks, and the SHA-256 of all that. What follows is
// encrypted with age under a key that is derived from the master key: zstd of a line with the header once more and the rows
// of each table, then the database.
const (
	backupMagic    = "probability-backup "
	backupFormat   = 1
	backupHeader   = 1024
	backupChecksum = 2*sha256.Size + 1 // hexadecimal, and the end of the line
)

// Backup is what a backup file says of itself to whoever has no key.
type Backup struct {
	Program   string    `json:"program"` // version of the program that made it
	CreatedAt time.Time `json:"created_at"`
	Schema    int64     `json:"schema"`
	Queue     int64     `json:"queue_schema"`
	KeyID     string    `json:"key_id"`         // of the master key that opens it
	Database  int64     `json:"database_bytes"` // as it will lie in the data folder
	Bytes     int64     `json:"bytes"`          // of what follows the header
	SHA256    string    `json:"sha256"`         // of what follows the header
}

// contents is what the encrypted part begins with. The header is in it once more, so that only whoever has the key can make
// one that is believed.
type contents struct {
	Backup Backup           `json:"backup"` // without Bytes and SHA256
	Rows   map[string]int64 `json:"rows"`
}

// inner is the header as the encrypted part has it.
func (b Backup) inner() Backup {
	b.Bytes, b.SHA256 = 0, ""
	return b
}

func (b Backup) encode() ([]byte, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	block := fmt.Appendf(nil, "%s%d\n%s\n", backupMagic, backupFormat, text)
	blanks := backupHeader - backupChecksum - len(block)
	if blanks < 0 {
		return nil, errors.New("the header of the backup is too long")
	}
	block = append(block, bytes.Repeat([]byte{' '}, blanks)...)
	sum := sha256.Sum256(block)
	return fmt.Appendf(block, "%x\n", sum), nil
}

// readBackupHeader reads and checks the block at the beginning.
func readBackupHeader(r io.Reader) (Backup, error) {
	block := make([]byte, backupHeader)
	n, err := io.ReadFull(r, block)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Backup{}, err
	}
	if !strings.HasPrefix(string(block[:n]), backupMagic) {
		return Backup{}, ErrNotBackup
	}
	if n < backupHeader {
		return Backup{}, fmt.Errorf("%w: it ends within its header", ErrBackupTruncated)
	}
	text, checksum := block[:backupHeader-backupChecksum], block[backupHeader-backupChecksum:]
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:])+"\n" != string(checksum) {
		return Backup{}, fmt.Errorf("%w: its header does not fit its checksum", ErrBackupAltered)
	}
	first, rest, _ := bytes.Cut(text[len(backupMagic):], []byte{'\n'})
	if format, err := strconv.Atoi(string(first)); err != nil || format != backupFormat {
		return Backup{}, fmt.Errorf("%w: the backup has format %s, this program knows %d; use the newer program", ErrSchemaNewer, first, backupFormat)
	}
	var b Backup
	d := json.NewDecoder(bytes.NewReader(rest))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return Backup{}, fmt.Errorf("%w: its header cannot be read: %w", ErrBackupAltered, err)
	}
	return b, nil
}
