package shopify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
)

// Causes of our own.
var (
	errTimeout   = errors.New("no whole answer within the time limit")
	errTooLarge  = errors.New("the answer is larger than allowed")
	errBadBody   = errors.New("the answer is not what was asked for")
	errNoToken   = errors.New("no usable access token")
	errBadCursor = errors.New("not a cursor that a page gave")
	errManyIDs   = errors.New("more ids than one query may name")
	errSelfLink  = errors.New("the next page is the page itself")
	errBadLink   = errors.New("the Link header cannot be read")
	errLinkHost  = errors.New("the next page is on another host")
	errNoCursor  = errors.New("the next page has no place in the list")
	errManyPages = errors.New("there are more pages than can be true")
)

// cause keeps what an underlying error is, and lets out only a text from which
// the URL and all secrets are gone. It has no Unwrap, because the text of what
// it would unwrap to is the one that must not be printed.
type cause struct {
	err  error
	text string
}

func newCause(err error, secrets ...string) *cause {
	for outer := (*url.Error)(nil); errors.As(err, &outer); {
		err = outer.Err
	}
	return &cause{err: err, text: tidy(err.Error(), maxMessageBytes, secrets)}
}

// Error returns the cleaned text.
func (c *cause) Error() string { return c.text }

// Format keeps every verb from printing the error inside.
func (c *cause) Format(f fmt.State, _ rune) {
	// A fmt.State has nowhere to report a failed write to.
	_, _ = io.WriteString(f, c.text)
}

// Is lets errors.Is see the cause. Our own time limit per request is not the
// caller's deadline and must not look like it.
func (c *cause) Is(target error) bool {
	if target == context.DeadlineExceeded || target == context.Canceled {
		return false
	}
	return errors.Is(c.err, target)
}
