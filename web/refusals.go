package web

import (
	"github.com/labstack/echo/v4"

	"probability/store"
)

// refusalView is what one check refused within one hour, with the last of it. Nothing of the body is shown.
type refusalView struct {
	Check           string  `json:"check"`
	Count           int     `json:"count"`
	FirstAt         stamp   `json:"first_at"`
	LastAt          stamp   `json:"last_at"`
	Topic           *string `json:"topic"`
	BodyBytes       int64   `json:"body_bytes"`
	ContentEncoding *string `json:"content_encoding"`
	Proxied         bool    `json:"proxied"`
	SecretsTried    int     `json:"secrets_tried"`
	Message         string  `json:"message"`
}

func viewRefusal(v voice, r store.Refusal) refusalView {
	params := map[string]any{"Secrets": r.Secrets, "Proxied": r.Proxied}
	return refusalView{
		Check: r.Reason, Count: r.Count, FirstAt: stamp(r.FirstAt), LastAt: stamp(r.LastAt), Topic: nullable(r.Topic),
		BodyBytes: r.BodyBytes, ContentEncoding: nullable(r.ContentEncoding), Proxied: r.Proxied, SecretsTried: r.Secrets,
		Message: v.say("refusal."+r.Reason, params),
	}
}

// listRefusals is GET /api/integrations/shopify/{id}/refusals/, newest first.
func (s *Server) listRefusals(c echo.Context) error {
	st := s.app.Store()
	return listOwned(s, c, st.CountRefusals, st.Refusals, viewRefusal)
}
