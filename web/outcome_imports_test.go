package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// report is a carrier's report in a form, with members before the file.
func report(t *testing.T, name, text string, members ...string) (body string, c change) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(members); i += 2 {
		fatal(t, w.WriteField(members[i], members[i+1]))
	}
	f, err := w.CreateFormFile("file", name)
	fatal(t, err)
	_, err = f.Write([]byte(text))
	fatal(t, err)
	fatal(t, w.Close())
	return b.String(), header("Content-Type", w.FormDataContentType())
}

func TestImportOutcomes_RecordsNamesAndUndoes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _, orders := b.parcels(parcel(1, ""), parcel(2, deliveredParcel), parcel(3, ""), parcel(4, ""), strings.Replace(parcel(9, ""), "#1009", "#5001", 1))
	file := strings.Join([]string{
		"Número de pedido;Estado;Fecha;Guía", "1001;ENTREGADO;03/11/2026;G1", "#1002;Devuelto al remitente;04/11/2026;G2", "1003;En reparto;04/11/2026;G3",
		"1004;Entregado;02/11/2026;G4", "1004;Devolución;04/11/2026;G4", "7777;Entregado;04/11/2026;", "5001;Entregado;;", "1003;quién sabe;;", "1003;Entregado;01/01/2026;",
	}, "\n")
	want := map[string]float64{"rows": 9, "recorded": 4, "changed": 4, "known": 0, "superseded": 1, "pending": 1, "refused_count": 3}
	check := func(a answer, want map[string]float64) {
		t.Helper()
		for member, n := range want {
			if got := a.at("import", member); got != n {
				t.Errorf("%s: got %v, want %v: %s", member, got, n, a.body)
			}
		}
	}
	tried := b.post(path+"outcomes/import/?dry_run=1&carrier=Servientrega", file, asCSV).want(http.StatusOK)
	check(tried, want)
	if tried.at("import", "id") != nil || tried.at("dry_run") != true || b.get(path+"outcomes/imports/").at("count") != 0.0 || b.get(path+"outcomes/").at("known") != 1.0 {
		t.Errorf("a dry run stores something: %s", tried.body)
	}
	body, form := report(t, `C:\reportes\noviembre.csv`, file, "carrier", "Servientrega")
	done := b.post(path+"outcomes/import/", body, form).want(http.StatusOK)
	check(done, want)
	if done.at("import", "name") != "noviembre.csv" || done.at("dry_run") != false || !strings.Contains(done.at("message").(string), "4") {
		t.Errorf("got %s", done.body)
	}
	for i, refused := range []struct {
		line float64
		code string
	}{{7, "unknown_order"}, {9, "unknown_status"}, {10, "before_the_order"}} {
		if done.at("import", "refused", i, "line") != refused.line || done.at("import", "refused", i, "code") != refused.code || done.at("import", "refused", i, "message") == "" {
			t.Errorf("got %v, want %v", done.at("import", "refused", i), refused)
		}
	}
	outcome := func(number string) any { return b.get(orders[number]+"outcomes/").at("end", "outcome") }
	for number, want := range map[string]string{"#1001": "delivered", "#1002": "failed", "#1003": "pending", "#1004": "failed", "#5001": "delivered"} {
		if got := outcome(number); got != want {
			t.Errorf("%s: got %v, want %v", number, got, want)
		}
	}
	said := b.get(orders["#1002"]+"outcomes/").at("reports", 0).(map[string]any)
	if said["source"] != "csv" || said["carrier"] != "Servientrega" || said["tracking"] != "G2" || said["happened_at"] != "2026-11-04T23:59:59Z" || said["import"] != done.at("import", "id") {
		t.Errorf("got %v", said)
	}

	again := b.post(path+"outcomes/import/", file, asCSV).want(http.StatusOK) // the same bytes
	check(again, map[string]float64{"recorded": 0, "changed": 0, "known": 4, "superseded": 1})
	if again.at("import", "id") != done.at("import", "id") || b.get(path+"outcomes/imports/").at("count") != 1.0 {
		t.Errorf("got %s", again.body)
	}
	if kept := b.get(path + "outcomes/imports/" + done.at("import", "id").(string) + "/").want(http.StatusOK); kept.at("recorded") != 4.0 || kept.at("changed") != 4.0 || kept.at("refused", 0, "line") != 7.0 {
		t.Errorf("got %s", kept.body)
	}

	b.post(orders["#1001"]+"outcomes/", `{"outcome":"failed"}`).want(http.StatusCreated)
	undo := func() answer {
		t.Helper()
		return b.do(http.MethodDelete, path+"outcomes/imports/"+done.at("import", "id").(string)+"/", "").want(http.StatusOK)
	}
	if got := undo(); got.at("undone_at") == nil {
		t.Errorf("got %s", got.body)
	}
	undo()
	for number, want := range map[string]string{"#1001": "failed", "#1002": "delivered", "#1004": "pending", "#5001": "pending"} {
		if got := outcome(number); got != want {
			t.Errorf("undone, %s: got %v, want %v", number, got, want)
		}
	}
	if fresh := b.post(path+"outcomes/import/", file, asCSV).want(http.StatusOK); fresh.at("import", "id") == done.at("import", "id") || fresh.at("import", "recorded") != 4.0 {
		t.Errorf("after it was undone: %s", fresh.body)
	}
}

