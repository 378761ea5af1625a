package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestLater_SaysSoClearly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	for _, p := range []string{"/api/docs/", path + "events/"} {
		got := b.get(p, header("Accept-Language", "es")).problem(http.StatusNotImplemented, "not_available_yet")
		if !strings.HasPrefix(got.at("detail").(string), "Esta versión todavía no") {
			t.Errorf("%s: got %s", p, got.at("detail"))
		}
	}
	if strings.Contains(b.logs.String(), `"level":"ERROR"`) {
		t.Error("what is not there yet is no error of the service")
	}
}
