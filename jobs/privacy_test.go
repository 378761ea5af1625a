package jobs_test

import (
	"fmt"
	"testing"
	"time"

	"probability/app"
	"probability/jobs"
	"probability/shopify"
	"probability/shopify/simulator"
	"probability/store"
)

func TestRunner_CarriesPrivacyRequestsOut(t *testing.T) {
	t.Parallel()
	s := setup(t, jobs.Config{})
	s.start(t)
	_, c := s.connect(t, simulator.ShopConfig{Domain: "uno.myshopify.com"}, 300)
	id := c.Integration.ID
	eventually(t, "the end of the import", func() bool { return s.state(t, c) == store.ImportCompleted })
	s.accept(t, "uno.myshopify.com", "w", `{"id":1,"email":"ana@b.co","updated_at":"2026-11-01T10:00:00Z"}`)
	eventually(t, "the order", func() bool { return s.count(t, id) == 301 })
	for n, r := range []struct{ topic, body string }{
		{shopify.TopicCustomersRedact, `{"shop_domain":"uno.myshopify.com","customer":{"email":"ana@b.co"},"orders_to_redact":[]}`},
		{shopify.TopicShopRedact, `{"shop_domain":"uno.myshopify.com"}`},
	} {
		err := s.app.Accept(t.Context(), app.Incoming{
			Shop: "uno.myshopify.com", Topic: r.topic, WebhookID: fmt.Sprint("r", n), Body: []byte(r.body), HMAC: shopify.Sign(secret, []byte(r.body)),
			TriggeredAt: time.Now().Format(time.RFC3339Nano),
		})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, r.topic, func() bool {
			done, err := s.store.PrivacyRequests(t.Context(), id, 9, 0)
			return err == nil && len(done) == n+1 && done[0].State == store.PrivacyCompleted && done[0].Orders == []int{1, 301}[n]
		})
	}
	if n := s.count(t, id); n != 0 {
		t.Errorf("%d orders are left", n)
	}
}
