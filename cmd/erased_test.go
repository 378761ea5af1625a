package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// A customer is erased while the service runs: no file of the data folder and no new backup has them, and doctor names the
// backup of before until it is deleted.
func TestErased_NothingIsLeftButOldBackupsWhichAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	shop.Generate(20, 80*24*time.Hour)
	token := account(t, dir, "ana@example.com")
	p := serving(t, "probability", dir, "--shopify-endpoint="+endpoint)
	r := rest{t, p.base, token}
	id, first := r.connect()
	r.completed(id, first.ID)
	var buyer struct {
		ID       int64  `json:"id"`
		Email    string `json:"email"`
		Customer struct {
			ID int64 `json:"id"`
		} `json:"customer"`
		Shipping struct {
			Address1 string `json:"address1"`
		} `json:"shipping_address"`
	}
	if err := json.Unmarshal(shop.Payload(shop.OrderIDs()[7]), &buyer); err != nil || buyer.Email == "" || buyer.Shipping.Address1 == "" {
		t.Fatalf("the buyer is %+v: %v", buyer, err)
	}
	before := filepath.Join(t.TempDir(), "before")
	if code, _, stderr := command(t, dir, "", "backup", before); code != 0 {
		t.Fatal(stderr)
	}
	if !found(t, filepath.Join(dir, "data"), buyer.Email) {
		t.Fatal("the buyer is not in the database to begin with")
	}
	body := fmt.Sprintf(`{"shop_id":1,"shop_domain":%q,"customer":{"id":%d,"email":%q,"phone":null},"orders_to_redact":[%d]}`,
		shop.Domain(), buyer.Customer.ID, buyer.Email, buyer.ID)
	if status := deliver(t, shop, p.base, "customers/redact", []byte(body)); status != 200 {
		t.Fatalf("got %d, want the request taken", status)
	}
	eventually(t, "the erasure", func() error {
		_, answer, err := r.send(t.Context(), "GET", fmt.Sprintf("%s%d/privacy/", api, id), nil)
		if err == nil && !bytes.Contains(answer, []byte(`"state":"completed"`)) {
			err = fmt.Errorf("got %s", answer)
		}
		return err
	})
	for _, value := range []string{buyer.Email, buyer.Shipping.Address1} {
		if found(t, filepath.Join(dir, "data"), value) {
			t.Errorf("%q is still in the data folder", value)
		}
	}
	doctor(t, dir, []string{"--shopify-endpoint=" + endpoint}, 0, `^warn  erased          .*`+before+`; delete it`)
	if err := os.Remove(before); err != nil {
		t.Fatal(err)
	}
	if _, stdout, _ := command(t, dir, "", "doctor", "--shopify-endpoint="+endpoint); strings.Contains(stdout, "erased") {
		t.Errorf("the deleted backup is still named:\n%s", stdout)
	}
}

// found tells whether a file below a folder has the text in clear.
func found(t *testing.T, folder, text string) bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
	return false
}
