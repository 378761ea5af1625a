package web

import (
	"github.com/labstack/echo/v4"

	"probability/app"
)

// later answers what the contract promises and this version cannot do yet.
func (s *Server) later(echo.Context) error {
	return &app.Error{Kind: app.NotAvailable, Code: "not_available_yet"}
}

// laterOwned is later for what belongs to an integration: a stranger is not told even that.
func (s *Server) laterOwned(c echo.Context) error {
	if _, err := s.owned(c); err != nil {
		return err
	}
	return s.later(c)
}
