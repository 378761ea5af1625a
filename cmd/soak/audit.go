package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"probability/shopify/simulator"
)

// audited is a comparison with Shopify as the API tells of it.
type audited struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Checked  int    `json:"checked"`
	Missing  int    `json:"missing"`
	Extra    int    `json:"extra"`
	Stale    int    `json:"stale"`
	Repaired int    `json:"repaired"`
}

func (a audited) drift() int { return a.Missing + a.Extra + a.Stale }

// audit compares a store with Shopify, and waits for the result.
func (s *service) audit(ctx context.Context, integration int64, repair bool) (a audited, err error) {
	path := fmt.Sprintf("%s%d/", api, integration)
	if err := s.call(ctx, http.MethodPost, path+"audit/", map[string]bool{"repair": repair}, nil); err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, waitForRun)
	defer cancel()
	return s.lastAudit(ctx, path)
}

// lastAudit waits until the newest audit has ended.
func (s *service) lastAudit(ctx context.Context, path string) (a audited, err error) {
	err = poll(ctx, 100*time.Millisecond, func() (bool, error) {
		var page struct {
			Results []audited `json:"results"`
		}
		if err := s.call(ctx, http.MethodGet, path+"audits/", nil, &page); err != nil || len(page.Results) == 0 {
			return false, err
		}
		a = page.Results[0]
		if a.State == "failed" || a.State == "cancelled" {
			return false, fmt.Errorf("the audit ended as %+v", a)
		}
		return a.State == "completed", nil
	})
	return a, err
}

// samePayloads compares every order that the service exports with the bytes that Shopify has.
func (s *service) samePayloads(ctx context.Context, integration int64, shop *simulator.Shop) error {
	status, body, err := s.send(ctx, http.MethodGet, fmt.Sprintf("%s%d/orders/export/?format=ndjson", api, integration), nil)
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("export: %d, %w", status, err)
	}
	differ, n := 0, 0
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var o struct {
			PlatformOrderID json.Number     `json:"platform_order_id"`
			Raw             json.RawMessage `json:"raw_response"`
		}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		id, err := o.PlatformOrderID.Int64()
		if n++; err != nil || !bytes.Equal(o.Raw, shop.Payload(id)) {
			differ++
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if differ > 0 || n != shop.Count() {
		return fmt.Errorf("of %d orders at Shopify %d are here, %d of them not as they are there", shop.Count(), n, differ)
	}
	return nil
}
