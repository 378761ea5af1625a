package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"probability/app"
	"probability/shopify/simulator"
)

const connectPath = "/api/integrations/shopify/connect/"

func TestConnect_AnswersWithStoreAndImport(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	got := b.post(connectPath, fmt.Sprintf(`{"store_name":%q,"access_token":%q,"extra":1}`, strings.ToUpper(shopDomain[:3])+shopDomain[3:], shopToken),
		header("Accept-Language", "es")).want(http.StatusCreated)
	for want, path := range map[any][]any{
		"¡Conexión con Shopify establecida correctamente!": {"message"},
		shopDomain:                {"integration", "store_name"},
		"token":                   {"integration", "auth"},
		true:                      {"integration", "is_active"},
		"unsigned":                {"integration", "webhooks", "status"},
		"Mi Tienda":               {"store_info", "name"},
		"initial":                 {"import", "kind"},
		"queued":                  {"import", "state"},
		"created_at":              {"import", "window", "field"},
		"2026-08-07T12:00:00Z":    {"import", "window", "from"},
		noon.Format(time.RFC3339): {"import", "queued_at"},
	} {
		if v := got.at(path...); v != want {
			t.Errorf("%v: got %v, want %v", path, v, want)
		}
	}
	if got.at("integration", "last_sync") != nil || got.at("import", "total") != nil {
		t.Errorf("what has not happened yet must be null: %s", got.body)
	}
	for _, secret := range []string{shopToken, shopSecret} {
		if strings.Contains(string(got.body), secret) {
			t.Error("a secret is in the answer")
		}
	}
	list := b.get("/api/integrations/shopify/").want(http.StatusOK)
	if list.at(0, "store_name") != shopDomain || list.at(1) != nil {
		t.Errorf("the list is %s", list.body)
	}
	again := b.post(connectPath, fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken), header("Accept-Language", "es")).
		problem(http.StatusBadRequest, "store_already_connected")
	if again.at("error") != "Ya tienes una integración con esta tienda" {
		t.Errorf("got %v", again.at("error"))
	}
}

func TestConnect_TakesClientCredentialsAndForms(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	got := b.post(connectPath, "store_name="+shopDomain+"&client_id=0a1b2c3d&client_secret="+shopSecret,
		header("Content-Type", "application/x-www-form-urlencoded")).want(http.StatusCreated)
	if got.at("integration", "auth") != "client_credentials" || got.at("integration", "webhooks", "status") != "off" {
		t.Errorf("got %s", got.body)
	}
}

func TestConnect_NamesTheMembersThatWillNotDo(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	for body, want := range map[string]string{
		``:   "store_name: Este campo es obligatorio.",
		`{}`: "access_token: Este campo es obligatorio.",
		`{"store_name":"tienda.example.com","access_token":"x"}`:                                   "store_name: El nombre de la tienda debe terminar en .myshopify.com",
		`{"store_name":"a.myshopify.com","access_token":"x"}`:                                      "access_token: El token de acceso debe comenzar con 'shp'",
		`{"store_name":"a.myshopify.com","access_token":"shpss_1"}`:                                "access_token: Esto es un secreto de app (shpss_), no un token de acceso. Ponlo en api_secret, y aquí el token (shpat_).",
		`{"store_name":5,"access_token":"shpat_1"}`:                                                "store_name: Debe ser texto.",
		`{"store_name":["a.myshopify.com"],"access_token":{"a":1}}`:                                "access_token: Debe ser texto.",
		`{"store_name":"evil.com/.myshopify.com","access_token":"shpat_1"}`:                        "store_name: Esto no es un nombre de tienda.",
		`{"store_name":"a.myshopify.com","access_token":"shpat_1","client_id":"x"}`:                "access_token: Envía un token pegado",
		`{"store_name":"a.myshopify.com","access_token":"shpat_` + strings.Repeat("1", 600) + `"}`: "access_token: Es demasiado largo: 512",
		`{"store_name":"a.myshopify.com","access_token":"shpat_1\r\nX: y"}`:                        "access_token: Contiene espacios",
	} {
		got := b.post(connectPath, body, header("Accept-Language", "es")).problem(http.StatusBadRequest, "validation_failed")
		field, text, _ := strings.Cut(want, ": ")
		if s, _ := got.at("errors", field, 0).(string); !strings.HasPrefix(s, text) {
			t.Errorf("%.80s: got %s", body, got.body)
		}
		if !strings.Contains(got.at("detail").(string), field) {
			t.Errorf("%.80s: %s is not named in %s", body, field, got.at("detail"))
		}
	}
	if n := len(b.sim.Calls()); n != 0 {
		t.Errorf("Shopify was asked %d times for what could not be right", n)
	}
	for _, body := range []string{`{`, `nope`, `[]`, `"x"`, `{"store_name":"a"} trailing`, "{\"store_name\":\"\xff\"}", strings.Repeat(`[`, 20000)} {
		b.post(connectPath, body).problem(http.StatusBadRequest, "invalid_json")
	}
}

