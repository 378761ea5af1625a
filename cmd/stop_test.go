package cmd_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"probability/cmd"
	"probability/shopify/simulator"
)

// gate holds the calls to a simulated store whose path ends in one of names.
type gate struct {
	names   []string
	arrived chan string
	open    chan struct{}
	next    http.Handler
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, name := range g.names {
		if strings.HasSuffix(r.URL.Path, name) {
			g.arrived <- name
			select {
			case <-g.open:
			case <-r.Context().Done():
				return
			}
		}
	}
	g.next.ServeHTTP(w, r)
}

// gated starts a service with a connected store whose next calls of these names
// are held at the gate.
func gated(t *testing.T, names ...string) (*process, rest, *gate) {
	t.Helper()
	server := simulator.New()
	server.AddShop(simulator.ShopConfig{Domain: testShop, Token: "shpat_0123456789abcdef", APISecret: "shpss_fedcba9876543210"})
	g := &gate{arrived: make(chan string, 100), open: make(chan struct{}), next: server}
	store := httptest.NewServer(g)
	t.Cleanup(store.Close)
	dir := t.TempDir()
	token := account(t, dir, "ana@example.com")
	p := serving(t, "probability", dir, "--shopify-endpoint="+store.URL+"/{shop}")
	r := rest{t, p.base, token}
	id, first := r.connect()
	r.completed(id, first.ID)
	g.names = names // no call is under way now
	return p, r, g
}

type answer struct {
	status int
	err    error
}

func (r rest) background(method, path string) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		status, _, err := r.send(context.Background(), method, path, nil)
		done <- answer{status, err}
	}()
	return done
}

// stopsInTime wants a stop that keeps its limit by the program's own clock; a busy machine may add to it.
func stopsInTime(t *testing.T, p *process) {
	t.Helper()
	if cmd.StopLimit >= 10*time.Second {
		t.Errorf("a stop may take %s, and a supervisor kills after 10s", cmd.StopLimit)
	}
	begun := time.Now()
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if took := time.Since(begun); took >= 3*cmd.StopLimit {
		t.Errorf("the stop takes %s, want %s at most", took, cmd.StopLimit)
	}
}

func stopping(line string) bool { return strings.Contains(line, `"msg":"stopping"`) }

func TestStop_LetsARequestFinish(t *testing.T) {
	t.Parallel()
	p, r, g := gated(t, "/shop.json")
	done := r.background(http.MethodPost, api+"1/test/")
	<-g.arrived
	p.signal(syscall.SIGTERM)
	p.stderr.wait(t, p.ended, stopping)
	eventually(t, "refusing new connections", func() error {
		_, _, err := r.send(t.Context(), http.MethodGet, "/healthz", nil)
		return want("refused", err != nil, true)
	})
	close(g.open)
	if got := <-done; got.err != nil || got.status != http.StatusOK {
		t.Errorf("got %+v, want the request answered", got)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}

func TestStop_TakesLessThanTenSecondsWhateverHangs(t *testing.T) {
	t.Parallel()
	p, r, g := gated(t, "/shop.json", "/orders.json", "/count.json")
	r.call(http.MethodPost, api+"1/sync-orders/", nil, http.StatusAccepted, nil)
	<-g.arrived // the job
	done := r.background(http.MethodPost, api+"1/test/")
	<-g.arrived // the request
	stopsInTime(t, p)
	<-done
}

func TestStop_SecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p, r, g := gated(t, "/shop.json")
	done := r.background(http.MethodPost, api+"1/test/")
	<-g.arrived
	begun := time.Now()
	p.signal(syscall.SIGINT)
	p.stderr.wait(t, p.ended, stopping)
	// One that comes with the first is the same stop; one that comes later means it.
	repeat := time.NewTicker(50 * time.Millisecond)
	defer repeat.Stop()
	for ended := false; !ended; {
		_ = p.command.Process.Signal(syscall.SIGINT) // it may have ended meanwhile
		select {
		case <-p.ended:
			ended = true
		case <-repeat.C:
		}
	}
	if took := time.Since(begun); took < 300*time.Millisecond {
		t.Errorf("a signal sent twice at once ended the program after %s", took)
	}
	if code := p.exit(); code != 1 {
		t.Errorf("got exit code %d, want 1", code)
	}
	if log := p.stderr.String(); !strings.Contains(log, "a second signal") || strings.Contains(log, "are cut off") {
		t.Error("the second signal is not told, or the end waited for the request all the same")
	}
	<-done
}

// Execute can be told to stop without a signal, and leaves nothing behind.
func TestExecute_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stderr, ended, code := newOutput(), make(chan struct{}), 0
	go func() {
		defer close(ended)
		code = cmd.Execute(ctx, []string{
			"serve", "--server-listen=127.0.0.1:0", "--log-format=json", "--data-dir=" + t.TempDir(),
		}, strings.NewReader(""), newOutput(), stderr)
	}()
	stderr.wait(t, ended, func(line string) bool { return strings.Contains(line, `"msg":"ready"`) })
	cancel()
	<-ended
	if code != 0 {
		t.Errorf("got exit code %d, want 0: %s", code, stderr)
	}
}

// A stream of events ends by itself at no time, so that a stop must not wait for it.
func TestStop_EndsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	p, r, _ := gated(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.base+api+"1/events/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("got %s", resp.Status)
	}
	// The jobs of the service feed it.
	r.call(http.MethodPost, api+"1/sync-orders/", nil, http.StatusAccepted, nil)
	lines := bufio.NewScanner(resp.Body)
	for completed := false; !completed; completed = strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), `"state":"completed"`) {
		if !lines.Scan() {
			t.Fatalf("the stream ended: %v", lines.Err())
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream was cut (%v), want it ended", err)
	}
	if strings.Contains(p.stderr.String(), "are cut off") {
		t.Error("the stop waited for the stream")
	}
}
