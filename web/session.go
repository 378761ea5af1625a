package web

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"probability/app"
	"probability/store"
)

// The session's cookie. The prefix makes browsers take it only by https, for this host alone and for all of its paths; no
// neighbour below the same domain can plant one.
const (
	plainCookie  = "probability_session"
	secureCookie = "__Host-" + plainCookie
)

const (
	csrfHeader = "X-CSRF-Token"
	csrfMember = "csrf_token"
)

// session is a request's session: what is in its cookie, and whose it is.
type session struct {
	cookie string
	stored store.Session
	user   store.User
}

// session finds the session of the request; Unauthorized without a live one.
func (s *Server) session(c echo.Context) (session, error) {
	v := session{cookie: s.cookie(c)}
	if v.cookie == "" {
		return session{}, &app.Error{Kind: app.Unauthorized, Code: "unauthorized"}
	}
	var err error
	if v.stored, v.user, err = s.app.Session(c.Request().Context(), v.cookie); err != nil {
		return session{}, err
	}
	return v, nil
}

// cookie is the value of the session's cookie, "" without one. By https only the one that came by https counts.
func (s *Server) cookie(c echo.Context) string {
	cookie, err := c.Cookie(s.cookieName(c))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (s *Server) cookieName(c echo.Context) string {
	if s.secure(c) {
		return secureCookie
	}
	return plainCookie
}

// setCookie gives the browser a session; an empty value takes it away.
func (s *Server) setCookie(c echo.Context, value string) {
	life := app.SessionLife
	if value == "" {
		life = -time.Second
	}
	http.SetCookie(c.Response(), &http.Cookie{ //nolint:gosec // Secure follows the request: without https it would lock everybody out
		Name: s.cookieName(c), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure(c),
	})
}

// secure tells whether the browser came by https: directly, as a trusted proxy says, or because it asked for the host of the
// public address, which is https.
func (s *Server) secure(c echo.Context) bool {
	return c.Scheme() == "https" || s.publicHost != "" && strings.EqualFold(s.host(c), s.publicHost)
}

// csrfToken is the proof that a page got from us and no other site can know. It follows from the cookie, so that nothing
// is stored for it, and the cookie does not follow from it.
func csrfToken(cookie string) string {
	mac := hmac.New(sha256.New, []byte(cookie))
	mac.Write([]byte(csrfMember))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// checkCSRF wants the proof of whatever may change something: that the browser names our own site as the origin, as far as it
// names any, and the token, as a header or as a form's member.
func (s *Server) checkCSRF(r *http.Request, cookie string) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if err := s.checkOrigin(r); err != nil {
		return &problem{status: http.StatusForbidden, code: "csrf_failed", cause: err}
	}
	token := r.Header.Get(csrfHeader)
	if token == "" {
		var err error
		if token, err = csrfOfForm(r); err != nil {
			return err
		}
	}
	if !hmac.Equal([]byte(token), []byte(csrfToken(cookie))) {
		return &problem{status: http.StatusForbidden, code: "csrf_failed"}
	}
	return nil
}

// csrfOfForm reads the token from a form, whose body can be read again afterwards.
func csrfOfForm(r *http.Request) (string, error) {
	if boundary := boundaryOf(r); boundary != "" {
		return csrfOfUpload(r, boundary)
	}
	if !isForm(r) {
		return "", nil
	}
	var body bytes.Buffer
	if err := readBody(&body, r); err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body.Bytes()))
	form, err := url.ParseQuery(body.String())
	if err != nil {
		return "", &problem{status: http.StatusBadRequest, code: "bad_request", cause: err}
	}
	return form.Get(csrfMember), nil
}

// maxProofPart is within how many bytes of a form with files the token has to come.
const maxProofPart = 4 << 10

// boundaryOf is what parts the members of a form with files; empty: it is no such form.
func boundaryOf(r *http.Request) string {
	kind, params, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEMultipartForm {
		return ""
	}
	return params["boundary"]
}

// csrfOfUpload reads the token from the first member of a form with files, of which no more than the beginning is read for it: the
// whole of it is still there afterwards.
func csrfOfUpload(r *http.Request, boundary string) (string, error) {
	body := bufio.NewReaderSize(r.Body, maxProofPart)
	begin, err := body.Peek(maxProofPart)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", brokenBody(err)
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	part, err := multipart.NewReader(bytes.NewReader(begin), boundary).NextPart()
	if err != nil || part.FormName() != csrfMember { // no form, or another one: then there is no token
		return "", nil //nolint:nilerr // which is what is told
	}
	token, err := io.ReadAll(io.LimitReader(part, maxWord))
	if err != nil {
		return "", nil //nolint:nilerr // it goes beyond what is read, so it is none
	}
	return string(token), nil
}

func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)) // an odd one is no form's
	return kind == echo.MIMEApplicationForm
}

// sessionView is who calls, and what a page needs to call on.
type sessionView struct {
	Email     string  `json:"email"`
	Admin     bool    `json:"admin"`
	Auth      string  `json:"auth"`
	CSRFToken *string `json:"csrf_token"`
	ExpiresAt stamp   `json:"expires_at"`
}

func viewSession(v session) sessionView {
	return sessionView{
		Email: v.user.Email, Admin: v.user.Admin, Auth: "session",
		CSRFToken: nullable(csrfToken(v.cookie)), ExpiresAt: stamp(v.stored.ExpiresAt),
	}
}

// getSession is GET /api/session/: who am I.
func (s *Server) getSession(c echo.Context) error {
	if v, ok := c.Get(sessionKey).(session); ok {
		return c.JSON(http.StatusOK, viewSession(v))
	}
	u := caller(c)
	return c.JSON(http.StatusOK, sessionView{Email: u.Email, Admin: u.Admin, Auth: "token"})
}
