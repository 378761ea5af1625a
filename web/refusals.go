package web

import (
	"net/http"

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
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	p := readPaging(q)
	if err := q.err(); err != nil {
		return err
	}
	ctx, st := c.Request().Context(), s.app.Store()
	count, err := st.CountRefusals(ctx, in.ID)
	if err != nil {
		return err
	}
	if p, err = p.within(count); err != nil {
		return err
	}
	refusals, err := st.Refusals(ctx, in.ID, p.size, p.offset())
	if err != nil {
		return err
	}
	v, page := s.voice(c), pageView[refusalView]{Count: count, Results: []refusalView{}}
	for _, r := range refusals {
		page.Results = append(page.Results, viewRefusal(v, r))
	}
	page.Next, page.Previous = s.viewPage(c, p, count)
	return c.JSON(http.StatusOK, page)
}
