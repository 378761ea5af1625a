package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"probability/shopify/simulator"
)

const (
	api        = "/api/integrations/shopify/"
	email      = "soak@example.com"
	password   = "only for this soak"
	shopToken  = "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"
	shopSecret = "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"
	waitForAll = 15 * time.Minute // until what was taken is worked off
	waitForRun = 30 * time.Minute // until an import has ended
)

// service is the program on a data folder of its own, with an account, and the simulated Shopify that it talks to.
type service struct {
	*child

	t      *trial
	sim    *simulator.Server
	data   string // the data folder
	addr   string
	log    string // file
	token  string
	env    []string
	client *http.Client
}

// newService makes an empty installation and starts it. Settings are environment variables without the prefix. close ends
// everything.
func (t *trial) newService(ctx context.Context, settings ...string) (s *service, closeAll func(), err error) {
	s = &service{t: t, sim: simulator.New(simulator.WithHTTPWebhooks()), data: filepath.Join(t.dir, "data"), log: filepath.Join(t.dir, "log")}
	s.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	base, stop, err := s.sim.Start()
	if err != nil {
		return nil, nil, err
	}
	closeAll = func() {
		if s != nil && s.child != nil { // there is none after an error
			s.kill()
		}
		stop()
	}
	if s.addr, err = freePort(ctx); err != nil {
		return nil, closeAll, err
	}
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.dir, "TMPDIR=" + t.dir,
		"PROBABILITY_DATA_DIR=" + s.data, "PROBABILITY_SHOPIFY_ENDPOINT=" + base + "/{shop}", "PROBABILITY_SERVER_LISTEN=" + s.addr,
		"PROBABILITY_SYNC_INTERVAL=0", "PROBABILITY_LOG_FORMAT=json",
	}
	for _, setting := range settings {
		s.env = append(s.env, "PROBABILITY_"+setting)
	}
	if _, err := s.command(ctx, password+"\n", "user", "add", "--email", email, "--password-stdin"); err != nil {
		return nil, closeAll, err
	}
	token, err := s.command(ctx, "", "token", "create", "--user", email, "--name", "soak")
	if err != nil {
		return nil, closeAll, err
	}
	s.token = strings.TrimSpace(token)
	return s, closeAll, s.start(ctx)
}

// twin is a second process on the same database, with a folder of its own.
func (s *service) twin(ctx context.Context) (_ *service, closeAll func(), err error) {
	other := &service{t: s.t, sim: s.sim, data: s.data + "2", log: s.log + "2", token: s.token, client: s.client}
	if other.addr, err = freePort(ctx); err != nil {
		return nil, nil, err
	}
	other.env = append(slices.Clone(s.env), "PROBABILITY_DATA_DIR="+other.data, "PROBABILITY_SERVER_LISTEN="+other.addr)
	closeAll = func() {
		if other.child != nil {
			other.kill()
		}
	}
	return other, closeAll, other.start(ctx)
}

func (s *service) start(ctx context.Context) (err error) {
	s.child, err = start(ctx, s.addr, s.log, s.env, s.t.binary, "serve")
	return err
}

// command runs the program's command line to its end.
func (s *service) command(ctx context.Context, stdin string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, s.t.binary, args...)
	c.Env, c.Stdin, c.Dir = slices.Clone(s.env), strings.NewReader(stdin), s.t.dir
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("probability %s: %w: %s", args[0], err, bytes.TrimSpace(errs.Bytes()))
	}
	return out.String(), nil
}

// send makes one request with the token and gives status and body.
func (s *service) send(ctx context.Context, method, path string, body any) (int, []byte, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, sent)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 256<<20))
	return resp.StatusCode, answer, err
}

// call is send for what must be answered well.
func (s *service) call(ctx context.Context, method, path string, body, into any) error {
	status, answer, err := s.send(ctx, method, path, body)
	switch {
	case err != nil:
		return err
	case status/100 != 2:
		return fmt.Errorf("%s %s: %d: %.300s", method, path, status, answer)
	case into == nil:
		return nil
	}
	return json.Unmarshal(answer, into)
}

// importRun is an import as the API tells of it.
type importRun struct {
	ID      string  `json:"id"`
	State   string  `json:"state"`
	Total   *int    `json:"total"`
	Fetched int     `json:"fetched"`
	Error   *string `json:"error"`
}

// addShop adds a simulated store; without a call limit, unless the limit is what counts.
func (s *service) addShop(domain string, bucket int) *simulator.Shop {
	return s.sim.AddShop(simulator.ShopConfig{Domain: domain, Token: shopToken, APISecret: shopSecret, Bucket: bucket})
}

// connect connects a store, which begins its first import.
func (s *service) connect(ctx context.Context, domain string) (integration int64, run importRun, err error) {
	var done struct {
		Integration struct {
			ID int64 `json:"id"`
		} `json:"integration"`
		Import importRun `json:"import"`
	}
	err = s.call(ctx, http.MethodPost, api+"connect/", map[string]string{"store_name": domain, "access_token": shopToken, "api_secret": shopSecret}, &done)
	return done.Integration.ID, done.Import, err
}

func (s *service) run(ctx context.Context, integration int64, id string) (run importRun, err error) {
	err = s.call(ctx, http.MethodGet, fmt.Sprintf("%s%d/imports/%s/", api, integration, id), nil, &run)
	return run, err
}

// imported waits until an import has ended well.
func (s *service) imported(ctx context.Context, integration int64, id string) (run importRun, err error) {
	ctx, cancel := context.WithTimeout(ctx, waitForRun)
	defer cancel()
	err = poll(ctx, 50*time.Millisecond, func() (bool, error) {
		var err error
		if run, err = s.run(ctx, integration, id); err != nil {
			return false, err
		}
		if run.State == "failed" || run.State == "cancelled" {
			return false, fmt.Errorf("the import ended as %s", run.State)
		}
		return run.State == "completed", nil
	})
	return run, err
}

// connected connects a store and waits for its first import.
func (s *service) connected(ctx context.Context, domain string) (int64, error) {
	id, run, err := s.connect(ctx, domain)
	if err != nil {
		return 0, err
	}
	_, err = s.imported(ctx, id, run.ID)
	return id, err
}

// sync starts a manual sync, of everything since a time.
func (s *service) sync(ctx context.Context, integration int64, since time.Time) (run importRun, err error) {
	var done struct {
		Import importRun `json:"import"`
	}
	var body any
	if !since.IsZero() {
		body = map[string]string{"since": since.UTC().Format(time.RFC3339)}
	}
	err = s.call(ctx, http.MethodPost, fmt.Sprintf("%s%d/sync-orders/", api, integration), body, &done)
	return done.Import, err
}
