package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"probability/shopify"
)

// shopifyLimit is how long Shopify waits for an answer.
const shopifyLimit = 5 * time.Second

// noAnswer is after how long one that has not come is none. It is longer, so that an answer that comes too late is measured.
const noAnswer = time.Minute

// sender delivers orders of one store, signed, each under ids of its own. Its methods may be used by many at once.
type sender struct {
	addrs  []string // in turns, as a proxy before several processes sends
	shop   string
	first  int64 // id of its first order
	client *http.Client

	next, turn atomic.Int64 // orders so far, and requests

	mu      sync.Mutex
	answers map[int]int // how often each status came; 0: no answer
	times   times       // of the answers
	strange string      // the first answer that should not be
}

func newSender(addr, shop string, first int64, conns int) *sender {
	transport := &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns}
	return &sender{addrs: []string{addr}, shop: shop, first: first, client: &http.Client{Timeout: noAnswer, Transport: transport}, answers: map[int]int{}}
}

// note fills a payload up to the size that Shopify's are of.
const note = "Por favor llamar antes de entregar; la portería recibe hasta las seis de la tarde y no los domingos. "

// order is the payload of the nth order, n from 0, in a state of its own for each version.
func (s *sender) order(n int64, version int) []byte {
	created := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	b := fmt.Appendf(make([]byte, 0, 2048), `{"id":%d,"name":"#%d","email":"cliente%d@example.com","created_at":%q,"updated_at":%q,"currency":"COP",`+
		`"total_price":"%d.00","financial_status":"paid","payment_gateway_names":["wompi"],"source_name":"web","tags":"version %d","note":"`,
		s.first+n, n, n%5000, created.Format(time.RFC3339), created.Add(time.Duration(version)*time.Second).Format(time.RFC3339), 10000+n%90000, version)
	for range 8 {
		b = append(b, note...)
	}
	return fmt.Appendf(b, `","shipping_address":{"first_name":"Ana","last_name":"Gómez %d","address1":"Calle %d # 12-30","city":"Bogotá","province":"Bogotá, D.C.","country":"Colombia"},`+
		`"line_items":[{"id":%d,"title":"Camiseta","quantity":1,"price":"%d.00"}]}`, n%700, n%170, s.first+n, 10000+n%90000)
}

// deliver sends a body once and notes the answer. It gives 0 when there was none.
func (s *sender) deliver(ctx context.Context, id string, body []byte) (status int) {
	begun := time.Now()
	status, answer, err := s.exchange(ctx, id, body)
	took := time.Since(begun)
	if err != nil {
		status = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers[status]++; status != 0 {
		s.times = append(s.times, took)
	}
	if status != 0 && status != http.StatusOK && status != http.StatusServiceUnavailable && s.strange == "" {
		s.strange = fmt.Sprintf("%d: %.200s", status, answer)
	}
	return status
}

func (s *sender) exchange(ctx context.Context, id string, body []byte) (int, []byte, error) {
	addr := s.addrs[s.turn.Add(1)%int64(len(s.addrs))]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/api/webhooks/shopify/orders/", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-Shopify-Topic": "orders/updated", "X-Shopify-Shop-Domain": s.shop, "X-Shopify-Api-Version": "2026-10",
		"X-Shopify-Hmac-Sha256": shopify.Sign(shopSecret, body), "X-Shopify-Webhook-Id": id, "X-Shopify-Event-Id": id,
		"X-Shopify-Triggered-At": time.Now().UTC().Format(time.RFC3339Nano),
	} {
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
		err = errors.Join(err, errors.New("503 without Retry-After"))
	}
	return resp.StatusCode, answer, err
}

// persist delivers a new order until it is taken, as Shopify would, only sooner; it gives false when the context ends first.
func (s *sender) persist(ctx context.Context) bool {
	n := s.next.Add(1) - 1
	id, body := s.shop+"/"+strconv.FormatInt(n, 10), s.order(n, 0)
	for s.deliver(ctx, id, body) != http.StatusOK {
		if !pause(ctx, 50*time.Millisecond) {
			return false
		}
	}
	return true
}

// all delivers n new orders from many senders, each until it is taken.
func (s *sender) all(ctx context.Context, n, senders int) {
	var left atomic.Int64
	left.Store(int64(n))
	var wait sync.WaitGroup
	for range senders {
		wait.Go(func() {
			for left.Add(-1) >= 0 && s.persist(ctx) {
				continue
			}
		})
	}
	wait.Wait()
}

// flood delivers new orders from many senders as fast as it can, until the context ends; each one begun is delivered.
func (s *sender) flood(ctx context.Context, senders int) {
	var wait sync.WaitGroup
	late := context.WithoutCancel(ctx)
	for range senders {
		wait.Go(func() {
			for ctx.Err() == nil {
				s.persist(late)
			}
		})
	}
	wait.Wait()
}

// atRate calls do at a rate until the context ends, from so many senders: when all of them wait for an answer, the next call comes
// later than it should.
func atRate(ctx context.Context, every time.Duration, senders int, do func(n int)) {
	var wait sync.WaitGroup
	var next atomic.Int64
	begun := time.Now()
	for range senders {
		wait.Go(func() {
			for {
				n := next.Add(1) - 1
				if early := time.Until(begun.Add(time.Duration(n) * every)); early > 0 && !pause(ctx, early) || ctx.Err() != nil {
					return
				}
				do(int(n))
			}
		})
	}
	wait.Wait()
}

// tally is a copy of what was noted.
func (s *sender) tally() (answers map[int]int, ts times, strange string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.answers), slices.Clone(s.times), s.strange
}
