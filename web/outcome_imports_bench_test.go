package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkImportOutcomes reads a report of 5,000 parcels, tries it, records it and takes it back.
func BenchmarkImportOutcomes(b *testing.B) {
	bench := newBench(b)
	path, id := bench.connected()
	const n = 5_000
	file := strings.Builder{}
	file.WriteString("pedido;estado;fecha;transportadora;guia\n")
	for i := 0; i < n; i += 100 {
		var payloads []string
		for j := range 100 {
			payloads = append(payloads, strings.NewReplacer("Calle 12", fmt.Sprintf("Calle %d", i+j), "ana@", fmt.Sprintf("ana%d@", i+j), "482 7395", fmt.Sprintf("%03d %04d", (i+j)/17%1000, (i+j)*37%10000)).Replace(parcel(i+j, "")))
			fmt.Fprintf(&file, "%d;ENTREGADO;04/11/2026;TCC;G%d\n", 1000+i+j, i+j)
		}
		bench.put(id, payloads...)
	}
	bench.rate(id)
	for _, how := range []string{"dry run", "record and undo"} {
		b.Run(how, func(b *testing.B) {
			for b.Loop() {
				if how == "dry run" {
					bench.post(path+"outcomes/import/?dry_run=1", file.String(), asCSV).want(http.StatusOK)
					continue
				}
				done := bench.post(path+"outcomes/import/", file.String(), asCSV).want(http.StatusOK)
				if done.at("import", "recorded") != float64(n) {
					b.Fatalf("got %s", done.body)
				}
				bench.do(http.MethodDelete, path+"outcomes/imports/"+done.at("import", "id").(string)+"/", "").want(http.StatusOK)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/row")
		})
	}
}
