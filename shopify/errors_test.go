package shopify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"probability/shopify"
)

func TestError_Kinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status   int
		body     string
		kind     shopify.Kind
		messages []string
	}{
		{400, `{"errors":"Limit exceeds maximum limit of 250"}`, shopify.KindInvalid, []string{"Limit exceeds maximum limit of 250"}},
		{400, `{"errors":{"updated_at_min":"updated_at_min cannot be passed when page_info is present."}}`, shopify.KindInvalid, []string{"updated_at_min cannot be passed when page_info is present."}},
		{401, `{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}`, shopify.KindUnauthorized, []string{"[API] Invalid API key or access token (unrecognized login or wrong password)"}},
		{401, ``, shopify.KindUnauthorized, nil},
		{402, `{"errors":"Unavailable Shop"}`, shopify.KindPaymentRequired, []string{"Unavailable Shop"}},
		{403, `{"errors":"[API] This action requires merchant approval for read_orders scope."}`, shopify.KindMissingScope, []string{"[API] This action requires merchant approval for read_orders scope."}},
		{
			403, `{"errors":"[API] This app is not approved to access REST endpoints with protected customer data. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."}`, shopify.KindProtectedData,
			[]string{"[API] This app is not approved to access REST endpoints with protected customer data. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."},
		},
		{403, `{"errors":"[API] Non-expiring access tokens are no longer accepted for the Admin API."}`, shopify.KindTokenKind, []string{"[API] Non-expiring access tokens are no longer accepted for the Admin API."}},
		{403, `<html><body>Forbidden: read_orders</body></html>`, shopify.KindForbidden, nil},
		{403, `{"errors":"Forbidden"}`, shopify.KindForbidden, []string{"Forbidden"}},
		{404, `{"errors":"Not Found"}`, shopify.KindNotFound, []string{"Not Found"}},
		{404, `<!DOCTYPE html><title>Store not found</title>`, shopify.KindNotFound, nil},
		{406, `{"errors":["not acceptable"]}`, shopify.KindInvalid, []string{"not acceptable"}},
		{408, ``, shopify.KindUnavailable, nil},
		{410, ``, shopify.KindInvalid, nil},
		{422, `{"errors":{"address":["for this topic has already been taken"]}}`, shopify.KindConflict, []string{"address: for this topic has already been taken"}},
		{422, `{"errors":{"address":"for this topic has already been taken"}}`, shopify.KindConflict, []string{"address: for this topic has already been taken"}},
		{422, `{"errors":["Address for this topic has already been taken"]}`, shopify.KindConflict, []string{"Address for this topic has already been taken"}},
		{422, `{"errors":{"topic":["is invalid"],"address":["is not https","is not allowed"],"base":["no"]}}`, shopify.KindInvalid, []string{"address: is not https", "address: is not allowed", "base: no", "topic: is invalid"}},
		{422, `{"error":"invalid_request","error_description":"something"}`, shopify.KindInvalid, []string{"invalid_request", "something"}},
		{422, `{"errors":{"a":{"b":{"c":{"d":{"e":{"f":"deep"}}}}}}}`, shopify.KindInvalid, nil},
		{422, `{"errors":[null,true,7,{}]}`, shopify.KindInvalid, []string{"7"}},
		{422, `{"errors":null}`, shopify.KindInvalid, nil},
		{422, `"text"`, shopify.KindInvalid, nil},
		{423, `{"errors":"Locked"}`, shopify.KindLocked, []string{"Locked"}},
		{429, `{"errors":"Exceeded 2 calls per second for api client."}`, shopify.KindThrottled, []string{"Exceeded 2 calls per second for api client."}},
		{429, `<html>`, shopify.KindThrottled, nil},
		{430, `{"errors":"Security Rejection"}`, shopify.KindSecurity, []string{"Security Rejection"}},
		{500, `{"errors":"Internal Server Error"}`, shopify.KindUnavailable, []string{"Internal Server Error"}},
		{502, `<html><h1>Bad Gateway</h1></html>`, shopify.KindUnavailable, nil},
		{503, ``, shopify.KindUnavailable, nil},
		{504, ``, shopify.KindUnavailable, nil},
		{520, ``, shopify.KindUnavailable, nil},
		{530, ``, shopify.KindUnavailable, nil},
		{301, ``, shopify.KindRedirected, nil},
		{302, `{"errors":"x"}`, shopify.KindRedirected, []string{"x"}},
		{303, ``, shopify.KindRedirected, nil},
		{307, ``, shopify.KindRedirected, nil},
		{308, ``, shopify.KindRedirected, nil},
	} {
		for name := range everyCall(nil) {
			// A client of its own for each: after a 429 the next call is held back.
			client := newClient(t, always(c.status, c.body, "X-Request-Id: 7c9e6679-7425"), func(cfg *shopify.Config) { cfg.MaxWait = time.Nanosecond })
			do := everyCall(client)[name]
			if name == "delete webhook" && c.status == 404 {
				continue
			}
			e := wantKind(t, do(t.Context()), c.kind)
			want := c.messages
			if len(want) > 0 && strings.HasPrefix(want[len(want)-1], "topic") {
				want = []string{"address: is not https", "address: is not allowed", "no", "topic: is invalid"}
			}
			if diff := cmp.Diff(want, e.Messages); diff != "" {
				t.Errorf("%s, %d %s (-want +got):\n%s", name, c.status, c.body, diff)
			}
			if e.Status != c.status || e.Op != name || e.RequestID != "7c9e6679-7425" {
				t.Errorf("%s, %d: %+v", name, c.status, *e)
			}
			text := e.Error()
			for _, part := range append(want, name, fmt.Sprint(c.status), "7c9e6679-7425") {
				if !strings.Contains(text, part) {
					t.Errorf("%q does not tell %q", text, part)
				}
			}
			if strings.Contains(text, "<") || strings.Contains(text, "myshopify.com") {
				t.Errorf("%q tells too much", text)
			}
		}
	}
}