// The same file records what it could not before, once the orders are there.
func TestImportOutcomes_GoesOnWithWhatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id, _ := b.parcels(parcel(1, ""))
	const file = "order,status\n1001,delivered\n1002,failed\n"
	first := b.post(path+"outcomes/import/", file, asCSV).want(http.StatusOK)
	b.put(id, parcel(2, ""))
	second := b.post(path+"outcomes/import/", file, asCSV).want(http.StatusOK)
	if second.at("import", "id") != first.at("import", "id") || second.at("import", "recorded") != 1.0 || second.at("import", "known") != 1.0 || second.at("import", "refused_count") != 0.0 {
		t.Errorf("got %s", second.body)
	}
	if kept := b.get(path+"outcomes/imports/").at("results", 0).(map[string]any); kept["recorded"] != 2.0 || kept["changed"] != 2.0 {
		t.Errorf("got %v", kept)
	}
	nothing := b.post(path+"outcomes/import/", "order,status\n9,delivered\n", asCSV).want(http.StatusOK)
	if nothing.at("import", "id") != nil || b.get(path+"outcomes/imports/").at("count") != 1.0 {
		t.Errorf("an import of nothing is kept: %s", nothing.body)
	}
}

func TestImportOutcomes_RefusesWhatIsNoReport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _ := b.connected()
	to := path + "outcomes/import/"
	for body, code := range map[string]string{
		"": "report_empty", "nombre;total\nAna;5\n": "report_columns_unknown", "PK\x03\x04": "report_not_csv",
		"pedido;estado\n" + strings.Repeat("1;entregado\n", 50_001): "report_too_many_rows",
	} {
		got := b.post(to, body, asCSV).problem(http.StatusBadRequest, code)
		if detail := got.at("detail").(string); strings.Contains(detail, "no value") || code == "report_columns_unknown" && !strings.Contains(detail, "nombre;total") {
			t.Errorf("got %q", detail)
		}
	}
	if got := b.post(to+"?dry_run=perhaps", "x", asCSV).problem(http.StatusBadRequest, "invalid_parameter"); got.at("errors", "dry_run", 0) == nil {
		t.Errorf("got %s", got.body)
	}
	body, form := report(t, "a.csv", "pedido;estado\n", "dry_run", strings.Repeat("1", 300))
	b.post(to, body, form).problem(http.StatusBadRequest, "invalid_parameter")
	b.post(to, "--x\r\nContent-Disposition: form-data; name=\"dry_run\"\r\n\r\n1\r\n--x--\r\n", asReport("x")).problem(http.StatusBadRequest, "validation_failed")
	for _, cut := range []string{"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\npedido;estado\n1;entre"} {
		b.post(to, cut, asReport("x")).problem(http.StatusBadRequest, "incomplete_body")
	}
	b.post(to, "pedido;estado\n"+strings.Repeat("1;entregado;"+strings.Repeat("x", 1000)+"\n", 11_000), asCSV).problem(http.StatusRequestEntityTooLarge, "payload_too_large")

	// A body that stops before its end changes nothing.
	r := httptest.NewRequest(http.MethodPost, to, brokenReader{})
	r.Header.Set("Content-Type", "text/csv")
	as(b.alice)(r)
	direct(t, b.server, r).problem(http.StatusBadRequest, "incomplete_body")
	if got := b.get(path + "outcomes/imports/"); got.at("count") != 0.0 {
		t.Errorf("got %s", got.body)
	}
	b.do(http.MethodDelete, path+"outcomes/imports/"+uuid.NewString()+"/", "").problem(http.StatusNotFound, "not_found")
	b.get(path+"outcomes/imports/x/").problem(http.StatusNotFound, "not_found")
}

