package web_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"probability/store"
	"probability/store/storetest"
)

var (
	benchOrders   = flag.Int("orders", 20_000, "how many orders the store of BenchmarkPages has")
	benchData     = flag.String("data", "", "`folder` in which BenchmarkPages keeps that store, and finds it the next time")
	benchDatabase = flag.String("database", "", "address of a PostgreSQL database for its copy, which is kept as well")
)

// BenchmarkPages shows every page about a large store, as a browser asks for it, and what programs ask for most, on each engine, with
// the same rows. What a page costs must not depend on how many orders there are:
//
//	go test ./web -run '^$' -bench Pages -benchtime 20x -args -orders 1000000
//
// The p50 and the max are of single answers; the first one of a kind counts what the others remember.
func BenchmarkPages(b *testing.B) {
	cfg, known := largeStore(b)
	b.Run("sqlite", func(b *testing.B) { showPages(b, storetest.Open(b, cfg), known) })
	b.Run("postgres", func(b *testing.B) {
		there := cfg
		if there.URL = *benchDatabase; there.URL == "" {
			there.URL = storetest.EmptyPostgres(b)
		}
		_, err := store.Move(b.Context(), cfg, there.URL, func(string, int64, int64) {}, slog.New(slog.DiscardHandler))
		if *benchDatabase == "" || !errors.Is(err, store.ErrTargetTaken) { // it was moved there before
			fatal(b, err)
		}
		showPages(b, storetest.Open(b, there), known)
	})
}

// largeStore makes an installation with a large store on SQLite, unless one was kept. It gives what identifies its parts.
func largeStore(b *testing.B) (cfg store.Config, known map[string]string) {
	b.Helper()
	cfg = storetest.Config(b)
	if *benchData != "" {
		cfg.Dir = filepath.Join(*benchData, "data")
	}
	kept := filepath.Join(filepath.Dir(cfg.Dir), "known.json")
	text, err := os.ReadFile(kept)
	if err == nil {
		fatal(b, json.Unmarshal(text, &known))
		return cfg, known
	}
	if !errors.Is(err, fs.ErrNotExist) {
		b.Fatal(err)
	}
	s, err := store.Open(b.Context(), cfg, slog.New(slog.DiscardHandler))
	fatal(b, err)
	bench := newBench(b, func(o *options) { o.store = s })
	known = map[string]string{}
	for name, of := range bench.dashboard() {
		known[name] = of.theirs
	}
	id, err := strconv.ParseInt(known["id"], 10, 64)
	fatal(b, err)
	bench.fill(id, *benchOrders, varied)
	fatal(b, s.Close())
	text, err = json.Marshal(known)
	fatal(b, err)
	fatal(b, os.WriteFile(kept, text, 0o600))
	return cfg, known
}

// varied is an order of a store with customers in many places, most of whom come once.
func varied(n int) string {
	pick := func(of []string, by int) string { return of[(n/by)%len(of)] }
	return order(n, map[string]any{
		"created_at": noon.Add(-time.Duration(n) * time.Minute).Format(time.RFC3339), "updated_at": noon.Add(-time.Duration(n*7919%1_000_003) * time.Second).Format(time.RFC3339),
		"email": fmt.Sprintf("cliente%d@example.com", n*2/3), "total_price": fmt.Sprintf("%d.00", 20_000+n*7919%480_000),
		"financial_status": pick([]string{"paid", "pending", "paid", "voided", "refunded"}, 1), "fulfillment_status": pick([]string{"fulfilled", "", "fulfilled", "partial"}, 3),
		"source_name": "web", "tags": "cod", "payment_gateway_names": []string{pick([]string{"Cash on Delivery (COD)", "wompi"}, 2)},
		"shipping_address": map[string]any{
			"first_name": pick([]string{"Ana María", "Luis", "Camila", "Andrés", "Sofía", "Jorge", "Valentina"}, 1),
			"last_name":  pick([]string{"Muñoz", "Gómez", "Rodríguez", "Pérez", "Castaño", "Ruiz", "Ospina", "Vélez", "Torres", "Ríos", "Salazar"}, 7),
			"address1":   fmt.Sprintf("Calle %d # %d-%d", n%170, n/170%90, n%97), "city": pick([]string{"Bogotá", "Medellín", "Cali", "Barranquilla", "Pasto", "Tunja"}, 5),
			"province": pick([]string{"Bogotá, D.C.", "Antioquia", "Valle del Cauca", "Atlántico", "Nariño", "Boyacá"}, 5), "country": "Colombia", "phone": fmt.Sprintf("+57300%07d", n*2/3),
		},
	})
}

