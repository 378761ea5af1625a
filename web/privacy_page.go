package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"probability/shopify"
	"probability/store"
)

// shownRequests is how many privacy requests a page shows.
const shownRequests = 50

// The words of privacy requests.
var (
	privacyWords = map[string]stateWord{
		store.PrivacyOpen: {"page.privacy.open", toneBusy}, store.PrivacyCompleted: {"page.privacy.completed", toneGood},
		store.PrivacyExpired: {"page.privacy.expired", toneIdle},
	}
	privacyTopics = map[string]stateWord{
		shopify.TopicDataRequest: {"page.privacy.data_request", ""}, shopify.TopicCustomersRedact: {"page.privacy.customer_redact", ""},
		shopify.TopicShopRedact: {"page.privacy.shop_redact", ""}, store.PrivacyUninstalled: {"page.privacy.uninstalled", ""},
	}
)

// privacyPageView is what was asked in the name of customers.
type privacyPageView struct {
	page
	Rows   []privacyRow
	Stores []choice
	Turn   pager
}

type privacyRow struct {
	Done     string
	Export   string // where the data is fetched; "" for nothing to fetch
	Received when
	State    badge
	Topic    string
	Until    when // the data can be fetched
}

// privacyPage is GET /stores/{id}/privacy.
func (s *Server) privacyPage(c echo.Context) error {
	in, err := s.owned(c)
	if err != nil {
		return err
	}
	p, st := s.pageAbout(c, in), s.app.Store()
	found, turn, err := readListing(c, p, listing[store.PrivacyRequest]{name: "page", size: shownRequests, count: st.CountPrivacyRequests, rows: st.PrivacyRequests})
	if err != nil {
		return err
	}
	view := privacyPageView{page: p.titled("deliveries", p.Tell("privacy.title", "Store", in.StoreName)), Turn: turn}
	if view.Stores, err = s.storeChoices(c, in.ID); err != nil {
		return err
	}
	for _, r := range found {
		row := privacyRow{
			Done: p.voice.number(r.Orders), Received: p.voice.moment(r.ReceivedAt), State: p.voice.badge(privacyWords, r.State),
			Topic: p.voice.badge(privacyTopics, r.Topic).Text,
		}
		if r.HasSubject && s.cfg.Now().Before(r.ExpiresAt) {
			row.Export = storesPath + "/" + strconv.FormatInt(in.ID, 10) + "/privacy/" + r.ID.String() + "/export/"
			row.Until = p.voice.moment(r.ExpiresAt)
			if r.State == store.PrivacyOpen {
				row.State = p.voice.badge(map[string]stateWord{r.State: {"page.privacy.yours", toneWarn}}, r.State)
			}
		}
		view.Rows = append(view.Rows, row)
	}
	return s.render(c, http.StatusOK, "privacy.html", view)
}
