package web_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"probability/store"
)

// older fills every list of a store with n rows that can be told apart, the first n the oldest.
func (b *bench) older(id int64, n int) {
	b.t.Helper()
	u, err := b.store.UserByEmail(b.t.Context(), "alice@example.com")
	fatal(b.t, err)
	for range n {
		b.model(id, store.ModelRetired)
	}
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		first, err := tx.ActiveImport(ctx, id)
		if err != nil {
			return err
		}
		first.State = store.ImportCompleted
		if err := tx.UpdateImport(ctx, first); err != nil {
			return err
		}
		for i := 1; i <= n; i++ {
			at, name := noon.Add(time.Duration(i)*time.Hour), fmt.Sprintf("row-%03d.csv", i)
			err := tx.InsertImport(ctx, store.Import{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Kind: store.KindPeriodic, State: store.ImportCompleted, Field: store.FieldUpdatedAt, From: at,
				QueuedAt: at, StartedAt: at, FinishedAt: at, Fetched: 7000 + i,
			})
			if err != nil {
				return err
			}
			err = tx.InsertAudit(ctx, store.Audit{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Cause: store.AuditManual, State: store.AuditCompleted, QueuedAt: at, StartedAt: at,
				AuditCounts: store.AuditCounts{Checked: 7000 + i},
			})
			if err != nil {
				return err
			}
			err = tx.PutOutcomeImport(ctx, store.OutcomeImport{
				ID: uuid.Must(uuid.NewV7()), IntegrationID: id, Digest: sha256.Sum256([]byte(name)), Name: name, CreatedAt: at, UpdatedAt: at, UserID: u.ID,
			})
			if err != nil {
				return err
			}
			_, err = tx.PutScoreSettings(ctx, store.ScoreSettings{IntegrationID: id, Version: int64(i - 1), CreatedAt: at, UserID: u.ID, Settings: []byte(`{}`)})
			if err != nil {
				return err
			}
			if err := tx.AddRefusals(ctx, []store.Refusal{{IntegrationID: id, Reason: "not_signed", Count: 7000 + i, FirstAt: at, LastAt: at, Topic: "orders/create"}}, 200); err != nil {
				return err
			}
		}
		return nil
	}))
}

// turned is where the list with that name leads to.
func (s screen) turned(list, rel string) string {
	s.t.Helper()
	for _, nav := range s.all("nav", "aria-label", list) {
		for _, a := range within(nav, "a") {
			if attr(a, "rel") == rel {
				to, err := s.at.Parse(attr(a, "href"))
				fatal(s.t, err)
				return to.String()
			}
		}
	}
	return ""
}

// Every list of a page leads to all that it has: without a gap, without a double, back again, and without moving the others.
func TestPages_ListsLeadToWhatIsOlder(t *testing.T) {
	t.Parallel()
	const n = 45
	b := newBench(t)
	_, id := b.connected()
	b.older(id, n)
	w := b.browserOf("alice@example.com", "en")
	for _, c := range []struct {
		path, list, place, more string
		row                     func(i int) string
		size                    int
	}{
		{"", "Pages: Imports and syncs", "runs-card", "runs", func(i int) string { return fmt.Sprintf("7,%03d", i) }, 10},
		{"", "Pages: Audits", "audits-card", "audits", func(i int) string { return fmt.Sprintf("7,%03d", i) }, 5},
		{"/score", "Pages: Models", "models", "models", func(i int) string { return fmt.Sprintf("v%d ", i) }, 20},
		{"/score/settings", "Pages: Versions", "versions", "versions", func(i int) string { return fmt.Sprintf("Restore %d ", i) }, 20},
		{"/outcomes", "Pages: Reports that were read", "reports", "page", func(i int) string { return fmt.Sprintf("row-%03d.csv", i) }, 20},
		{"/deliveries", "Pages: Refused", "refused", "refusals", func(i int) string { return fmt.Sprintf("7,%03d", i) }, 20},
	} {
		page := w.open(fmt.Sprintf("/stores/%d%s", id, c.path))
		seen, screens := []int{}, []screen{page}
		rows := func(s screen) []int {
			section := s.all("*", "id", c.place)[0]
			if section.Data == "h2" {
				section = section.Parent
			}
			if c.place == "refused" {
				section = section.Parent
			}
			text := textOf(section) + " "
			var found []int
			for i := n; i > 0; i-- {
				if strings.Contains(text, c.row(i)) {
					found = append(found, i)
				}
			}
			return found
		}
		for next := page.turned(c.list, "next"); next != "" && len(screens) < 20; next = screens[len(screens)-1].turned(c.list, "next") {
			to, err := url.Parse(next)
			fatal(t, err)
			if to.Query().Get(c.more) != fmt.Sprint(len(screens)+1) || to.Fragment == "" {
				t.Errorf("%s: the next part is at %s", c.list, next)
			}
			screens = append(screens, w.open(next))
		}
		for _, s := range screens {
			seen = append(seen, rows(s)...)
		}
		want := make([]int, 0, n)
		for i := n; i > 0; i-- {
			want = append(want, i)
		}
		if !slices.Equal(seen, want) || len(screens) < 3 {
			t.Errorf("%s%s shows %v on %d pages, want %v", c.list, c.path, seen, len(screens), want)
		}
		if c.size > 0 && len(rows(page)) != c.size {
			t.Errorf("%s shows %d at once, want %d", c.list, len(rows(page)), c.size)
		}
		back := screens[len(screens)-1]
		for range screens[1:] {
			back = w.open(back.turned(c.list, "prev"))
		}
		if back.turned(c.list, "prev") != "" || !slices.Equal(rows(back), rows(page)) || back.at.RawQuery != "" {
			t.Errorf("%s does not lead back: %s", c.list, back.at)
		}
		w.send(http.MethodGet, fmt.Sprintf("/stores/%d%s?%s=99", id, c.path, c.more), "").shows(http.StatusNotFound)
		w.send(http.MethodGet, fmt.Sprintf("/stores/%d%s?%s=x", id, c.path, c.more), "").shows(http.StatusBadRequest)
	}
	both := w.open(fmt.Sprintf("/stores/%d?runs=2&audits=3&evil=1", id)).says("11–20 of 46", "11–15 of 45")
	to, err := url.Parse(both.turned("Pages: Audits", "next"))
	fatal(t, err)
	if got := to.Query().Encode(); got != "audits=4&runs=2" || to.Fragment != "audits-card" {
		t.Errorf("the next audits are at %s", to)
	}
	b.browserOf("alice@example.com", "es").open(fmt.Sprintf("/stores/%d?runs=2", id)).says("11–20 de 46", "Siguiente")
}
