package simulator

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"math/rand/v2"
)

// newID returns a text of the form of a UUID. It follows from the seed and the
// clock: the same run makes the same ids, and two runs of a demo under the
// real clock do not repeat each other's delivery ids.
func (s *Server) newID(kind string) string {
	s.mu.Lock()
	s.ids++
	n := s.ids
	s.mu.Unlock()
	in := binary.BigEndian.AppendUint64([]byte(kind), s.seed)
	in = binary.BigEndian.AppendUint64(in, n)
	in = binary.BigEndian.AppendUint64(in, uint64(s.now().UnixNano()))
	sum := sha256.Sum256(in)
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// mix folds a text into a seed.
func mix(seed uint64, text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, seed)) // never fails
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}

// dice returns the random numbers that belong to one thing of one seed.
// They choose sample data and faults and protect nothing.
func dice(seed, thing uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, thing)) //nolint:gosec // sample data, the same for the same seed
}