func TestError_Temporary(t *testing.T) {
	t.Parallel()
	temporary := map[shopify.Kind]bool{
		shopify.KindThrottled: true, shopify.KindUnavailable: true, shopify.KindLocked: true, shopify.KindPaymentRequired: true, shopify.KindSecurity: true,
		shopify.KindUnauthorized: false, shopify.KindMissingScope: false, shopify.KindProtectedData: false, shopify.KindTokenKind: false, shopify.KindForbidden: false,
		shopify.KindNotFound: false, shopify.KindInvalid: false, shopify.KindConflict: false, shopify.KindRedirected: false, shopify.KindForeignLink: false,
		shopify.KindNotInstalled: false, shopify.KindNotPermitted: false, shopify.KindBadCredentials: false,
	}
	for kind, want := range temporary {
		if got := (&shopify.Error{Kind: kind}).Temporary(); got != want {
			t.Errorf("%s: got %v", kind, got)
		}
	}
	if got := shopify.KindOf(fmt.Errorf("import: %w", &shopify.Error{Kind: shopify.KindLocked})); got != shopify.KindLocked {
		t.Errorf("wrapped: got %q", got)
	}
	if got := shopify.KindOf(errors.New("x")); got != "" {
		t.Errorf("another error: got %q", got)
	}
	if got := shopify.KindOf(nil); got != "" {
		t.Errorf("no error: got %q", got)
	}
}

func TestError_BoundsMessages(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ñ", 1000)
	var list []string
	for range 20 {
		list = append(list, long)
	}
	body, err := json.Marshal(map[string]any{"errors": list})
	if err != nil {
		t.Fatal(err)
	}
	_, err = newClient(t, always(422, string(body), "X-Request-Id: "+strings.Repeat("r", 5000))).Shop(t.Context(), session())
	e := wantKind(t, err, shopify.KindInvalid)
	if len(e.Messages) != 5 || len(e.RequestID) > 100 || len(e.Error()) > 2000 {
		t.Errorf("%d messages, request id of %d bytes, text of %d", len(e.Messages), len(e.RequestID), len(e.Error()))
	}
	for _, m := range e.Messages {
		if len(m) > 300 || !utf8.ValidString(m) {
			t.Errorf("message of %d bytes: %q", len(m), m)
		}
	}

	_, err = newClient(t, always(422, `{"errors":"a\nb\u0000\u001b[31mc\u0085\ud800"}`)).Shop(t.Context(), session())
	if e := wantKind(t, err, shopify.KindInvalid); e.Messages[0] != "a b[31mc" {
		t.Errorf("got %q", e.Messages[0])
	}
}