func TestConnect_SaysWhatShopifyRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t).accounts()
	es := header("Accept-Language", "es")
	got := b.post(connectPath, fmt.Sprintf(`{"store_name":%q,"access_token":"shpat_wrong"}`, shopDomain), es).problem(http.StatusBadRequest, "invalid_token")
	if got.at("error") != "Token de acceso inválido o sin permisos." {
		t.Errorf("got %v", got.at("error"))
	}
	got = b.post(connectPath, fmt.Sprintf(`{"store_name":"otra.myshopify.com","access_token":%q}`, shopToken), es).problem(http.StatusBadRequest, "store_not_found")
	if got.at("error") != "Tienda no encontrada. Verifica el nombre de la tienda." {
		t.Errorf("got %v", got.at("error"))
	}
	b.post(connectPath, fmt.Sprintf(`{"store_name":%q,"client_id":"x","client_secret":"y"}`, shopDomain)).problem(http.StatusBadRequest, "invalid_token")
	if list := b.get("/api/integrations/shopify/").want(http.StatusOK); list.at(0) != nil {
		t.Errorf("a refused store is connected: %s", list.body)
	}
}

func TestIntegration_CanBeChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	got := b.do(http.MethodPatch, path, `{"is_active":false}`).want(http.StatusOK)
	if got.at("is_active") != false {
		t.Errorf("got %s", got.body)
	}
	b.post(path+"sync-orders/", "").problem(http.StatusBadRequest, "integration_inactive")
	b.do(http.MethodPatch, path, `{"is_active":true,"store_name":"other.myshopify.com","api_secret":null}`).want(http.StatusOK)
	if got := b.get(path).want(http.StatusOK); got.at("is_active") != true || got.at("store_name") != shopDomain {
		t.Errorf("got %s", got.body)
	}
	for body, field := range map[string]string{
		`{"is_active":"maybe"}`: "is_active", `{"is_active":null}`: "is_active", `{"is_active":1}`: "is_active",
		`{"access_token":5}`: "access_token", `{"access_token":"abc"}`: "access_token", `{"api_secret":""}`: "api_secret",
	} {
		if got := b.do(http.MethodPatch, path, body).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", field, 0) == nil {
			t.Errorf("%s: got %s", body, got.body)
		}
	}
	b.do(http.MethodPatch, path, `{"access_token":"shpat_wrong"}`).problem(http.StatusBadRequest, "invalid_token")
	b.do(http.MethodPatch, path, `nope`).problem(http.StatusBadRequest, "invalid_json")
	b.do(http.MethodPatch, path, `nope`, as(b.bob)).problem(http.StatusNotFound, "not_found")
}

func TestIntegration_TestTellsSuccessAndFailureAlike(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	es := header("Accept-Language", "es")
	got := b.post(path+"test/", "", es).want(http.StatusOK)
	if got.at("success") != true || got.at("message") != "Conexión exitosa" || got.at("store_info", "name") != "Mi Tienda" || got.at("permissions", 0) == nil {
		t.Errorf("got %s", got.body)
	}
	if v := b.get(path).at("last_sync"); v != nil {
		t.Errorf("a test is no sync: %v", v)
	}
	b.shop.RevokeToken()
	got = b.post(path+"test/", "", es).want(http.StatusOK)
	if got.at("success") != false || got.at("message") != "Token de acceso inválido o sin permisos." || got.at("code") != "invalid_token" {
		t.Errorf("got %s", got.body)
	}
	view := b.get(path, es).want(http.StatusOK)
	if view.at("health", "status") != "needs_attention" || view.at("health", "problems", 0, "code") != "reauthorize" ||
		!strings.HasPrefix(view.at("health", "problems", 0, "message").(string), "Shopify rechaza") {
		t.Errorf("got %s", view.body)
	}
}

