package store

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Codecs of stored bodies, one byte a row, so that another can be added without touching the rows that are there.
const (
	codecPlain = 0
	codecZstd  = 1 // a frame names its dictionary itself; the first ones had none
)

// dictionary1 is what payloads have in common: an invented order with the members in the order in which Shopify sends them,
// and three of the simulator's, one cancelled and refunded, one paid and fulfilled, one for cash on delivery. With it an
// order of 6 KB takes about 1 KB instead of 2. Bodies packed with a dictionary
// open with that one only: it never changes, a better one gets the next number beside it.
//
//go:embed dictionaries/1.json
var dictionary1 []byte

// packedBody is a body as it is stored.
type packedBody struct {
	codec int
	body  []byte
}

// maxBody is the largest body that is unpacked; none that large is ever accepted.
const maxBody = 256 << 20

// bodyCodec packs and unpacks payloads. It is safe for concurrent use.
type bodyCodec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newBodyCodec() (*bodyCodec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderDictRaw(1, dictionary1))
	if err != nil {
		return nil, fmt.Errorf("zstd encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBody), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderDictRaw(1, dictionary1))
	if err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	return &bodyCodec{enc: enc, dec: dec}, nil
}

func (c *bodyCodec) close() { c.dec.Close() }

// pack compresses body when that makes it smaller. The result never shares memory with body and is never nil.
func (c *bodyCodec) pack(body []byte) packedBody {
	packed := c.enc.EncodeAll(body, make([]byte, 0, len(body)/4+64))
	if len(packed) < len(body) {
		return packedBody{codecZstd, packed}
	}
	return packedBody{codecPlain, append([]byte{}, body...)}
}

// unpack gives back the bytes that pack was given.
func (c *bodyCodec) unpack(p packedBody) ([]byte, error) {
	switch p.codec {
	case codecPlain:
		return bytes.Clone(p.body), nil
	case codecZstd:
		body, err := c.dec.DecodeAll(p.body, nil)
		if err != nil {
			return nil, fmt.Errorf("unpack body: %w", err)
		}
		return body, nil
	default:
		return nil, fmt.Errorf("unpack body: unknown codec %d", p.codec)
	}
}