// showPages asks for all of them in turn.
func showPages(b *testing.B, s *store.Store, known map[string]string) {
	b.Helper()
	bench := newBench(b, func(o *options) { o.store = s })
	w := bench.administrator("en")
	paths := map[string]string{"index": "/"}
	for _, r := range bench.server.Pages() {
		if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/static/") || r.Path == "/password" { // which wants a link
			continue
		}
		path := r.Path
		for part := range strings.SplitSeq(r.Path, "/") {
			if name, ok := strings.CutPrefix(part, "{"); ok {
				path = strings.ReplaceAll(path, part, known[idOf(r.Path, strings.TrimSuffix(name, "}"))])
			}
		}
		paths[strings.TrimPrefix(r.Path, "/")] = path
	}
	list, api := "/stores/"+known["id"]+"/orders", "/api/integrations/shopify/"+known["id"]+"/"
	deep := w.open(list)
	for range 5 {
		deep = w.open(deep.link("next"))
	}
	for name, query := range map[string]string{
		"next": deep.link("next"), "previous": deep.link("prev"), "search": list + "?search=bogot", "rare": list + "?search=cliente77@",
		"filter":   list + "?financial_status=voided&ordering=total_price",
		"by_score": list + "?ordering=delivery_score", "unscored": list + "?delivery_probability=unscored",
	} {
		paths["orders_"+name] = query
	}
	client := &http.Client{Jar: w.client.Jar}
	b.Cleanup(client.CloseIdleConnections)
	get := func(path string) (size int64) {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, bench.base+path, nil)
		fatal(b, err)
		if !strings.HasPrefix(path, "/api/") {
			r.Header.Set("Accept", "text/html")
		}
		resp, err := client.Do(r)
		fatal(b, err)
		size, err = io.Copy(io.Discard, resp.Body)
		fatal(b, errors.Join(err, resp.Body.Close()))
		if resp.StatusCode != http.StatusOK {
			b.Fatalf("%s answers %s", path, resp.Status)
		}
		return size
	}
	cursor := deepCursor(b, bench, client, api)
	for name, query := range map[string]string{
		"list": "orders/", "list_omit": "orders/?omit=raw_response,line_items", "list_100": "orders/?page_size=100", "page_last": "orders/?page=last",
		"page_deep": fmt.Sprintf("orders/?page=%d", *benchOrders/40), "cursor_first": "orders/?cursor=", "cursor_deep": "orders/?cursor=" + url.QueryEscape(cursor),
		"financial": "orders/?financial_status=paid", "fulfillment": "orders/?fulfillment_status=fulfilled", "min_total": "orders/?min_total=200000",
		"totals_and_status": "orders/?min_total=100000&max_total=200000&financial_status=paid",
		"window":            "orders/?since=2026-09-01&until=2026-09-14", "today": "orders/?today=1", "by_total": "orders/?ordering=-total_price",
		"by_update": "orders/?ordering=updated_at", "probability": "orders/?delivery_probability=low",
		"search_number": "orders/?search=%23777", "search_email": "orders/?search=cliente4321@", "search_common": "orders/?search=bogot%C3%A1",
		"search_name": "orders/?search=mu%C3%B1oz", "search_absent": "orders/?search=zzqqy", "search_two": "orders/?search=zq", "search_status": "orders/?search=cliente9&financial_status=voided",
		"order": "orders/" + known["order"] + "/", "score": "orders/" + known["order"] + "/score/", "deliveries": "deliveries/", "imports": "imports/",
		"stats": "stats/", "stats_month": "stats/?since=2026-10-01", "stats_now": "stats/?since=2026-11-01", "export_week": "orders/export/?since=2026-10-29", "export_filtered": "orders/export/?financial_status=refunded&min_total=499000",
	} {
		paths["api_"+name] = api + query
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			var size int64
			for b.Loop() {
				begun := time.Now()
				size = get(paths[name])
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
			b.ReportMetric(float64(size), "B")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// deepCursor is the cursor of half-way, or of a hundred thousand orders down.
func deepCursor(b *testing.B, bench *bench, client *http.Client, api string) (cursor string) {
	b.Helper()
	for range min(*benchOrders/2, 100_000) / 100 {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, bench.base+api+"orders/?fields=id&page_size=100&cursor="+url.QueryEscape(cursor), nil)
		fatal(b, err)
		resp, err := client.Do(r)
		fatal(b, err)
		var page struct {
			Next string `json:"next_cursor"`
		}
		fatal(b, errors.Join(json.NewDecoder(resp.Body).Decode(&page), resp.Body.Close()))
		cursor = page.Next
	}
	return cursor
}
