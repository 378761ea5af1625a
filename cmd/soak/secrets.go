package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"probability/shopify/simulator"
)

// The customer whose values are looked for. None of them is part of anything else.
const (
	customerName  = "Zoraida"
	customerLast  = "Quintanilla-Xerez"
	customerEmail = "zoraida.qx@example.net"
	customerPhone = "+573159998877"
	customerHome  = "Transversal 93 bis 61-07"
)

const (
	clientID     = "c1d2e3f405162738495a6b7c8d9e0f10"
	clientSecret = "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"
	appStore     = "app.myshopify.com"
)

// secrets does everything that handles secrets and customers, also wrongly, and then searches all that was written and said.
func secrets(ctx context.Context, t *trial) error {
	s, end, err := t.newService(ctx, "LOG_LEVEL=debug")
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	shop := s.addShop(soakStore, -1)
	shop.Generate(300, 80*24*time.Hour)
	customer := []byte(`{"id":` + fmt.Sprint(firstID) + `,"name":"#Z1","email":"` + customerEmail + `","phone":"` + customerPhone + `","total_price":"10.00","updated_at":"` +
		time.Now().UTC().Format(time.RFC3339) + `","created_at":"` + time.Now().UTC().Add(-time.Hour).Format(time.RFC3339) + `","shipping_address":{"first_name":"` +
		customerName + `","last_name":"` + customerLast + `","address1":"` + customerHome + `","city":"Cali"}}`)
	shop.Add(customer)
	withApp := s.sim.AddShop(simulator.ShopConfig{Domain: appStore, ClientID: clientID, ClientSecret: clientSecret, Bucket: -1})
	withApp.Generate(50, 80*24*time.Hour)
	said, err := s.handleSecrets(ctx, shop, customer)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(s.data, "key"))
	if err != nil {
		return err
	}
	key = bytes.TrimSpace(key)
	backup := filepath.Join(t.dir, "backup")
	if _, err = s.command(ctx, "", "backup", backup); err != nil {
		t.hold(false, "backup: %v", err)
	}
	if err := s.stop(); err != nil {
		return err
	}

	hidden := map[string]string{
		"access token": shopToken, "API secret": shopSecret, "client secret": clientSecret, "password": password, "API token": s.token, "key": string(key),
	}
	if raw, err := base64.StdEncoding.DecodeString(string(key)); err == nil {
		hidden["key, decoded"] = string(raw)
	}
	people := map[string]string{
		"name": customerLast, "e-mail": customerEmail, "phone": strings.TrimPrefix(customerPhone, "+"), "address": customerHome,
		"e-mail in a URL": url.QueryEscape(customerEmail),
	}
	log, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	places := map[string][]byte{"log": log, "answers": said}
	stored, err := s.written()
	if err != nil {
		return err
	}
	size := 0
	for name, text := range places {
		size += len(text)
		t.findNone(name, text, hidden)
		t.findNone(name, text, people)
	}
	for name, text := range stored {
		size += len(text)
		t.findNone(name, text, hidden)
	}
	t.hold(len(stored["backup"]) > 0, "no backup was searched")
	t.findNone("backup", stored["backup"], people)
	t.figure("searched", "%d KB of log, %d KB of answers, %d files with %d KB, for %d secrets and %d values of a customer", len(log)/1024, len(said)/1024, len(stored),
		(size-len(log)-len(said))/1024, len(hidden), len(people))
	return nil
}

// written are the files that the program has written, but for its log and its key.
func (s *service) written() (_ map[string][]byte, err error) {
	root, err := os.OpenRoot(s.t.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	files := map[string][]byte{}
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || path == filepath.Base(s.log) || entry.Name() == "key" {
			return err
		}
		files[path], err = root.ReadFile(path)
		return err
	})
	return files, err
}

// findNone wants none of the values in a text, in clear or in the usual disguises.
func (t *trial) findNone(where string, text []byte, values map[string]string) {
	for what, value := range values {
		for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value)), fmt.Sprintf("%x", value)} {
			t.hold(!bytes.Contains(text, []byte(form)), "%s: the %s is in it", where, what)
		}
	}
}

