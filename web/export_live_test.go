package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"probability/store"
	"probability/web"
)

// moving is an order that has been changed: it has moved in every ordering that has no lasting value.
func moving(n int, total string, updated time.Time) string {
	return order(n, map[string]any{
		"total_price": total, "created_at": noon.Add(-time.Duration(n) * time.Minute).Format(time.RFC3339), "updated_at": updated.Format(time.RFC3339),
	})
}

// TestExport_HasEveryOrderThatStaysOnce changes the store while an export stands still in its first rows.
func TestExport_HasEveryOrderThatStaysOnce(t *testing.T) {
	t.Parallel()
	const orders = 4000
	for format, orderings := range map[string][]string{
		"csv": {"-created_at", "-total_price"}, "ndjson": {"-updated_at"}, // TestExport_WalkGivesWhatStaysOnce has them all
	} {
		for _, ordering := range orderings {
			t.Run(format+" "+ordering, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				path, id := b.connected()
				first := noon.Add(-10 * 24 * time.Hour)
				b.fill(id, orders, func(n int) string { return moving(n, fmt.Sprint(1000+n), first.Add(time.Duration(n)*time.Minute)) })
				base, client := b.slowServer()
				resp := begin(b, client, base+path+"orders/export/?format="+format+"&ordering="+ordering, b.alice)
				body := bufio.NewReader(resp.Body)
				_, err := body.Peek(1000)
				fatal(t, err)

				// Every tenth is deleted, and every tenth but one moves behind, before or far within what has been read.
				for n := 10; n <= orders; n += 10 {
					b.remove(id, n)
				}
				var changed []string
				for n := 5; n <= orders; n += 10 {
					total := []string{"0", "99999", fmt.Sprint(1000 + (n+orders/2)%orders)}[n/10%3]
					changed = append(changed, moving(n, total, first.Add(time.Duration(n+orders/2*(n/10%3))*time.Minute+time.Second)))
				}
				b.put(id, changed...)
				b.put(id, moving(orders+1, "1", noon), moving(orders+2, "9999", first), moving(-1, "3000", first.Add(time.Hour)))

				file, err := io.ReadAll(body)
				fatal(t, err)
				if strings.Contains(string(file), `"raw_response":null`) {
					t.Error("an order came without its payload")
				}
				seen := map[string]int{}
				for _, n := range numbersOf(t, file, format == "ndjson") {
					seen[n]++
				}
				for n := 1; n <= orders; n++ {
					got := seen[fmt.Sprint(n)]
					if got > 1 || got == 0 && n%10 != 0 {
						t.Errorf("order %d is there %d times", n, got)
					}
				}
				if seen[fmt.Sprint(orders)] != 0 && seen["10"] != 0 {
					t.Error("the export was over before anything changed")
				}
			})
		}
	}
}

func (b *bench) remove(id int64, n int) {
	b.t.Helper()
	fatal(b.t, b.store.Update(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteOrder(ctx, id, fmt.Sprint(5_000_000_000_000+n), b.clock.Now())
		return err
	}))
}

// stalled begins an export of more than the buffers hold and reads its first bytes.
func stalled(t *testing.T) (b *bench, id int64, client *http.Client, url string, resp *http.Response) {
	t.Helper()
	b = newBench(t)
	path, id := b.connected()
	b.fill(id, 3000, columns)
	base, client := b.slowServer()
	url = base + path + "orders/export/"
	resp = begin(b, client, url, b.alice)
	some(t, resp.Body)
	return b, id, client, url, resp
}

// pathOf is the path of an address.
func pathOf(url string) string { return url[strings.Index(url, "/api/"):] }

// cut ends the test unless the rest of the body ends in an error.
func cut(t *testing.T, resp *http.Response) {
	t.Helper()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("got %d", resp.StatusCode)
	}
	rest, err := io.ReadAll(resp.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("after %d bytes the answer ended with %v, as if it were whole", len(rest), err)
	}
}

func TestExport_FailureInTheMiddleCutsTheConnection(t *testing.T) {
	t.Parallel()
	missing := regexp.MustCompile(`no such table|relation "orders" does not exist`)
	for _, query := range []string{"", "?format=ndjson"} {
		b, _, client, url, resp := stalled(t)
		if query != "" {
			resp = begin(b, client, url+query, b.alice)
			some(t, resp.Body)
		}
		_, err := b.store.Writer().ExecContext(t.Context(), `ALTER TABLE orders RENAME TO elsewhere`)
		fatal(t, err)
		cut(t, resp)
		eventually(t, "the failure is logged", func() bool {
			lines := b.logs.exports()
			return len(lines) > 0 && lines[0]["level"] == "ERROR" && lines[0]["cut"] == true && missing.MatchString(fmt.Sprint(lines[0]["error"]))
		})
		// The next one fails before its first byte, and is an answer.
		got := b.get(pathOf(url)).problem(http.StatusInternalServerError, "internal")
		if got.header.Get("Content-Disposition") != "" {
			t.Error("the problem would be saved as a file")
		}
	}
}

