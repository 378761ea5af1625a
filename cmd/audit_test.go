package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"probability/shopify/simulator"
)

// The command beside a running service: what differs is printed, then mended; then the service is stopped, and the command
// works alone.
func TestAudit_EndToEnd(t *testing.T) {
	t.Parallel()
	_, shop, endpoint := simulated(t, simulator.ShopConfig{Bucket: -1})
	shop.Generate(300, 80*24*time.Hour)
	dir := t.TempDir()
	flag := "--shopify-endpoint=" + endpoint

	code, stdout, stderr := command(t, dir, "", "audit", flag)
	if code != 0 || !strings.Contains(stdout, "nothing to audit") {
		t.Errorf("without a store: exit code %d: %s%s", code, stdout, stderr)
	}
	p := serving(t, "probability", dir, flag, "--sync-interval=0")
	r := rest{t, p.base, account(t, dir, "ana@example.com")}
	id, first := r.connect()
	r.completed(id, first.ID)
	ids := shop.OrderIDs()
	for _, n := range ids[:4] {
		shop.Delete(n)
	}
	// Changed and created long enough ago that nothing has to settle.
	var old struct {
		CreatedAt string `json:"created_at"`
	}
	if err := json.Unmarshal(shop.Payload(ids[10]), &old); err != nil {
		t.Fatal(err)
	}
	changed := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	shop.Add(fmt.Appendf(nil, `{"id":%d,"created_at":%q,"updated_at":%q}`, ids[10], old.CreatedAt, changed))
	created := time.Now().Add(-48 * time.Hour).UTC().Format(time.RFC3339)
	shop.Add(fmt.Appendf(nil, `{"id":77,"created_at":%q,"updated_at":%[1]q}`, created))

	total := func(stdout string) string {
		line := regexp.MustCompile(`(?m)^ *total .*$`).FindString(stdout)
		return strings.Join(strings.Fields(line)[2:], " ")
	}
	code, stdout, stderr = command(t, dir, "", "audit", flag, "--store", testShop)
	if code != 0 || total(stdout) != "297 300 1 4 1 0" || !strings.Contains(stdout, "oldest gap: "+created) ||
		!strings.Contains(stdout, "Not complete: 6 differences among 297 orders.") || !strings.Contains(stderr, "Auditing "+testShop) {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
	var list struct {
		Count   int `json:"count"`
		Results []struct {
			State string `json:"state"`
			Drift int    `json:"drift"`
		} `json:"results"`
	}
	r.call(http.MethodGet, fmt.Sprintf("%s%d/audits/", api, id), nil, http.StatusOK, &list)
	if list.Count != 1 || list.Results[0].State != "completed" || list.Results[0].Drift != 6 {
		t.Errorf("the service shows %+v", list)
	}
	code, stdout, stderr = command(t, dir, "", "audit", flag, "--repair")
	if code != 0 || total(stdout) != "297 300 1 4 1 6" || !strings.Contains(stdout, "Complete now: 6 differences") {
		t.Errorf("repair: exit code %d:\n%s%s", code, stdout, stderr)
	}
	if err := r.sameOrders(id, shop); err != nil {
		t.Error(err)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("the service ended with %d", code)
	}
	code, stdout, stderr = command(t, dir, "", "audit", flag)
	if code != 0 || total(stdout) != "297 297 0 0 0 0" || !strings.Contains(stdout, "Complete: 297 orders compared") || !strings.Contains(stdout, "oldest gap: none") {
		t.Errorf("alone: exit code %d:\n%s%s", code, stdout, stderr)
	}

	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, "no account has connected other.myshopify.com", []string{"--store", "other.myshopify.com"}},
		{2, "expected a store's name", []string{"--store", "https://other"}},
		{2, "takes no argument", []string{"everything"}},
	} {
		code, stdout, stderr := command(t, dir, "", append([]string{"audit", flag}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.says) || stdout != "" {
			t.Errorf("%v: exit code %d: %s%s", c.args, code, stdout, stderr)
		}
	}
	shop.RevokeToken()
	code, stdout, stderr = command(t, dir, "", "audit", flag)
	if code != 1 || !strings.Contains(stderr, testShop+" could not be audited") || strings.Contains(stderr, "shpat_") || stdout != "" {
		t.Errorf("a refused token: exit code %d: %s%s", code, stdout, stderr)
	}
}
