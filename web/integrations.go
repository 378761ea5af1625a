package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/shopify"
	"probability/store"
)

// listIntegrations is GET /api/integrations/shopify/.
func (s *Server) listIntegrations(c echo.Context) error {
	stores, err := s.app.Integrations(c.Request().Context(), caller(c).ID)
	if err != nil {
		return err
	}
	v := s.voice(c)
	views := make([]integrationView, len(stores))
	for i, in := range stores {
		views[i] = viewIntegration(v, in)
	}
	return c.JSON(http.StatusOK, views)
}

type connectedView struct {
	Message     string          `json:"message"`
	Integration integrationView `json:"integration"`
	StoreInfo   json.RawMessage `json:"store_info"`
	Import      importView      `json:"import"`
}

// connect is POST /api/integrations/shopify/connect/.
func (s *Server) connect(c echo.Context) error {
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	var in app.ConnectInput
	in.StoreName = m.textOr("store_name", "")
	in.AccessToken, in.APISecret = m.textOr("access_token", ""), m.textOr("api_secret", "")
	in.ClientID, in.ClientSecret = m.textOr("client_id", ""), m.textOr("client_secret", "")
	if err := m.err(); err != nil {
		return err
	}
	done, err := s.app.Connect(c.Request().Context(), caller(c).ID, in)
	if err != nil {
		return err
	}
	v := s.voice(c)
	return c.JSON(http.StatusCreated, connectedView{
		Message: v.say("done.connected", nil), Integration: viewIntegration(v, done.Integration),
		StoreInfo: viewShop(done.Shop), Import: viewImport(v, done.Import),
	})
}

// getIntegration is GET /api/integrations/shopify/{id}/.
func (s *Server) getIntegration(c echo.Context) error {
	id, err := integrationID(c)
	if err != nil {
		return err
	}
	in, err := s.app.Integration(c.Request().Context(), caller(c).ID, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewIntegration(s.voice(c), in))
}

// patchIntegration is PATCH /api/integrations/shopify/{id}/.
func (s *Server) patchIntegration(c echo.Context) error {
	row, err := s.owned(c) // first, so that a stranger learns nothing from complaints about the body
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	p := app.PatchInput{
		Active: m.flag("is_active"), AccessToken: m.text("access_token"), APISecret: m.text("api_secret"),
		ClientID: m.text("client_id"), ClientSecret: m.text("client_secret"),
	}
	if err := m.err(); err != nil {
		return err
	}
	in, err := s.app.Patch(c.Request().Context(), caller(c).ID, row.ID, p)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewIntegration(s.voice(c), in))
}

type testedView struct {
	Success     bool            `json:"success"`
	Message     string          `json:"message"`
	Code        *string         `json:"code"`
	StoreInfo   json.RawMessage `json:"store_info"`
	Permissions []string        `json:"permissions"`
}

// testIntegration is POST /api/integrations/shopify/{id}/test/. A store that refuses is a result too.
func (s *Server) testIntegration(c echo.Context) error {
	id, err := integrationID(c)
	if err != nil {
		return err
	}
	result, err := s.app.Test(c.Request().Context(), caller(c).ID, id)
	if err != nil {
		return err
	}
	v := s.voice(c)
	if result.Err != nil {
		message := v.say("problem."+cmp.Or(result.Err.Reason, result.Err.Code)+".detail", result.Err.Params)
		if message == "" {
			message = v.failure(result.Err.Code, "")
		}
		return c.JSON(http.StatusOK, testedView{
			Message: message, Code: &result.Err.Code, StoreInfo: object(nil), Permissions: list(result.Permissions),
		})
	}
	return c.JSON(http.StatusOK, testedView{
		Success: true, Message: v.say("done.tested", nil), StoreInfo: viewShop(result.Shop), Permissions: list(result.Permissions),
	})
}

type messageView struct {
	Message string `json:"message"`
}

// disconnect is DELETE /api/integrations/shopify/{id}/disconnect/.
func (s *Server) disconnect(c echo.Context) error {
	id, err := integrationID(c)
	if err != nil {
		return err
	}
	name, err := s.app.Disconnect(c.Request().Context(), caller(c).ID, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, messageView{Message: s.voice(c).say("done.disconnected", map[string]any{"Store": name})})
}

type registeredView struct {
	Message  string            `json:"message"`
	Webhooks []shopify.Webhook `json:"webhooks"`
}

// registerWebhook is POST /api/integrations/shopify/{id}/register-webhook/.
func (s *Server) registerWebhook(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	m, err := readMembers(c)
	if err != nil {
		return err
	}
	base := m.textOr("public_base_url", "")
	if err := m.err(); err != nil {
		return err
	}
	done, err := s.app.RegisterWebhooks(c.Request().Context(), caller(c).ID, in.ID, base)
	if err != nil {
		return err
	}
	status, id := http.StatusOK, "done.webhooks_unchanged"
	if done.Changed {
		status, id = http.StatusCreated, "done.webhooks_registered"
	}
	return c.JSON(status, registeredView{Message: s.voice(c).say(id, nil), Webhooks: list(done.Webhooks)})
}

// viewShop is the store's own description, as Shopify gave it.
func viewShop(shop shopify.Shop) json.RawMessage { return object(shop.Raw) }

// owned is the integration that the path names, if it is the caller's.
func (s *Server) owned(c echo.Context) (store.Integration, error) {
	id, err := integrationID(c)
	if err != nil {
		return store.Integration{}, err
	}
	return s.app.Owned(c.Request().Context(), caller(c).ID, id)
}

// ownedPart is the integration that the path names, if it is the caller's, and the id of what the path names of it. Whether that is the
// integration's, whoever reads it asks.
func (s *Server) ownedPart(c echo.Context, name string) (in store.Integration, id uuid.UUID, err error) {
	if in, err = s.owned(c); err == nil {
		id, err = pathUUID(c, name)
	}
	return in, id, err
}

func integrationID(c echo.Context) (int64, error) { return pathNumber(c, "id") }

// pathNumber is an id in the path. What is no id names nothing, so it is not found, like a number that
// nobody has.
func pathNumber(c echo.Context, name string) (int64, error) {
	text := c.Param(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != text {
		return 0, &app.Error{Kind: app.NotFound, Code: "not_found"}
	}
	return n, nil
}