// handleSecrets connects, imports, takes deliveries and signs in, rightly and wrongly, and gives all that was answered, but for
// the orders that somebody who may see them asked for.
func (s *service) handleSecrets(ctx context.Context, shop *simulator.Shop, customer []byte) (said []byte, err error) {
	note := func(status int, body []byte, err error) (int, error) {
		said = append(said, body...)
		return status, err
	}
	id, err := s.connected(ctx, soakStore)
	if err != nil {
		return nil, err
	}
	one := fmt.Sprintf("%s%d/", api, id)
	from := newSender(s.addr, soakStore, 2*firstID, 4)
	from.all(ctx, 50, 4)
	from.deliver(ctx, "z", customer)
	for _, do := range []struct {
		method, path string
		body         any
	}{
		{"POST", api + "connect/", map[string]string{"store_name": appStore, "client_id": clientID, "client_secret": clientSecret}},
		{"POST", api + "connect/", map[string]string{"store_name": soakStore, "access_token": shopToken}},
		{"POST", api + "connect/", map[string]string{"store_name": shopToken, "access_token": shopSecret}},
		{"POST", api + "connect/", map[string]string{"store_name": "absent.myshopify.com", "access_token": shopToken, "api_secret": shopSecret}},
		{"POST", api + "connect/", map[string]string{"store_name": appStore, "client_id": clientID, "client_secret": clientSecret + " "}},
		{"PATCH", one, map[string]string{"access_token": shopToken, "api_secret": shopSecret}},
		{"PATCH", one, map[string]string{"access_token": clientSecret}},
		{"POST", one + "test/", nil},
		{"POST", one + "register-webhook/", map[string]string{"public_base_url": "https://" + s.addr}},
		{"GET", one + "orders/?search=" + url.QueryEscape(customerEmail) + "&fields=id", nil},
		{"GET", one + "orders/?search=" + url.QueryEscape(customerLast) + "&page_size=nonsense", nil},
		{"GET", one + "orders/" + url.PathEscape(customerEmail) + "/", nil},
		{"GET", one + "deliveries/", nil},
		{"GET", one + "imports/", nil},
		{"GET", one, nil},
		{"GET", "/metrics", nil},
		{"GET", "/healthz", nil},
		{"GET", "/readyz", nil},
		{"GET", "/" + s.token, nil},
	} {
		if _, err := note(s.send(ctx, do.method, do.path, do.body)); err != nil {
			return nil, err
		}
	}
	for _, fault := range simulator.TransientFaults() {
		if fault == simulator.FaultSlow {
			continue
		}
		shop.Inject(simulator.Fault{Kind: fault, Times: 2, RetryAfter: "0.1"})
	}
	if _, err := note(s.send(ctx, "POST", one+"test/", nil)); err != nil {
		return nil, err
	}
	run, err := s.sync(ctx, id, time.Now().Add(-85*24*time.Hour))
	if err != nil {
		return nil, err
	}
	shop.RevokeToken()
	_ = poll(ctx, 50*time.Millisecond, func() (bool, error) { // it fails, now that the token is gone, or had ended
		run, err = s.run(ctx, id, run.ID)
		return run.State == "failed" || run.State == "completed", err
	})
	// Deliveries that are refused, and those that say nothing.
	wrong := bytes.Replace(customer, []byte("10.00"), []byte("11.00"), 1)
	wrongly := newSender(s.addr, "unknown.myshopify.com", 1, 1)
	for _, body := range [][]byte{wrong, customer[:len(customer)-1], []byte(customerEmail)} {
		_, answer, err := wrongly.exchange(ctx, "w", body)
		if _, err := note(0, answer, err); err != nil {
			return nil, err
		}
		_, answer, err = from.exchange(ctx, "w", body[:len(body)-2])
		if _, err := note(0, answer, err); err != nil {
			return nil, err
		}
	}
	for _, bearer := range []string{s.token[:len(s.token)-1], shopToken, password, ""} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+one, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		resp, err := s.client.Do(req)
		if err != nil {
			return nil, err
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(resp.Body)
		_ = resp.Body.Close()
		if _, err := note(resp.StatusCode, body.Bytes(), err); err != nil {
			return nil, err
		}
	}
	return said, s.worked(ctx, id)
}
