package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"time"

	"probability/shopify"
)

// Version is one state of an order, as a page or a webhook brought it.
type Version struct {
	Order      shopify.Order
	ObservedAt time.Time // when the page was asked for or the webhook was triggered

	packed   packedBody // the payload as it is stored, where a delivery has it already
	prepared *preparedOrder
}

// Prepare does the work of PutOrders that needs no database (packing payloads, folding texts), so that it need not happen
// while the write connection is held. It is optional and keeps the result in vs. Versions must not be changed afterwards.
func (s *Store) Prepare(vs []Version) {
	for i := range vs {
		if vs[i].prepared == nil {
			vs[i].prepared = s.prepare(vs[i])
		}
	}
}

// Outcome is what became of a version.
type Outcome int

// Outcomes of PutOrders and DeleteOrder.
const (
	Created   Outcome = iota // the order was not known
	Updated                  // it replaced an older version
	Unchanged                // this very version is stored
	Stale                    // a newer version is stored
	Deleted                  // the order is deleted: a version of it was ignored, or this call deleted it
)

// String is the outcome in lower case.
func (o Outcome) String() string {
	names := [...]string{"created", "updated", "unchanged", "stale", "deleted"}
	if o < 0 || int(o) >= len(names) {
		return "unknown"
	}
	return names[o]
}

// versionKey says which of two states of one order is the newer. The payload's own time decides; it has whole seconds, so
// that among equal ones the later observed wins, and the digest makes the choice total: the same everywhere, whatever the
// order of arrival.
//
// The same state may come in two documents, one from GraphQL and one from a webhook or REST. Were they two versions, each sync
// by GraphQL would write over what webhooks brought, with less in it. So two that tell the same of an order (shopify.SameOrder)
// are one state: the platform's own document is kept, or replaces the other, and counts as seen when the later one was.
type versionKey struct {
	at       int64 // milliseconds
	observed int64 // milliseconds
	digest   []byte
}

func keyOfVersion(v Version) versionKey {
	k := versionKey{observed: v.ObservedAt.UnixMilli()}
	switch {
	case !v.Order.UpdatedAt.IsZero():
		k.at = v.Order.UpdatedAt.UnixMilli()
	case !v.Order.CreatedAt.IsZero():
		k.at = v.Order.CreatedAt.UnixMilli()
	}
	sum := sha256.Sum256(v.Order.Raw)
	k.digest = sum[:16]
	if shopify.MadeFromGraphQL(v.Order.Raw) {
		k.digest = append(make([]byte, len(madeDigest), len(madeDigest)+16), k.digest...)
	}
	return k
}

// madeDigest begins the digest of a document that was put together from GraphQL, so that it shows without the document, and
// that of two documents seen at the same moment the platform's own is the greater.
const madeDigest = "\x00\x00\x00\x00\x00\x00\x00\x00"

// made: the document was put together from GraphQL.
func (k versionKey) made() bool {
	return len(k.digest) > 16 && string(k.digest[:len(madeDigest)]) == madeDigest
}

// twoWays: of the same time, but one from GraphQL and the other as the platform sent it. Their bytes always differ; whether the
// order does, only what is in them tells.
func (k versionKey) twoWays(other versionKey) bool {
	return k.at == other.at && k.made() != other.made()
}

func (k versionKey) compare(other versionKey) int {
	return cmp.Or(cmp.Compare(k.at, other.at), cmp.Compare(k.observed, other.observed), bytes.Compare(k.digest, other.digest))
}

// sameState: the payload is the same, whenever it was observed.
func (k versionKey) sameState(other versionKey) bool {
	return k.at == other.at && bytes.Equal(k.digest, other.digest)
}
