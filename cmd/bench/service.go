package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	api         = "/api/integrations/shopify/"
	importLimit = 30 * time.Minute // for one import
	drainLimit  = 10 * time.Minute // for all deliveries that wait
)

// service is the program, serving a data folder of its own, with an account.
type service struct {
	*child

	binary, dir, token string
	env                []string
	client             *http.Client // for what is not measured
	started            func(*child)
}

// newService makes an empty installation and starts it.
func newService(ctx context.Context, binary, dir, endpoint string, started func(*child)) (*service, error) {
	s := &service{binary: binary, dir: dir, client: &http.Client{Timeout: time.Minute}, started: started}
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir,
		"PROBABILITY_DATA_DIR=" + filepath.Join(dir, "data"), "PROBABILITY_SHOPIFY_ENDPOINT=" + endpoint,
		"PROBABILITY_SYNC_INTERVAL=0", "PROBABILITY_LOG_LEVEL=warn", "PROBABILITY_LOG_FORMAT=text",
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if _, err := s.command(ctx, "only for this bench\n", "user", "add", "--email", email, "--password-stdin"); err != nil {
		return nil, err
	}
	token, err := s.command(ctx, "", "token", "create", "--user", email, "--name", "bench")
	if err != nil {
		return nil, err
	}
	s.token = strings.TrimSpace(token)
	return s, s.start(ctx)
}

// command runs the program's command line to its end.
func (s *service) command(ctx context.Context, stdin string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, s.binary, args...)
	c.Env, c.Stdin = s.env, strings.NewReader(stdin)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("probability %s: %w: %s", strings.Join(args[:2], " "), err, bytes.TrimSpace(errs.Bytes()))
	}
	return out.String(), nil
}

func (s *service) start(ctx context.Context) error {
	addr, err := freePort(ctx)
	if err != nil {
		return err
	}
	s.child, err = start(ctx, addr, append(slices.Clone(s.env), "PROBABILITY_SERVER_LISTEN="+addr), s.binary, "serve")
	if err != nil {
		return err
	}
	s.started(s.child)
	return nil
}

// discard ends the service without a goodbye and removes its folder.
func (s *service) discard() {
	if s.child != nil {
		s.kill()
	}
	_ = os.RemoveAll(s.dir)
}

// call speaks to the API; answers that are not 2xx are errors.
func (s *service) call(ctx context.Context, method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, sent)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, answer)
	}
	return json.Unmarshal(answer, into)
}

// importRun is an import as the API tells of it.
type importRun struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Fetched    int       `json:"fetched"`
	Created    int       `json:"created"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Error      *string   `json:"error"`
}

// connect connects a store, which begins its first import.
func (s *service) connect(ctx context.Context, shop string) (integration int64, run importRun, err error) {
	var done struct {
		Integration struct {
			ID int64 `json:"id"`
		} `json:"integration"`
		Import importRun `json:"import"`
	}
	err = s.call(ctx, http.MethodPost, api+"connect/", map[string]string{
		"store_name": shop, "access_token": shopToken, "api_secret": shopSecret,
	}, &done)
	return done.Integration.ID, done.Import, err
}

func (s *service) run(ctx context.Context, integration int64, id string) (run importRun, err error) {
	return run, s.call(ctx, http.MethodGet, fmt.Sprintf("%s%d/imports/%s/", api, integration, id), nil, &run)
}

// imported waits until an import has ended well.
func (s *service) imported(ctx context.Context, integration int64, id string) (run importRun, err error) {
	err = poll(ctx, importLimit, 20*time.Millisecond, func() (bool, error) {
		if run, err = s.run(ctx, integration, id); err != nil {
			return false, err
		}
		switch run.State {
		case "queued", "running":
			return false, nil
		case "completed":
			return true, nil
		}
		why := "without a reason"
		if run.Error != nil {
			why = *run.Error
		}
		return false, fmt.Errorf("the import ended as %s: %s", run.State, why)
	})
	return run, err
}

// count is how many rows a list has.
func (s *service) count(ctx context.Context, integration int64, list string) (int, error) {
	var page struct {
		Count int `json:"count"`
	}
	return page.Count, s.call(ctx, http.MethodGet, fmt.Sprintf("%s%d/%s", api, integration, list), nil, &page)
}

func (s *service) orders(ctx context.Context, integration int64) (int, error) {
	return s.count(ctx, integration, "orders/?page_size=1&fields=id")
}

// drained waits until no delivery waits and the store has that many orders: what was acknowledged is there.
func (s *service) drained(ctx context.Context, integration int64, want int) error {
	err := poll(ctx, drainLimit, 20*time.Millisecond, func() (bool, error) {
		n, err := s.count(ctx, integration, "deliveries/?state=pending&page_size=1")
		return n == 0, err
	})
	if err != nil {
		return fmt.Errorf("waiting for the deliveries: %w", err)
	}
	n, err := s.orders(ctx, integration)
	if err == nil && n != want {
		err = fmt.Errorf("the store has %d orders, want %d: something acknowledged is missing", n, want)
	}
	return err
}

// poll asks until it is true, it fails, or the time is over.
func poll(ctx context.Context, limit, every time.Duration, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		done, err := holds()
		if done || err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return errors.Join(errors.New("it takes too long"), ctx.Err())
		}
	}
}

// folder is the size of the files in the data folder, in bytes.
func (s *service) folder() (sum int64, err error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "data"))
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		if info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum, err
}
