package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// keyBytes is the length of the master key.
const keyBytes = 32

// keyVersion is the first byte of every sealed value: how it was sealed. It does not count keys, since a rotation leaves
// nothing behind that another key has sealed.
const keyVersion = 1

// keyIDBytes is the length of a key's name: enough to tell apart all keys that an installation will ever have.
const keyIDBytes = 8

// errSealBroken does not say why a value does not open: altered, moved to another row, or sealed with another key.
var errSealBroken = errors.New("the sealed value does not open")

// keyring seals and opens values. The master key itself seals nothing: each purpose has a key derived from it. A keyring
// without a key refuses both with ErrKeyLost. It is safe for concurrent use.
type keyring struct {
	secrets, proof cipher.AEAD
	backup         []byte // the key of backup files
	id             string // names the master key and tells nothing about it
}

// newKeyring derives the keys; a nil master gives a keyring without a key.
func newKeyring(master []byte) (*keyring, error) {
	if master == nil {
		return &keyring{}, nil
	}
	if len(master) != keyBytes {
		return nil, fmt.Errorf("%w: it has %d bytes instead of %d", ErrWrongKey, len(master), keyBytes)
	}
	derived := make(map[string][]byte)
	for _, purpose := range []string{"secrets", "proof", "backup", "key id"} {
		key, err := hkdf.Key(sha256.New, master, nil, "probability/"+purpose, keyBytes)
		if err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
		derived[purpose] = key
	}
	k := &keyring{backup: derived["backup"], id: hex.EncodeToString(derived["key id"][:keyIDBytes])}
	var err error
	if k.secrets, err = newAEAD(derived["secrets"]); err != nil {
		return nil, err
	}
	if k.proof, err = newAEAD(derived["proof"]); err != nil {
		return nil, err
	}
	return k, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return aead, nil
}

func (k *keyring) empty() bool { return k.secrets == nil }

// seal encrypts plain for a place: version, random nonce, ciphertext with its tag.
func (k *keyring) seal(place string, plain []byte) ([]byte, error) {
	return sealWith(k.secrets, place, plain)
}

// open is the inverse of seal for the same place.
func (k *keyring) open(place string, sealed []byte) ([]byte, error) {
	return openWith(k.secrets, place, sealed)
}

// proofPlace and proofText are the known value that proves the key.
const (
	proofPlace = "meta|key_proof"
	proofText  = "this database belongs to this key"
)

func (k *keyring) sealProof() ([]byte, error) {
	return sealWith(k.proof, proofPlace, []byte(proofText))
}

func (k *keyring) proves(sealed []byte) bool {
	plain, err := openWith(k.proof, proofPlace, sealed)
	return err == nil && string(plain) == proofText
}

func sealWith(aead cipher.AEAD, place string, plain []byte) ([]byte, error) {
	if aead == nil {
		return nil, ErrKeyLost
	}
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plain)+aead.Overhead())
	out[0] = keyVersion
	nonce := out[1:]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	return aead.Seal(out, nonce, plain, additional(place)), nil
}

func openWith(aead cipher.AEAD, place string, sealed []byte) ([]byte, error) {
	if aead == nil {
		return nil, ErrKeyLost
	}
	if len(sealed) < 1+aead.NonceSize()+aead.Overhead() || sealed[0] != keyVersion {
		return nil, errSealBroken
	}
	nonce, ciphertext := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, ciphertext, additional(place))
	if err != nil {
		return nil, errSealBroken
	}
	return plain, nil
}

// additional binds the version byte as well as the place.
func additional(place string) []byte { return append([]byte{keyVersion, '|'}, place...) }
