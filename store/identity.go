package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// This file turns what names a customer into what only tells that two orders are of the same one: 64 bits of a keyed hash, other
// ones in each integration. Without the key of the installation nobody can tell whose telephone number a hash is of.

// identityKeyName is the row of meta with the key of the hashes.
const identityKeyName = "identity_key"

// Kinds of keys, in the order of orderKeys.
const (
	keyPhone = iota
	keyEmail
	keyAddress
	keyIP
	keyKinds
)

// keyPurposes keep a hash of one kind from being taken for one of another.
var keyPurposes = [keyKinds]string{keyPhone: "phone", keyEmail: "email", keyAddress: "address", keyIP: "ip"}

// orderKeys are the keys of an order's customer; 0 where the order does not tell.
type orderKeys [keyKinds]int64

// customer are the keys that tell of a customer for ever, day those that only tell of many orders at once.
func (k orderKeys) customer() []int64 { return k[keyPhone : keyEmail+1] }
func (k orderKeys) day() []int64      { return k[keyAddress:] }

// hasher makes keys. It must not be used by two at once.
type hasher struct {
	of  string // the integration
	key []byte
}

// keys are the keys of an identity.
func (h hasher) keys(id Identity) (k orderKeys) {
	for kind, value := range [keyKinds]string{keyPhone: id.Phone, keyEmail: id.Email, keyAddress: id.Address, keyIP: id.IP} {
		if value == "" {
			continue
		}
		mac := hmac.New(sha256.New, h.key)
		mac.Write([]byte(keyPurposes[kind] + "|" + h.of + "|" + value))
		if k[kind] = int64(binary.BigEndian.Uint64(mac.Sum(nil))); k[kind] == 0 {
			k[kind] = 1
		}
	}
	return k
}

// hasher is what makes the keys of an integration; the first one makes the installation's key.
func (tx *Tx) hasher(ctx context.Context, integrationID int64) (hasher, error) {
	key, err := tx.makeInstallKey(ctx, &tx.store.identity)
	return hasher{of: strconv.FormatInt(integrationID, 10), key: key}, err
}
