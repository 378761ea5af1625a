package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// backupPiece is how much of a backup is sent at once, in bytes: whoever takes none of it for a while is given up.
const backupPiece = 256 << 10

// downloadBackup is POST /admin/backup: all that the database holds, encrypted, as a file. What is sent lies on the disk, so it takes
// no memory, and a slow line holds nothing up but the next backup.
func (s *Server) downloadBackup(c echo.Context) (err error) {
	ctx, out := c.Request().Context(), c.Response()
	began := time.Now()
	b, err := s.app.Backup(ctx, s.cfg.Version)
	if err != nil {
		return s.failed(c, "/settings", err)
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	h := out.Header()
	h.Set(echo.HeaderContentType, echo.MIMEOctetStream)
	h.Set(echo.HeaderContentLength, strconv.FormatInt(b.Size, 10))
	h.Set(echo.HeaderContentDisposition, `attachment; filename="probability-`+b.CreatedAt.Format("2006-01-02-1504")+`.backup"`)
	piece, line := make([]byte, backupPiece), http.NewResponseController(out.Writer)
	for {
		n, readErr := io.ReadFull(b, piece)
		if n > 0 {
			if err := line.SetWriteDeadline(time.Now().Add(s.exportStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return fmt.Errorf("backup: deadline: %w", err)
			}
			if _, err := out.Write(piece[:n]); err != nil {
				return fmt.Errorf("backup: send: %w: %w", http.ErrAbortHandler, err)
			}
		}
		if errors.Is(readErr, io.EOF) || errors.Is(readErr, io.ErrUnexpectedEOF) {
			break
		}
		if readErr != nil {
			return fmt.Errorf("backup: read: %w: %w", http.ErrAbortHandler, readErr)
		}
	}
	s.log.InfoContext(ctx, "backup downloaded", "user_id", caller(c).ID, "bytes", b.Size, "key", b.KeyID, "duration", time.Since(began))
	return b.Fetched(ctx)
}