// Whatever fails, and however it is printed, the token is not in it.
func TestSecrets_AreNeverShown(t *testing.T) {
	t.Parallel()
	const secret = "shpss_client/secret+ABCDEF"
	s := &script{}
	leak := func(secret string) {
		leaky := errors.New("dial with " + secret)
		s.calls, s.steps = nil, []transport{
			always(401, `{"errors":"`+secret+` is wrong"}`, "X-Request-Id: "+secret),
			always(500, `{"errors":{"`+secret+`":["x","y `+secret+`"]}}`),
			func(*http.Request) (*http.Response, error) { return nil, leaky },
			func(*http.Request) (*http.Response, error) {
				return nil, &url.Error{Op: "Get", URL: "https://x/?t=" + url.QueryEscape(secret), Err: leaky}
			},
			always(200, secret),
			always(302, "", "Location: https://evil.example/"+secret),
			always(200, `{"orders":[]}`, `Link: <https://evil.example/?page_info=`+secret+`>; rel="next"`),
		}
	}
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := shopify.NewClient(shopify.Config{Retries: -1}, &http.Client{Transport: s}, log)
	if err != nil {
		t.Fatal(err)
	}
	var printed []string
	show := func(v any) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		printed = append(printed, string(text))
		log.Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	leak(testToken)
	for range s.steps {
		_, err := client.Orders(t.Context(), session(), shopify.OrdersQuery{}, "")
		if err == nil {
			t.Fatal("no error")
		}
		show(err)
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			show(inner)
		}
	}
	leak(secret)
	for range s.steps {
		_, err := client.Token(t.Context(), testShop, "the-id", secret)
		if err == nil {
			t.Fatal("no error")
		}
		show(err)
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			show(inner)
		}
	}
	token := shopify.Token{AccessToken: testToken, Scopes: []string{"read_orders"}, ExpiresIn: time.Hour}
	for _, v := range []any{session(), token, []shopify.Session{session()}, map[string]shopify.Token{"a": token}, struct{ S shopify.Session }{session()}, client} {
		if v != any(client) {
			show(v)
			continue
		}
		printed = append(printed, fmt.Sprintf("%+v %#v", v, v))
	}
	printed = append(printed, out.String())
	for _, text := range printed {
		for _, bad := range []string{
			testToken, "0123456789abcdefSECRET", fmt.Sprintf("%x", testToken), fmt.Sprintf("%X", testToken), "client/secret", "client%2Fsecret",
			fmt.Sprintf("%x", secret), fmt.Sprintf("%d", []byte(testToken))[1:40],
		} {
			if strings.Contains(text, bad) {
				t.Errorf("%q is in %s", bad, text)
			}
		}
	}
	if !strings.Contains(fmt.Sprint(session()), testShop) || !strings.Contains(fmt.Sprintf("%#v", token), "read_orders") {
		t.Error("too much is hidden")
	}
}

// Secrets that this call does not know are hidden by their shape.
func TestSecrets_OfOthersAreHidden(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"bad shpat_0a1B2c, bad shpss_ff; shpca_1": "bad [hidden], bad [hidden]; [hidden]",
		"shpua_":    "[hidden]",
		"shprt_x_y": "[hidden]_y",
		"the shop and its shipping_address, shp_1":   "the shop and its shipping_address, shp_1",
		"shpabcd_1 shpa_1 Shpat_1 shpat shpat-1 shp": "shpabcd_1 shpa_1 Shpat_1 shpat shpat-1 shp",
	} {
		_, err := newClient(t, always(422, `{"errors":"`+said+`"}`)).Shop(t.Context(), session())
		if e := wantKind(t, err, shopify.KindInvalid); len(e.Messages) != 1 || e.Messages[0] != want {
			t.Errorf("%s: got %q, want %q", said, e.Messages, want)
		}
	}
}
