package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"
)

//go:embed templates/docs.html static/docs.css static/docs.js
var docsFiles embed.FS

// docsPolicy allows the page its own style and script, and calls to this service.
const docsPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// docs is the page of the API.
type docs struct {
	files map[string]docsFile // by name
	page  *template.Template

	mu    sync.Mutex
	ready map[string][]byte // by language
	view  *docsView         // nil until somebody asks: reading the document takes a start longer than all else of this package
}

// docsBase stands in a page that is ready for the address under which it is asked for.
const docsBase = "http://base-of-this-service.invalid"

// docsFile is a file that the page loads.
type docsFile struct {
	body []byte
	kind string
	sum  string // of its content, in its address: so a browser may keep it for ever
}

func readDocsPage() (*docs, error) {
	d := &docs{files: map[string]docsFile{}, ready: map[string][]byte{}}
	var err error
	if d.page, err = template.ParseFS(docsFiles, "templates/docs.html"); err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	for name, kind := range map[string]string{"docs.css": "text/css; charset=utf-8", "docs.js": "text/javascript; charset=utf-8"} {
		body, err := docsFiles.ReadFile("static/" + name)
		if err != nil {
			return nil, fmt.Errorf("docs: %w", err)
		}
		sum := sha256.Sum256(body)
		d.files[name] = docsFile{body: body, kind: kind, sum: hex.EncodeToString(sum[:8])}
	}
	return d, nil
}

// docsPage is the view with the caller's language and the address of this service.
type docsPage struct {
	*docsView
	Base   string
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
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, docsPolicy)
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
	p := docsPage{docsView: d.view, Base: docsBase, Script: d.address("docs.js"), Style: d.address("docs.css"), voice: v}
	if page := d.ready[p.Lang()]; page != nil {
		return page, nil
	}
	var b bytes.Buffer
	if err := d.page.ExecuteTemplate(&b, "docs.html", p); err != nil {
		return nil, err
	}
	d.ready[p.Lang()] = b.Bytes()
	return b.Bytes(), nil
}

// address is where a file of the page is, which is another when the file is.
func (d *docs) address(name string) string { return "/static/" + name + "?v=" + d.files[name].sum }

// docsFile is GET /static/docs.css and /static/docs.js.
func (s *Server) docsFile(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		f, ok := s.docs.files[name]
		if !ok {
			return errors.New("docs: there is no file " + name)
		}
		if c.QueryParam("v") == f.sum {
			c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=31536000, immutable")
		}
		return c.Blob(http.StatusOK, f.kind, f.body)
	}
}
