package web

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"
)

// confirmView asks once more before something that cannot be taken back. It sends the form again that led to it, with "confirm".
type confirmView struct {
	page
	Action string
	Back   string
	Button string
	Danger bool
	Fields []hidden
	Nav    string
	Text   string
	Title  string
	Values url.Values // of the form
}

func (s *Server) confirm(c echo.Context, view confirmView) error {
	view.page = s.page(c).titled(view.Nav, view.Title)
	names := make([]string, 0, len(view.Values))
	for name := range view.Values {
		if name != csrfMember && name != "confirm" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range view.Values[name] {
			view.Fields = append(view.Fields, hidden{name, value})
		}
	}
	return s.render(c, http.StatusOK, "confirm.html", view)
}

// readForm reads a form that may name one member several times, as check boxes do.
func readForm(c echo.Context) (url.Values, error) {
	var body bytes.Buffer
	if err := readBody(&body, c.Request()); err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(body.String())
	if err != nil {
		return nil, &problem{status: http.StatusBadRequest, code: "bad_request", cause: err}
	}
	n := 0
	for _, values := range form {
		n += len(values)
	}
	if n > maxForm {
		return nil, &problem{status: http.StatusBadRequest, code: "bad_request"}
	}
	return form, nil
}
