package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"probability/app"
)

type receivedView struct {
	Status string `json:"status"`
}

// receiveWebhook is POST /api/webhooks/shopify/orders/. The body goes on as it came: it is proven before
// anybody decodes it, and the 200 says that it is stored.
func (s *Server) receiveWebhook(c echo.Context) error {
	body, err := readBody(c.Request())
	if err != nil {
		return err
	}
	h := c.Request().Header
	err = s.app.Accept(c.Request().Context(), app.Incoming{
		APIVersion:  shopifyHeader(h, "API-Version"),
		Body:        body,
		EventID:     shopifyHeader(h, "Event-Id"),
		HMAC:        shopifyHeader(h, "Hmac-Sha256"),
		Shop:        shopifyHeader(h, "Shop-Domain"),
		Topic:       shopifyHeader(h, "Topic"),
		TriggeredAt: shopifyHeader(h, "Triggered-At"),
		WebhookID:   shopifyHeader(h, "Webhook-Id"),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, receivedView{Status: "ok"})
}

// shopifyHeader reads a header of either family: Shopify sends X-Shopify-… and announces Shopify-….
func shopifyHeader(h http.Header, name string) string {
	if v := h.Get("X-Shopify-" + name); v != "" {
		return v
	}
	return h.Get("Shopify-" + name)
}
