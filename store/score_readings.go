package store

import (
	"time"

	"probability/shopify"
)

// ParcelOutcome is what became of an order's parcel. The numbers are those of the score.
type ParcelOutcome uint8

// Values of ParcelOutcome. Cancelled is before it was shipped.
const (
	ParcelPending ParcelOutcome = iota
	ParcelDelivered
	ParcelFailed
	ParcelCancelled
)

// Settled is an outcome with the time at which it was known; the zero value is pending.
type Settled struct {
	Outcome ParcelOutcome
	At      time.Time
}

// Reading is what an order tells for its delivery score, in the encoding of whoever makes the score.
type Reading struct {
	Facts    []byte
	Version  int // of the facts; 0: the order could not be read
	Settled  Settled
	Identity Identity
}

// Identity is what tells that two orders are of one customer, normalised; what is not known is empty. It is stored as keyed
// hashes only.
type Identity struct{ Phone, Email, Address, IP string }

// ReadWith says how orders are read for their score, and which version of reading that is. It is called once, before orders are
// stored; without it none has a score. read must be safe for concurrent use and must not panic.
func (s *Store) ReadWith(version int, read func(shopify.Order) Reading) {
	s.readingVersion, s.readOrder = version, read
}

// reading reads an order; nil without a reader.
func (s *Store) reading(o shopify.Order) *Reading {
	if s.readOrder == nil {
		return nil
	}
	r := s.readOrder(o)
	return &r
}