func TestIntegration_DisconnectNamesTheStore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1))
	got := b.do(http.MethodDelete, path+"disconnect/", "", header("Accept-Language", "es")).want(http.StatusOK)
	if got.at("message") != "Integración con "+shopDomain+" desconectada exitosamente" {
		t.Errorf("got %s", got.body)
	}
	for _, p := range []string{path, path + "orders/", path + "imports/", path + "deliveries/"} {
		b.get(p).problem(http.StatusNotFound, "not_found")
	}
	b.do(http.MethodDelete, path+"disconnect/", "").problem(http.StatusNotFound, "not_found")
}

func TestRegisterWebhook_MakesSureOfEveryTopic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	es := header("Accept-Language", "es")
	got := b.post(path+"register-webhook/", "", es).problem(http.StatusBadRequest, "public_url_required")
	if got.at("error") != "Se requiere public_base_url o PUBLIC_WEBHOOK_BASE_URL" {
		t.Errorf("got %v", got.at("error"))
	}
	for _, odd := range []string{`"http://example.com"`, `"ftp://x"`, `"nonsense"`, `"https://a@b.example"`, `7`} {
		if got := b.post(path+"register-webhook/", `{"public_base_url":`+odd+`}`).problem(http.StatusBadRequest, "validation_failed"); got.at("errors", "public_base_url", 0) == nil {
			t.Errorf("%s: got %s", odd, got.body)
		}
	}
	got = b.post(path+"register-webhook/", `{"public_base_url":"https://orders.example.com/"}`, es).want(http.StatusCreated)
	if got.at("message") != "Webhook registrado" || got.at("webhooks", len(app.Topics)-1, "address") != "https://orders.example.com/api/webhooks/shopify/orders/" {
		t.Errorf("got %s", got.body)
	}
	got = b.post(path+"register-webhook/", `{"public_base_url":"https://orders.example.com"}`, es).want(http.StatusOK)
	if got.at("message") != "Webhook ya registrado" {
		t.Errorf("got %s", got.body)
	}
	if v := b.get(path).at("webhooks", "status"); v != "active" {
		t.Errorf("the status is %v", v)
	}
}

func TestRegisterWebhook_NeedsASecret(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *options) { o.app.PublicURL = "https://orders.example.com" }).accounts()
	id := b.post(connectPath, fmt.Sprintf(`{"store_name":%q,"access_token":%q}`, shopDomain, shopToken)).want(http.StatusCreated).at("integration", "id")
	path := fmt.Sprintf("/api/integrations/shopify/%v/", id)
	b.post(path+"register-webhook/", "").problem(http.StatusBadRequest, "webhook_secret_required")
	got := b.get(path).want(http.StatusOK)
	if got.at("webhooks", "status") != "unsigned" || !strings.Contains(string(got.body), "webhook_secret_missing") {
		t.Errorf("got %s", got.body)
	}
	b.shop.RevokeToken()
	b.do(http.MethodPatch, path, fmt.Sprintf(`{"api_secret":%q}`, shopSecret)).want(http.StatusOK)
	got = b.post(path+"register-webhook/", "", header("Accept-Language", "es")).problem(http.StatusBadRequest, "shopify_error")
	if got.at("reason") != "webhooks_not_listed" || got.at("error") != "No se pudieron listar webhooks: 401" {
		t.Errorf("got %s", got.body)
	}
}

func TestRegisterWebhook_NotTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	b.shop.Inject(simulator.Fault{Kind: simulator.FaultForbidden, Path: "webhooks.json", Method: http.MethodPost})
	register := func(changes ...change) answer {
		return b.post(path+"register-webhook/", `{"public_base_url":"https://new.example.com"}`, changes...).problem(http.StatusBadRequest, "shopify_error")
	}
	if got := register(header("Accept-Language", "es")); got.at("reason") != "webhook_not_created" || got.at("error") != "Error al crear webhook" {
		t.Errorf("got %s", got.body)
	}
	if got := register(); !strings.Contains(got.at("detail").(string), "HTTP 403") {
		t.Errorf("got %s", got.body)
	}
}
