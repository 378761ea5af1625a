package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// keyBytes is the length of the master key.
const keyBytes = 32

// keyVersion is the first byte of every sealed value. A rotation will count it up, so that both keys can be told apart.
const keyVersion = 1

// errSealBroken does not say why a value does not open: altered, moved to another row, or sealed with another key.
var errSealBroken = errors.New("the sealed value does not open")

// keyring seals and opens values. The master key itself seals nothing: each purpose has a key derived from it. A keyring
// without a key refuses both with ErrKeyLost. It is safe for concurrent use.
type keyring struct {
	secrets, proof cipher.AEAD
}

// newKeyring derives the keys; a nil master gives a keyring without a key.
func newKeyring(master []byte) (*keyring, error) {
	if master == nil {
		return &keyring{}, nil
	}
	if len(master) != keyBytes {
		return nil, fmt.Errorf("%w: it has %d bytes instead of %d", ErrWrongKey, len(master), keyBytes)
	}
	var k keyring
	for purpose, into := range map[string]*cipher.AEAD{"secrets": &k.secrets, "proof": &k.proof} {
		key, err := hkdf.Key(sha256.New, master, nil, "probability/"+purpose, keyBytes)
		if err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
		if *into, err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
	}
	return &k, nil
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
