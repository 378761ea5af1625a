package web

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"probability/app/carriers"
)

// How much of reports that were tried is kept for whoever may want them imported, and for how long: some ten megabytes at most.
const (
	heldFor  = 15 * time.Minute
	heldRows = carriers.MaxRows
	heldMost = 20
)

// heldReport is a report that was tried and may be imported next.
type heldReport struct {
	id          string
	user        uuid.UUID
	integration int64
	upload      reportUpload
	until       time.Time
}

// heldReports keeps reports between being tried and being imported, in memory: a restart forgets them, and the page then asks for
// the file again.
type heldReports struct {
	mu   sync.Mutex
	kept []heldReport // the oldest first
}

// keep gives the word by which the report can be taken. The oldest make room.
func (h *heldReports) keep(r heldReport, now time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.id = uuid.NewString() // 122 random bits, and of use to its owner only
	h.kept = append(slices.DeleteFunc(h.kept, func(old heldReport) bool { return !now.Before(old.until) }), r)
	rows := 0
	for i := len(h.kept) - 1; i >= 0; i-- {
		rows += len(h.kept[i].upload.report.Rows)
		if rows > heldRows || len(h.kept)-i > heldMost {
			h.kept = slices.Clone(h.kept[i+1:])
			break
		}
	}
	return r.id
}

// take gives a report once.
func (h *heldReports) take(id string, user uuid.UUID, integration int64, now time.Time) (reportUpload, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, r := range h.kept {
		if r.id == id && r.user == user && r.integration == integration {
			h.kept = slices.Delete(h.kept, i, i+1)
			return r.upload, now.Before(r.until)
		}
	}
	return reportUpload{}, false
}
