package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"probability/store"
)

// A cursor names the last order of a page: the place to go on from, whatever has come in before it.
//
//	version │ integration │ sort value │ order id │ ordering │ 6 bytes of a digest
//
// The digest is no secret: whoever forges a cursor only reads the own orders from somewhere else. It tells
// a cursor that was cut or altered from a good one.
const (
	cursorVersion = 1
	cursorDigest  = 6
	maxCursor     = 128 // characters; ours are below 64
)

// Codes of the complaints: a cursor that is none, and one that belongs to another list.
const (
	cursorDamaged = "cursor_damaged"
	cursorForeign = "cursor_foreign"
)

func encodeCursor(integrationID int64, ordering string, key store.OrderKey) string {
	b := []byte{cursorVersion}
	b = binary.AppendVarint(b, integrationID)
	b = binary.AppendVarint(b, key.Value)
	b = binary.AppendVarint(b, key.ID)
	b = append(b, ordering...)
	return base64.RawURLEncoding.EncodeToString(append(b, digestOf(b)...))
}

// decodeCursor gives the key, or the code of the complaint.
func decodeCursor(text string, integrationID int64, ordering string) (store.OrderKey, string) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(text) > maxCursor || len(b) < 1+3+cursorDigest || b[0] != cursorVersion {
		return store.OrderKey{}, cursorDamaged
	}
	b, sum := b[:len(b)-cursorDigest], b[len(b)-cursorDigest:]
	if !bytes.Equal(sum, digestOf(b)) {
		return store.OrderKey{}, cursorDamaged
	}
	rest := b[1:]
	var numbers [3]int64
	for i := range numbers {
		v, n := binary.Varint(rest)
		if n <= 0 {
			return store.OrderKey{}, cursorDamaged
		}
		numbers[i], rest = v, rest[n:]
	}
	if numbers[0] != integrationID || string(rest) != ordering {
		return store.OrderKey{}, cursorForeign
	}
	return store.OrderKey{Value: numbers[1], ID: numbers[2]}, ""
}

func digestOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:cursorDigest]
}
