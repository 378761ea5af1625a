package web

import (
	_ "embed" // for the document
	"net/http"

	"github.com/labstack/echo/v4"
)

//go:embed openapi.json
var openAPIDocument []byte

// OpenAPI is the document that describes this server, OpenAPI 3.1 in JSON.
func OpenAPI() []byte { return append([]byte(nil), openAPIDocument...) }

// openAPI is GET /api/openapi.json.
func (s *Server) openAPI(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, openAPIDocument)
}
