package shopify_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"probability/shopify"
)

func TestOrders_Next(t *testing.T) {
	t.Parallel()
	const (
		here = "https://mi-tienda.myshopify.com/admin/api/2026-10/orders.json"
		prev = "<" + here + `?limit=250&page_info=back>; rel="previous"`
	)
	for _, c := range []struct {
		name string
		link []string
		want string
		kind shopify.Kind
	}{
		{"no header", nil, "", ""},
		{"an empty header", []string{""}, "", ""},
		{"only previous", []string{prev}, "", ""},
		{"only next", []string{"<" + here + `?limit=250&page_info=abc>; rel="next"`}, "limit=250&page_info=abc", ""},
		{"previous, then next", []string{prev + ", <" + here + `?limit=250&page_info=abc>; rel="next"`}, "limit=250&page_info=abc", ""},
		{"next, then previous", []string{"<" + here + `?limit=250&page_info=abc>; rel="next", ` + prev}, "limit=250&page_info=abc", ""},
		{"two headers", []string{prev, "<" + here + `?page_info=abc>; rel="next"`}, "page_info=abc", ""},
		{"without quotes or spaces", []string{"<" + here + "?page_info=abc>;rel=next," + prev}, "page_info=abc", ""},
		{"several relations", []string{"<" + here + `?page_info=abc>; rel="last NEXT"`}, "page_info=abc", ""},
		{"other parameters", []string{"<" + here + `?page_info=abc>; title="a, b; rel=\next"; flag ; REL = "next" ; x=y`}, "page_info=abc", ""},
		{"the first rel holds", []string{"<" + here + `?page_info=abc>; rel="previous"; rel="next"`}, "", ""},
		{"nextish is not next", []string{"<" + here + `?page_info=abc>; rel="next-archive"`}, "", ""},
		{"a comma in the target", []string{"<" + here + `?fields=id,name&page_info=a,b>; rel="next"`}, "fields=id,name&page_info=a,b", ""},
		{"escapes stay as they are", []string{"<" + here + `?page_info=eyJ%3D%3D&limit=250>; rel="next"`}, "page_info=eyJ%3D%3D&limit=250", ""},
		{"relative", []string{`</admin/api/2026-10/orders.json?page_info=abc>; rel="next"`}, "page_info=abc", ""},
		{"only a query", []string{`<?page_info=abc>; rel="next"`}, "page_info=abc", ""},
		{"another path of the store: only the query is taken", []string{`<https://mi-tienda.myshopify.com/admin/logout?page_info=abc>; rel="next"`}, "page_info=abc", ""},
		{"pages by number", []string{"<" + here + `?limit=250&page=2>; rel="next"`}, "limit=250&page=2", ""},
		{"capitals in the host", []string{`<HTTPS://Mi-Tienda.MyShopify.com/x?page_info=abc>; rel="next"`}, "page_info=abc", ""},

		{"another host", []string{`<https://evil.example/orders.json?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"another store", []string{`<https://otra.myshopify.com/orders.json?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"a host that ends alike", []string{`<https://xmi-tienda.myshopify.com/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"a host that begins alike", []string{`<https://mi-tienda.myshopify.com.evil.example/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"without TLS", []string{`<http://mi-tienda.myshopify.com/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"another port", []string{`<https://mi-tienda.myshopify.com:8443/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"a host behind what looks like a port", []string{`<https://mi-tienda.myshopify.com:443@evil.example/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"a host behind what looks like a user", []string{`<https://mi-tienda.myshopify.com@evil.example/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"a user before the right host", []string{`<https://evil.example@mi-tienda.myshopify.com/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"without scheme", []string{`<//evil.example/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"backslashes", []string{`<https:\\evil.example\?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"a backslash in the host", []string{`<https://evil.example\@mi-tienda.myshopify.com/?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"another scheme", []string{`<file:///etc/passwd?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"opaque", []string{`<mailto:a@b?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"no query", []string{"<" + here + `>; rel="next"`}, "", shopify.KindForeignLink},
		{"the query that was asked", []string{"<" + here + `?limit=250&status=any>; rel="next"`}, "", shopify.KindForeignLink},
		{"an empty page_info", []string{"<" + here + `?page_info=>; rel="next"`}, "", shopify.KindForeignLink},
		{"page_info in the fragment", []string{"<" + here + `#?page_info=abc>; rel="next"`}, "", shopify.KindForeignLink},
		{"a query that cannot be read", []string{"<" + here + `?page_info=%zz>; rel="next"`}, "", shopify.KindForeignLink},
		{"a query without end", []string{"<" + here + `?page_info=` + strings.Repeat("a", 9000) + `>; rel="next"`}, "", shopify.KindForeignLink},

		{"no brackets", []string{here + `?page_info=abc; rel="next"`}, "", shopify.KindUnavailable},
		{"no end of the target", []string{"<" + here + `?page_info=abc; rel="next"`}, "", shopify.KindUnavailable},
		{"no end of the quotes", []string{"<" + here + `?page_info=abc>; rel="next`}, "", shopify.KindUnavailable},
		{"text between", []string{"<" + here + `?page_info=abc> rel="next"`}, "", shopify.KindUnavailable},
		{"an empty target", []string{`<>; rel="next"`}, "", shopify.KindUnavailable},
	} {
		client := newClient(t, transport(func(r *http.Request) (*http.Response, error) {
			resp := reply(r, 200, `{"orders":[]}`)
			resp.Header["Link"] = c.link
			return resp, nil
		}))
		page, err := client.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
		if shopify.KindOf(err) != c.kind || page.Next != c.want {
			t.Errorf("%s: got %q, %v; want %q, kind %q", c.name, page.Next, err, c.want, c.kind)
		}
		if err == nil && page.Next != "" {
			// What is given out is taken back.
			if _, err := client.Orders(t.Context(), session(), shopify.OrdersQuery{}, page.Next); shopify.KindOf(err) != shopify.KindForeignLink {
				t.Errorf("%s: a page that follows itself: got %v", c.name, err)
			}
		}
	}
}

// A link may name the endpoint that was called as well as the store.
func TestOrders_NextAtAnEndpoint(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]shopify.Kind{
		"http://127.0.0.1:9999/mi-tienda.myshopify.com/admin/x?page_info=a": "",
		"https://mi-tienda.myshopify.com/admin/x?page_info=a":               "",
		"/x?page_info=a":                               "",
		"http://127.0.0.1:9998/x?page_info=a":          shopify.KindForeignLink,
		"https://127.0.0.1:9999/x?page_info=a":         "", // the query is all that is taken
		"https://127.0.0.1:9998/x?page_info=a":         shopify.KindForeignLink,
		"http://mi-tienda.myshopify.com/x?page_info=a": shopify.KindForeignLink,
		"http://127.0.0.1/x?page_info=a":               shopify.KindForeignLink,
		"http://u@127.0.0.1:9999/x?page_info=a":        shopify.KindForeignLink,
		"https://otra.myshopify.com/x?page_info=a":     shopify.KindForeignLink,
	} {
		client := newClient(t, always(200, `{"orders":[]}`, "Link: <"+link+`>; rel="next"`), func(cfg *shopify.Config) { cfg.Endpoint = "http://127.0.0.1:9999/{shop}" })
		_, err := client.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
		if got := shopify.KindOf(err); got != want {
			t.Errorf("%s: got %v, want kind %q", link, err, want)
		}
	}
}

// A redirect is answered, not followed: Go would take the token along.
func TestClient_FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var visits atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		if r.Header.Get("X-Shopify-Access-Token") != "" {
			t.Error("the token left the store")
		}
		_, _ = w.Write([]byte(`{"orders":[]}`))
	}))
	defer evil.Close()
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, evil.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer store.Close()

	followed := errors.New("the caller's client follows")
	hc := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return followed }}
	client, err := shopify.NewClient(shopify.Config{Endpoint: store.URL + "/{shop}"}, hc, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range everyCall(client) {
		if e := wantKind(t, do(t.Context()), shopify.KindRedirected); e.Status != 307 {
			t.Errorf("%s: %v", name, e)
		}
	}
	_, err = client.Token(t.Context(), testShop, "id", "secret")
	wantKind(t, err, shopify.KindRedirected)
	if n := visits.Load(); n != 0 {
		t.Errorf("%d visits elsewhere", n)
	}
	if err := hc.CheckRedirect(nil, nil); !errors.Is(err, followed) {
		t.Error("the caller's own http.Client was changed")
	}
}

// Over a real connection: bodies that end early, in both framings, and a proxy
// that closes without an answer.
func TestClient_CutConnections(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"shorter than announced":                 "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"orders\":[{\"id\":1},",
		"no last chunk":                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n{\"orders\":[]}\r\n",
		"closed at the body's end, which is not": "HTTP/1.0 200 OK\r\n\r\n{\"orders\":[{\"id\":1}",
		"closed without an answer":               "",
		"not HTTP":                               "SSH-2.0-OpenSSH\r\n",
	} {
		store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write([]byte(text))
			_ = conn.Close()
		}))
		client, err := shopify.NewClient(shopify.Config{Endpoint: store.URL, Retries: -1}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		page, err := client.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
		wantKind(t, err, shopify.KindUnavailable)
		if len(page.Orders) != 0 {
			t.Errorf("%s: %d orders of a cut page", name, len(page.Orders))
		}
		if strings.Contains(err.Error(), "orders.json") || strings.Contains(err.Error(), "status=any") {
			t.Errorf("%s: the URL is in %v", name, err)
		}
		store.Close()
	}
}
