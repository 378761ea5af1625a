package shopify

import (
	"bytes"
	"io"
)

// believedBytes is how far an announced length is believed before the bytes
// came: more than an ordinary page, less than would hurt when it is a lie.
const believedBytes = 4 << 20

// readBody reads at most one byte more than limit, by which the caller sees that
// a body is too long. The announced length, negative when there is none, makes
// room for the body at once; what came counts, not what was announced. What was
// read before an error is returned with it.
func readBody(body io.Reader, announced, limit int64) ([]byte, error) {
	body = io.LimitReader(body, limit+1)
	if announced <= 0 {
		return io.ReadAll(body)
	}
	var all bytes.Buffer
	// With room for one read more, the end of the body is seen without growing.
	all.Grow(int(min(announced, limit, believedBytes)) + bytes.MinRead)
	_, err := all.ReadFrom(body)
	return all.Bytes(), err
}
