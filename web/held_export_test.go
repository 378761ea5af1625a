package web

import (
	"time"

	"github.com/google/uuid"

	"probability/app/carriers"
)

// KeptReports keeps reports of so many rows, one a minute, and tells which of them can still be taken, by their places.
func KeptReports(now time.Time, rows ...int) []int {
	var (
		h    heldReports
		ids  []string
		left []int
	)
	for i, n := range rows {
		at := now.Add(time.Duration(i) * time.Minute)
		ids = append(ids, h.keep(heldReport{
			user: uuid.Nil, integration: 1, upload: reportUpload{report: carriers.Report{Rows: make([]carriers.Row, n)}}, until: at.Add(heldFor),
		}, at))
	}
	for i, id := range ids {
		if _, ok := h.take(id, uuid.Nil, 1, now.Add(time.Duration(len(rows)-1)*time.Minute)); ok {
			left = append(left, i)
		}
	}
	return left
}