// What a stranger's file says is shown as it is, and nothing of it is believed.
func TestImportOutcomes_HostileFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, _, orders := b.parcels(parcel(1, ""))
	file := "pedido;estado;transportadora;guia\n" + `1001;entregado;"=HYPERLINK(""http://x"",""y"")";<script>` + "\n" + `"=cmd|' /C calc'!A0";entregado;x;y` + "\n" +
		strings.Repeat("9", 5000) + ";entregado;x;y\n" + "\x00;entregado;x;y\n" + `'; DROP TABLE orders; --` + "\n" + strings.Repeat("x;?;;\n", 500)
	got := b.post(path+"outcomes/import/", file, asCSV).want(http.StatusOK)
	if got.at("import", "recorded") != 1.0 || got.at("import", "refused_count") != 504.0 || len(got.at("import", "refused").([]any)) > 400 {
		t.Errorf("got %s", got.body)
	}
	if len(got.body) > 100_000 || strings.Contains(string(got.body), strings.Repeat("9", 100)) {
		t.Errorf("the answer has %d bytes", len(got.body))
	}
	if said := b.get(orders["#1001"] + "outcomes/"); said.at("reports", 0, "carrier") != `=HYPERLINK("http://x","y")` || said.at("reports", 0, "tracking") != "<script>" {
		t.Errorf("got %s", said.body)
	}
}

func TestImportOutcomes_ManyRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, id := b.connected()
	const n = 450 // more than are looked up, and than are recorded, at once
	var payloads []string
	file := strings.Builder{}
	file.WriteString("pedido,estado,fecha\n")
	for i := range n {
		payloads = append(payloads, fmt.Sprintf(`{"id":%d,"name":"#%d","created_at":"2026-11-01T10:00:00Z","updated_at":"2026-11-01T10:00:00Z"}`, 5000+i, i))
		fmt.Fprintf(&file, "%d,%s,2026-11-03\n", i, []string{"entregado", "devuelto", "entregado"}[i%3])
	}
	b.put(id, payloads...)
	got := b.post(path+"outcomes/import/", file.String(), asCSV).want(http.StatusOK)
	if got.at("import", "recorded") != float64(n) || got.at("import", "changed") != float64(n) {
		t.Errorf("got %s", got.body)
	}
	if c := b.get(path + "outcomes/"); c.at("sources", "csv", "failed") != 150.0 || c.at("sources", "csv", "delivered") != 300.0 || c.at("share") != 1.0 {
		t.Errorf("got %s", c.body)
	}
	b.do(http.MethodDelete, path+"outcomes/imports/"+got.at("import", "id").(string)+"/", "").want(http.StatusOK)
	if c := b.get(path + "outcomes/"); c.at("known") != 0.0 {
		t.Errorf("got %s", c.body)
	}
	b.clock.pass(time.Second)
}
