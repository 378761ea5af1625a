package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"
)

// docs is the page of the API.
type docs struct {
	assets assets
	pages  *template.Template

	mu    sync.Mutex
	ready map[string][]byte // by language
	view  *docsView         // nil until somebody asks: reading the document takes a start longer than all else of this package
}

// docsBase stands in a page that is ready for the address under which it is asked for.
const docsBase = "http://base-of-this-service.invalid"

func newDocs(files assets, pages *template.Template) *docs {
	return &docs{assets: files, pages: pages, ready: map[string][]byte{}}
}

// docsPage is the view with the caller's language and the address of this service.
type docsPage struct {
	*docsView
	Base   string
	Icon   string
	Script string
	Style  string
	voice  voice
}

// Lang is the language of the page; the document's own is English.
func (p docsPage) Lang() string { return p.voice.tag.String() }

// Say gives a sentence of the page.
func (p docsPage) Say(id string) string { return p.voice.say("page."+id, nil) }

// Foreign is the language of what the document says, where that is another than the page's.
func (p docsPage) Foreign() string {
	if p.Lang() == "en" {
		return ""
	}
	return "en"
}

// showDocs is GET /api/docs/.
func (s *Server) showDocs(c echo.Context) error {
	page, err := s.docs.in(s.voice(c))
	if err != nil {
		return fmt.Errorf("page docs: %w", err)
	}
	base := template.HTMLEscapeString(c.Scheme() + "://" + s.host(c))
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, livePolicy)
	return c.HTMLBlob(http.StatusOK, bytes.ReplaceAll(page, []byte(docsBase), []byte(base)))
}

// in is the page in a language, made when it is first asked for.
func (d *docs) in(v voice) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.view == nil {
		var err error
		if d.view, err = readDocs(openAPIDocument); err != nil {
			return nil, err
		}
	}
	p := docsPage{docsView: d.view, Base: docsBase, Icon: d.assets.address("icon.svg"), Script: d.assets.address("docs.js"), Style: d.assets.address("docs.css"), voice: v}
	if page := d.ready[p.Lang()]; page != nil {
		return page, nil
	}
	var b bytes.Buffer
	if err := d.pages.ExecuteTemplate(&b, "docs.html", p); err != nil {
		return nil, err
	}
	d.ready[p.Lang()] = b.Bytes()
	return b.Bytes(), nil
}
