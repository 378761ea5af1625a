package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

type statusView struct {
	Status string `json:"status"`
}

// healthz is GET /healthz: the process answers.
func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, statusView{Status: "ok"})
}

// readyz is GET /readyz: the database can be written and the workers run. Why not is for the log, since
// anybody may ask.
func (s *Server) readyz(c echo.Context) error {
	if err := s.cfg.Ready(c.Request().Context()); err != nil {
		return &problem{status: http.StatusServiceUnavailable, code: "not_ready", retryAfter: busyRetry, cause: err}
	}
	return c.JSON(http.StatusOK, statusView{Status: "ready"})
}
