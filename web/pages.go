package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed templates/*
var templateFiles embed.FS

// What a browser may load into our pages: our own files and nothing else, no inline code, no other host. Scripts only where
// a page has one.
const (
	stillPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	livePolicy  = stillPolicy + "; script-src 'self'; connect-src 'self'"
)

func parsePages() (*template.Template, error) {
	pages, err := template.ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return pages, nil
}

// page is what every template gets; the views of the pages embed it.
type page struct {
	asked  string // the query of the page, which Back has as well
	assets assets
	voice  voice
	wishes wishes

	CSRFToken string
	Flash     *flash
	Live      bool   // with our script
	Nav       string // which entry of the navigation this page belongs to
	Path      string // of this page, to come back to
	Refresh   int    // seconds after which a browser without scripts loads the page again; 0: never
	StoreID   int64  // which store this page is about; 0: none
	StoreName string // its name
	Title     string
	User      string // e-mail of who is signed in; "": nobody
	Version   string
}

// Lang is the language of the page, for its html element.
func (p page) Lang() string { return p.voice.tag.String() }

// Theme is light or dark, or empty for what the system has.
func (p page) Theme() string { return p.wishes.theme }

// Say gives a sentence of the page.
func (p page) Say(id string) string { return p.voice.say("page."+id, nil) }

// Tell gives a sentence of the page with parameters, each a name and a value.
func (p page) Tell(id string, params ...any) string {
	named := make(map[string]any, len(params)/2)
	for i := 0; i+1 < len(params); i += 2 {
		named[fmt.Sprint(params[i])] = params[i+1]
	}
	return p.voice.say("page."+id, named)
}

// Asset is the address of a file that the page loads.
func (p page) Asset(name string) string { return p.assets.address(name) }

// NavPath is where an entry of the navigation leads: to what it has of the store that this page is about.
func (p page) NavPath(entry string) string {
	if p.StoreID == 0 {
		return "/" + entry
	}
	return fmt.Sprintf("/stores/%d/%s", p.StoreID, entry)
}

// EventsPath is where what changes of that store is told, for pages that follow.
func (p page) EventsPath() string {
	return fmt.Sprintf("%s/%d/events/?types=import", storesPath, p.StoreID)
}

// Back is the address of the page with all that was asked for.
func (p page) Back() string {
	path := (&url.URL{Path: p.Path}).EscapedPath()
	if p.asked == "" {
		return path
	}
	return path + "?" + p.asked
}

// StorePath is the address of the store that this page is about.
func (p page) StorePath() string { return fmt.Sprintf("/stores/%d", p.StoreID) }

// Place is whether an entry of the navigation is the page's own, for aria-current.
func (p page) Place(entry string) string {
	if p.Nav == entry {
		return "page"
	}
	return "false"
}

// PlaceIn is whether the page belongs to one of some entries of the navigation.
func (p page) PlaceIn(entries ...string) bool { return slices.Contains(entries, p.Nav) }

// page begins the view of a page: whoever is signed in, and what waits to be told.
func (s *Server) page(c echo.Context) page {
	p := s.frame(c)
	if v, ok := c.Get(sessionKey).(session); ok {
		p.Flash = s.takeFlash(c, v.cookie)
	}
	return p
}

// frame is page for a part of one: what waits to be told is left for the whole.
func (s *Server) frame(c echo.Context) page {
	p := page{
		assets: s.assets, voice: s.pageVoice(c), wishes: readWishes(c), Path: c.Request().URL.Path, Version: s.cfg.Version,
	}
	if c.Request().Method != http.MethodGet { // its answer is no place to come back to
		p.Path = "/"
	} else {
		p.asked = c.Request().URL.RawQuery
	}
	if v, ok := c.Get(sessionKey).(session); ok {
		p.CSRFToken, p.User, p.Live = csrfToken(v.cookie), v.user.Email, true
	}
	return p
}

// titled is the page with its title and its place in the navigation.
func (p page) titled(nav, title string) page {
	p.Nav, p.Title = nav, title
	return p
}

// render writes the page once all of it is there, so that no half page goes out.
func (s *Server) render(c echo.Context, status int, name string, view any) error {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	policy := stillPolicy
	if _, ok := c.Get(sessionKey).(session); ok {
		policy = livePolicy
	}
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, policy)
	return c.HTMLBlob(status, b.Bytes())
}

// wantsPage tells a browser that shows pages from a program.
func wantsPage(c echo.Context) bool {
	return strings.Contains(c.Request().Header.Get(echo.HeaderAccept), "text/html")
}

type indexView struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	API     string `json:"api"`
	OpenAPI string `json:"openapi"`
}

// indexPage is the front door for whoever is not signed in.
type indexPage struct {
	page
	indexView
}

// index is GET /: for programs what this is, for browsers the stores, or the front door.
func (s *Server) index(c echo.Context) error {
	view := indexView{Name: "Probability", Version: s.cfg.Version, API: storesPath + "/", OpenAPI: "/api/openapi.json"}
	if !wantsPage(c) {
		return c.JSON(http.StatusOK, view)
	}
	signedIn, err := s.recognise(c)
	if err != nil {
		return err
	}
	if signedIn {
		return s.storesPage(c)
	}
	p := s.page(c)
	return s.render(c, http.StatusOK, "index.html", indexPage{page: p.titled("", p.Say("index.heading")), indexView: view})
}
