package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"probability/shopify/simulator"
)

const (
	email    = "ana@example.com"
	password = "a long password"

	shopDomain = "tienda-andina.myshopify.com"
	shopToken  = "shpat_0123456789abcdef0123456789abcdef"
	shopSecret = "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"
)

// service is the program, serving a folder that was empty.
type service struct {
	t    *testing.T
	base string
	dir  string
	link string // to the first account
	log  *journal
}

// journal is what the service writes, for whoever waits for a line of it.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

var (
	setupLink = regexp.MustCompile(`http://\S+/setup\?token=\S+`)
	// requestLine is what the log says of a request that went well.
	requestLine = regexp.MustCompile(`\{[^\n]*"level":"INFO","msg":"request"[^\n]*\n`)
	readyLine   = regexp.MustCompile(`"msg":"ready".*"url":"(http://[^"]+)"`)
)

// serve starts the program on any free port and waits until it is ready and has printed the link to the first account.
func serve(t *testing.T, flags ...string) *service {
	t.Helper()
	s := &service{t: t, dir: t.TempDir(), log: &journal{}}
	args := append([]string{"serve", "--server-listen=127.0.0.1:0", "--log-format=json"}, flags...)
	c := exec.Command(binary, args...)
	c.Dir, c.Env = s.dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir}
	c.Stdout, c.Stderr = s.log, s.log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Logf("the service wrote: %.8000s", requestLine.ReplaceAllString(s.log.String(), ""))
		}
	})
	eventually(t, "the service is ready", func() error {
		wrote := s.log.String()
		found := readyLine.FindStringSubmatch(wrote)
		s.link = setupLink.FindString(wrote) // it comes after the line
		if found == nil || s.link == "" {
			return fmt.Errorf("it is not: %s", wrote)
		}
		s.base = found[1]
		return nil
	})
	return s
}

// account makes one by the command line.
func (s *service) account(email string, flags ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, binary, append([]string{"user", "add", "--email", email, "--password-stdin"}, flags...)...)
	c.Dir, c.Stdin = s.dir, strings.NewReader(password+"\n")
	if out, err := c.CombinedOutput(); err != nil {
		s.t.Fatalf("user add: %v: %s", err, out)
	}
}

// token makes one by the command line.
func (s *service) token(email string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, binary, "token", "create", "--user", email, "--name", "warehouse")
	c.Dir = s.dir
	out, err := c.Output()
	if err != nil {
		s.t.Fatalf("token create: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// call asks the API and reads its answer.
func (s *service) call(token, method, path string, body, into any) int {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(got, into); err != nil {
			s.t.Fatalf("%s %s answers %d: %s", method, path, resp.StatusCode, got)
		}
	}
	return resp.StatusCode
}

// shopOf is a service of an account that has connected a simulated store and imported its orders. The store is the same at each
// run, but for its dates, which go by today.
type shopOf struct {
	*service
	key      string // of the API
	path     string // of the store's page
	shop     *simulator.Shop
	failures int // deliveries that failed so far
}

const storedOrders = 1200

func connected(t *testing.T) *shopOf {
	t.Helper()
	return connectedTo(t, shopDomain)
}

// connectedTo is connected with a store of another name.
func connectedTo(t *testing.T, domain string) *shopOf {
	t.Helper()
	sim := simulator.New(simulator.WithSeed(7), simulator.WithHTTPWebhooks())
	shop := sim.AddShop(simulator.ShopConfig{Domain: domain, Name: "Tienda Andina", Country: "CO", Token: shopToken, APISecret: shopSecret, Bucket: -1})
	shop.Generate(storedOrders, 85*24*time.Hour)
	at, stop, err := sim.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w := &shopOf{service: serve(t, "--shopify-endpoint="+at+"/{shop}"), shop: shop}
	w.account(email, "--admin")
	w.key = w.token(email)
	var done struct {
		Integration struct{ ID int64 }
		Import      struct{ ID string }
	}
	if status := w.call(w.key, http.MethodPost, "/api/integrations/shopify/connect/", map[string]string{
		"store_name": domain, "access_token": shopToken, "api_secret": shopSecret,
	}, &done); status != http.StatusCreated {
		t.Fatalf("connecting is answered with %d", status)
	}
	w.path = fmt.Sprintf("/stores/%d", done.Integration.ID)
	w.completed(fmt.Sprintf("/api/integrations/shopify/%d/imports/%s/", done.Integration.ID, done.Import.ID))
	w.call(w.key, http.MethodPost, fmt.Sprintf("/api/integrations/shopify/%d/register-webhook/", done.Integration.ID), map[string]string{"public_base_url": w.base}, nil)
	w.deliver("orders/create", shop.NewOrder())
	w.fail()
	return w
}

func (s *shopOf) completed(run string) {
	s.t.Helper()
	eventually(s.t, "the import is completed", func() error {
		var got struct{ State, Error string }
		s.call(s.key, http.MethodGet, run, nil, &got)
		if got.State != "completed" {
			return fmt.Errorf("it is %s %s", got.State, got.Error)
		}
		return nil
	})
}

// deliver sends a webhook of the store, which has to be taken.
func (s *shopOf) deliver(topic string, body []byte) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	sent, err := s.shop.Deliver(ctx, &http.Client{Timeout: patience}, topic, body, simulator.To(s.base+"/api/webhooks/shopify/orders/"))
	if err != nil || sent.Status != http.StatusOK {
		s.t.Fatalf("the webhook is answered with %+v, %v", sent, err)
	}
}

// fail sends a webhook that cannot be processed, and waits until that is known.
func (s *shopOf) fail() {
	s.t.Helper()
	s.failures++
	s.deliver("orders/updated", []byte(`{"note":"no order at all"}`))
	eventually(s.t, "the delivery has failed", func() error {
		var got struct{ Count int }
		s.call(s.key, http.MethodGet, "/api/integrations/shopify/"+strings.TrimPrefix(s.path, "/stores/")+"/deliveries/?state=failed", nil, &got)
		if got.Count != s.failures {
			return fmt.Errorf("%d have", got.Count)
		}
		return nil
	})
}

// eventually looks again and again until it holds; the error of the last look is told.
func eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	deadline, look := time.After(patience), time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s: %v", what, err)
		case <-t.Context().Done():
			t.Fatalf("%s: %v", what, err)
		}
	}
}

func pathOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}
