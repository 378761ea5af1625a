package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"probability/shopify"
)

// bareCommand makes this program serve the least that any webhook receiver on Echo has to do: read the body and verify it.
// It is the limit of accepting without storing, and runs as a process of its own as the service does.
const bareCommand = "bare"

// maxPage bounds the answer of GET /page.
const maxPage = 16 << 20

func bareServer(ctx context.Context, addr string) error {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/healthz", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.POST("/api/webhooks/shopify/orders/", func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		if _, err := shopify.Verify([]string{shopSecret}, body, c.Request().Header.Get("X-Shopify-Hmac-Sha256")); err != nil {
			return echo.ErrUnauthorized
		}
		return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
	})
	page := make([]byte, maxPage)
	e.GET("/page", func(c echo.Context) error { // an answer of n bytes that costs nothing to make
		n, err := strconv.Atoi(c.QueryParam("n"))
		if err != nil || n < 0 || n > maxPage {
			return echo.ErrBadRequest
		}
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, page[:n])
	})
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(l) // until the process is ended
}
