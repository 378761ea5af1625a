package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"

	"github.com/labstack/echo/v4"
)

//go:embed static/*
var staticFiles embed.FS

// assets are the files that pages load, by name. Their addresses carry a digest of what is in them, so that a browser may keep
// them for ever and still never shows a page with the style of another version.
type assets map[string]asset

type asset struct {
	body   []byte
	digest string // the first half of the SHA-256, in hex
	kind   string
}

func readAssets() (assets, error) {
	names, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	all := assets{}
	for _, entry := range names {
		body, err := staticFiles.ReadFile("static/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("assets: %w", err)
		}
		sum := sha256.Sum256(body)
		all[entry.Name()] = asset{
			body: body, digest: hex.EncodeToString(sum[:len(sum)/2]), kind: mime.TypeByExtension(path.Ext(entry.Name())),
		}
	}
	return all, nil
}

// address is where a page finds the file; "" for one that is not there.
func (a assets) address(name string) string {
	file, ok := a[name]
	if !ok {
		return ""
	}
	return "/static/" + file.digest + "/" + name
}

// asset is GET /static/{digest}/{name}. An address with another digest is of another version and names nothing here.
func (s *Server) asset(c echo.Context) error {
	file, ok := s.assets[c.Param("name")]
	if !ok || file.digest != c.Param("digest") {
		return echo.ErrNotFound
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, file.kind, file.body)
}
