package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
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
	h := c.Request().Header
	mac := shopifyHeader(h, "Hmac-Sha256")
	if len(mac) != base64.StdEncoding.EncodedLen(sha256.Size) { // no use keeping the body
		if _, err := io.Copy(io.Discard, c.Request().Body); err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				return err
			}
		}
		return &app.Error{Kind: app.Unauthorized, Code: "webhook_signature_invalid"}
	}
	counted := &metered{ReadCloser: c.Request().Body, budget: &s.bodies, peer: peerOf(c.RealIP())}
	defer counted.release()
	c.Request().Body = counted
	body := s.buffer()
	defer s.recycle(body)
	if err := readBody(body, c.Request()); err != nil {
		return err
	}
	begun := time.Now()
	err := s.app.Accept(c.Request().Context(), app.Incoming{
		APIVersion:  shopifyHeader(h, "API-Version"),
		Body:        body.Bytes(),
		EventID:     shopifyHeader(h, "Event-Id"),
		HMAC:        mac,
		Shop:        shopifyHeader(h, "Shop-Domain"),
		Topic:       shopifyHeader(h, "Topic"),
		TriggeredAt: shopifyHeader(h, "Triggered-At"),
		WebhookID:   shopifyHeader(h, "Webhook-Id"),
	})
	if err == nil {
		s.metrics.accepting.Observe(time.Since(begun).Seconds())
	}
	return err
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
