package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestLater_SaysSoClearly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	b.put(id, order(1))
	score := fmt.Sprintf("orders/%v/score/", b.get(path+"orders/").at("results", 0, "id"))
	for _, p := range []string{path + score} {
		got := b.get(p, header("Accept-Language", "es")).problem(http.StatusNotImplemented, "not_available_yet")
		if !strings.HasPrefix(got.at("detail").(string), "Esta versión todavía no") {
			t.Errorf("%s: got %s", p, got.at("detail"))
		}
	}
	b.get(path+"orders/999999/score/").problem(http.StatusNotFound, "not_found")
	if strings.Contains(b.logs.String(), `"level":"ERROR"`) {
		t.Error("what is not there yet is no error of the service")
	}
}
