package store

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Codecs of stored bodies, one byte a row, so that another can be added without touching the rows that are there.
const (
	codecPlain = 0
	codecZstd  = 1
)

// maxBody is the largest body that is unpacked; none that large is ever accepted.
const maxBody = 256 << 20

// bodyCodec packs and unpacks payloads. It is safe for concurrent use.
type bodyCodec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newBodyCodec() (*bodyCodec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBody), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	return &bodyCodec{enc: enc, dec: dec}, nil
}

func (c *bodyCodec) close() { c.dec.Close() }

// pack compresses body when that makes it smaller. The result never shares memory with body and is never nil.
func (c *bodyCodec) pack(body []byte) (codec int, packed []byte) {
	packed = c.enc.EncodeAll(body, make([]byte, 0, len(body)/2+64))
	if len(packed) < len(body) {
		return codecZstd, packed
	}
	return codecPlain, append([]byte{}, body...)
}

// unpack gives back the bytes that pack was given.
func (c *bodyCodec) unpack(codec int, packed []byte) ([]byte, error) {
	switch codec {
	case codecPlain:
		return bytes.Clone(packed), nil
	case codecZstd:
		body, err := c.dec.DecodeAll(packed, nil)
		if err != nil {
			return nil, fmt.Errorf("unpack body: %w", err)
		}
		return body, nil
	default:
		return nil, fmt.Errorf("unpack body: unknown codec %d", codec)
	}
}
