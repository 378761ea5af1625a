package web

import "time"

// What the black-box tests need of the inside.

// AppendCell writes a cell of a CSV file.
var AppendCell = appendCell

// Exports at once.
const (
	MaxAccountExports = maxAccountExports
	MaxExports        = maxExports
)

// SetExportStall shortens the time that a client may take for a piece of an export.
func (s *Server) SetExportStall(d time.Duration) { s.exportStall = d }
