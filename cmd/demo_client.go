package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// demoClient talks to the service as everybody does: over HTTP, with a token.
type demoClient struct {
	base, password, token string
}

// Only the members that the demo looks at.
type (
	demoImport struct {
		ID      string  `json:"id"`
		State   string  `json:"state"`
		Total   *int    `json:"total"`
		Fetched int     `json:"fetched"`
		Error   *string `json:"error"`
	}
	demoConnected struct {
		Integration struct {
			ID       int64 `json:"id"`
			Webhooks struct {
				Status string `json:"status"`
			} `json:"webhooks"`
		} `json:"integration"`
		Import demoImport `json:"import"`
	}
)

const demoAPI = "/api/integrations/shopify/"

func (c *demoClient) connect(ctx context.Context, shop *demoStore) (demoConnected, error) {
	var done demoConnected
	err := c.call(ctx, http.MethodPost, demoAPI+"connect/", map[string]string{
		"store_name": demoShop, "access_token": shop.token, "api_secret": shop.secret,
	}, &done)
	return done, err
}

// follow looks at an import until it has ended, and shows how far it is.
func (c *demoClient) follow(ctx context.Context, integration int64, id string, bar progress) (demoImport, error) {
	defer bar.finish()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		var run demoImport
		if err := c.call(ctx, http.MethodGet, fmt.Sprintf("%s%d/imports/%s/", demoAPI, integration, id), nil, &run); err != nil {
			return run, err
		}
		if run.Total != nil {
			bar.set(run.Fetched, *run.Total)
		}
		switch run.State {
		case "completed":
			return run, nil
		case "failed", "cancelled":
			why := "without a reason"
			if run.Error != nil {
				why = *run.Error
			}
			return run, fmt.Errorf("demo: the import ended as %s: %s", run.State, why)
		}
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-look.C:
		}
	}
}

func (c *demoClient) countOrders(ctx context.Context, integration int64) (int, error) {
	var page struct {
		Count int `json:"count"`
	}
	err := c.call(ctx, http.MethodGet, fmt.Sprintf("%s%d/orders/?page_size=1&fields=id", demoAPI, integration), nil, &page)
	return page.Count, err
}

func (c *demoClient) call(ctx context.Context, method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("demo: %s: %w", path, err)
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	if err != nil {
		return fmt.Errorf("demo: %s: %w", path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{Timeout: 30 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("demo: %s: %w", path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("demo: %s: %w", path, err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("demo: %s answers %s: %s", path, resp.Status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("demo: %s: %w", path, err)
	}
	return nil
}
