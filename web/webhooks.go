package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"probability/app"
)

type receivedView struct {
	Status string `json:"status"`
}

// receiveWebhook is POST /api/webhooks/shopify/orders/. The body goes on as it came: it is proven before
// anybody decodes it, and the 200 says that it is stored.
func (s *Server) receiveWebhook(c echo.Context) error {
	err := s.takeWebhook(c)
	s.metrics.webhook(err)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, receivedView{Status: "ok"})
}

// takeWebhook returns when the webhook is stored, or why it is not.
func (s *Server) takeWebhook(c echo.Context) error {
	in := incoming(c.Request())
	if len(in.HMAC) != base64.StdEncoding.EncodedLen(sha256.Size) { // no use keeping the body
		n, err := io.Copy(io.Discard, c.Request().Body)
		in.BodyBytes = n
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			s.app.Refuse(in, app.RefusedTooLarge)
			return err
		}
		check := app.RefusedMalformed
		if in.HMAC == "" {
			check = app.RefusedNotSigned
		}
		s.app.Refuse(in, check)
		return &app.Error{Kind: app.Unauthorized, Code: "webhook_signature_invalid"}
	}
	counted := &metered{ReadCloser: c.Request().Body, budget: &s.bodies, peer: peerOf(c.RealIP())}
	defer counted.release()
	c.Request().Body = counted
	body := s.buffer()
	defer s.recycle(body)
	if err := readBody(body, c.Request()); err != nil {
		in.BodyBytes = int64(body.Len())
		switch problemOf(err).code {
		case "payload_too_large":
			s.app.Refuse(in, app.RefusedTooLarge)
		case "incomplete_body":
			s.app.Refuse(in, app.RefusedIncomplete)
		}
		return err
	}
	in.Body = body.Bytes()
	begun := time.Now()
	err := s.app.Accept(c.Request().Context(), in)
	if err == nil {
		s.metrics.accepting.Observe(time.Since(begun).Seconds())
	}
	return err
}

// incoming is a delivery by its headers.
func incoming(r *http.Request) app.Incoming {
	h := r.Header
	return app.Incoming{
		APIVersion:      shopifyHeader(h, "API-Version"),
		ContentEncoding: h.Get("Content-Encoding"),
		EventID:         shopifyHeader(h, "Event-Id"),
		HMAC:            shopifyHeader(h, "Hmac-Sha256"),
		Proxied:         proxied(h),
		Shop:            shopifyHeader(h, "Shop-Domain"),
		Topic:           shopifyHeader(h, "Topic"),
		TriggeredAt:     shopifyHeader(h, "Triggered-At"),
		WebhookID:       shopifyHeader(h, "Webhook-Id"),
	}
}

// proxied tells whether a request says that a proxy passed it on. That it says nothing proves nothing.
func proxied(h http.Header) bool {
	for name := range h {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// maxRecycled is the largest buffer that is kept for the next webhook, in bytes: an order has six thousand.
const maxRecycled = 64 << 10

// buffer is room for a webhook's body.
func (s *Server) buffer() *bytes.Buffer {
	if b, ok := s.buffers.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

// recycle gives the room back; nothing may use the body any more.
func (s *Server) recycle(b *bytes.Buffer) {
	if b.Cap() <= maxRecycled {
		b.Reset()
		s.buffers.Put(b)
	}
}

// shopifyHeader reads a header of either family: Shopify sends X-Shopify-… and announces Shopify-….
func shopifyHeader(h http.Header, name string) string {
	if v := h.Get("X-Shopify-" + name); v != "" {
		return v
	}
	return h.Get("Shopify-" + name)
}