func TestExport_DisconnectedStoreCutsTheConnection(t *testing.T) {
	t.Parallel()
	b, id, _, _, resp := stalled(t)
	fatal(t, b.store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.MarkIntegrationDeleted(ctx, id, noon) }))
	cut(t, resp)
}

func TestExport_ClientThatHangsUpStopsTheReading(t *testing.T) {
	t.Parallel()
	b, _, client, url, resp := stalled(t)
	fatal(t, resp.Body.Close())
	whole := int64(len(b.unchecked(pathOf(url))))
	eventually(t, "the export ends", func() bool { return len(b.logs.exports()) == 2 })
	for _, line := range b.logs.exports() {
		bytes := int64(line["bytes"].(float64))
		if line["level"] != "INFO" || line["cut"] != nil && bytes >= whole || line["cut"] == nil && bytes != whole {
			t.Errorf("of %d bytes: %v", whole, line)
		}
	}
	// Those who hang up leave no place taken.
	for range 2 * web.MaxExports {
		hung := begin(b, client, url, b.alice)
		some(t, hung.Body)
		fatal(t, hung.Body.Close())
		eventually(t, "its place is free", func() bool { return b.free(url) })
	}
}

// free tells whether alice could begin an export.
func (b *bench) free(url string) bool {
	b.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp := begin(b, client, url+"?fields=id&search=nothing", b.alice)
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func TestExport_OnlyAFewAtOnce(t *testing.T) {
	t.Parallel()
	b, _, client, url, first := stalled(t)
	path := pathOf(url)
	other := b.connectAs(b.bob)
	b.fill(other, 3000, columns)
	theirs := strings.TrimSuffix(url, path) + fmt.Sprintf("/api/integrations/shopify/%d/orders/export/", other)
	running := []*http.Response{first}
	for len(running) < web.MaxAccountExports {
		running = append(running, begin(b, client, url, b.alice))
	}
	for _, resp := range running {
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("got %d", resp.StatusCode)
		}
	}
	for language, want := range map[string]string{"en": "Too many exports", "es": "Demasiadas exportaciones"} {
		got := b.get(path, header("Accept-Language", language)).problem(http.StatusServiceUnavailable, "export_busy")
		if got.header.Get("Retry-After") != "10" || got.at("title") != want {
			t.Errorf("got %v, %s", got.header, got.body)
		}
	}
	b.do(http.MethodHead, path, "").want(http.StatusOK)
	b.get(strings.TrimSuffix(path, "export/")).want(http.StatusOK)

	// Another account has its place, until all are taken.
	for len(running) < web.MaxExports {
		resp := begin(b, client, theirs, b.bob)
		some(t, resp.Body)
		running = append(running, resp)
	}
	resp := begin(b, client, theirs, b.bob)
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %d", resp.StatusCode)
	}
	// Who was there already gets everything, and then there is room again.
	for _, resp := range running {
		_, err := io.Copy(io.Discard, resp.Body)
		fatal(t, err)
	}
	eventually(t, "there is room", func() bool { return b.free(url) })
}

// connectAs connects the simulated store for another account.
func (b *bench) connectAs(token string) int64 {
	b.t.Helper()
	got := b.post("/api/integrations/shopify/connect/", fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken), as(token)).want(http.StatusCreated)
	return int64(got.at("integration", "id").(float64))
}

// TestExport_OutlivesTheServersDeadlines takes longer than the server's own deadlines allow, a little at a time.
func TestExport_OutlivesTheServersDeadlines(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.fill(id, 3000, columns)
	const limit = 2 * time.Second // a busy machine takes its time to read the request
	base, client := b.slowServer(func(s *http.Server) { s.ReadTimeout, s.WriteTimeout = limit, limit })
	resp := begin(b, client, base+path+"orders/export/", b.alice)
	var file []byte
	for range 3 {
		file = append(file, some(t, resp.Body)...)
		<-time.After(limit / 2)
	}
	rest, err := io.ReadAll(resp.Body)
	fatal(t, err)
	if got := numbersOf(t, append(file, rest...), false); len(got) != 3000 {
		t.Errorf("got %d orders", len(got))
	}
}

func TestExport_ClientThatStopsReadingIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.server.SetExportStall(200 * time.Millisecond)
	path, id := b.connected()
	b.fill(id, 3000, columns)
	base, client := b.slowServer()
	resp := begin(b, client, base+path+"orders/export/", b.alice)
	some(t, resp.Body)
	eventually(t, "it is cut off", func() bool {
		lines := b.logs.exports()
		return len(lines) == 1 && lines[0]["cut"] == true && lines[0]["level"] == "INFO" && lines[0]["code"] == "interrupted"
	})
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the answer looks whole")
	}
}
