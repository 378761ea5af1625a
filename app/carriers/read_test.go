package carriers_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"probability/app/carriers"
	"probability/app/score"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func read(t *testing.T, text string) carriers.Report {
	t.Helper()
	r, err := carriers.Read(strings.NewReader(text), now, "")
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}

// told is a report in short: what each row says, and why the others were refused.
func told(r carriers.Report) string {
	var b strings.Builder
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%d %s|%s %v", row.Line, row.ID, row.Number, row.Outcome)
		if !row.At.IsZero() {
			fmt.Fprintf(&b, " %s", row.At.Format("2006-01-02 15:04"))
		}
		if row.Carrier+row.Tracking != "" {
			fmt.Fprintf(&b, " %s/%s", row.Carrier, row.Tracking)
		}
		b.WriteByte('\n')
	}
	for _, x := range r.Refused {
		fmt.Fprintf(&b, "%d refused %s %s\n", x.Line, x.Reason, x.Text)
	}
	if r.Pending > 0 {
		fmt.Fprintf(&b, "%d pending\n", r.Pending)
	}
	return b.String()
}

func TestRead_RecognisesWhatReportsLookLike(t *testing.T) {
	t.Parallel()
	const one = "2 |1001 1 2026-11-05 23:59\n"
	for name, c := range map[string]struct{ text, want string }{
		"english":        {"Order number,Status,Date\n1001,delivered,2026-11-05\n", one},
		"spanish":        {"Pedido;Estado;Fecha de entrega\n1001;ENTREGADO;05/11/2026\n", one},
		"portuguese":     {"Número do pedido\tSituação\tData de entrega\n1001\tObjeto entregue ao destinatário\t05/11/2026\n", one},
		"pipes":          {"pedido|estado|fecha\r\n1001|entregado|5-11-2026\r\n", one},
		"old mac":        {"pedido;estado;fecha\r1001;entregado;05.11.26\r", one},
		"a mark":         {"\ufeffpedido;estado;fecha\n1001;entregado;2026/11/05\n", one},
		"titles":         {"Reporte de envíos\n\nsep=;\nCliente;Mi tienda\npedido;estado;fecha\n1001;entregado;05/11/2026\n", "6 |1001 1 2026-11-05 23:59\n"},
		"quotes":         {`"Pedido","Estado","Fecha"` + "\n" + `"1001","Entregado","05/11/2026"`, one},
		"spreadsheet":    {"pedido;estado;fecha\n=\"1001\";'entregado;46331\n", one},
		"its time":       {"pedido;estado;fecha\n1001;entregado;46331,5\n", "2 |1001 1 2026-11-05 12:00\n"},
		"a title's own":  {"pedido;estado;fecha\n1001;entregado;05/11/2026 3:20:15 p. m.\n", "2 |1001 1 2026-11-05 15:20\n"},
		"a zone":         {"pedido;estado;fecha\n1001;entregado;2026-11-05T12:00:00-05:00\n", "2 |1001 1 2026-11-05 17:00\n"},
		"no date":        {"pedido;estado\n1001;entregado\n", "2 |1001 1\n"},
		"no date here":   {"pedido;estado;fecha\n1001;entregado;0000-00-00\n", "2 |1001 1\n"},
		"many columns":   {"ID;FECHA;ESTATUS;NÚMERO GUIA;TRANSPORTADORA;FECHA DE ÚLTIMO MOVIMIENTO;ID DE ORDEN DE TIENDA;NUMERO DE PEDIDO DE TIENDA\n9;01/11/2026;DEVOLUCION;G1;SERVIENTREGA;05/11/2026;5001;#1001\n", "2 5001|#1001 2 2026-11-05 23:59 SERVIENTREGA/G1\n"},
		"a note":         {"pedido;nota;estado\n1001;\"dijo: \"\"hoy\"\"\ny no; mañana\";devuelto\n1002;x;entregado\n", "2 |1001 2\n4 |1002 1\n"},
		"month first":    {"order,status,date\n1,delivered,11/05/2026\n2,delivered,11/13/2026\n", "2 |1 1 2026-11-05 23:59\n3 |2 1 2026-11-13 23:59\n"},
		"short rows":     {"pedido;estado;fecha\n1001;entregado\n1002\n;entregado\n\n;;\n", "2 |1001 1\n3 refused no_status 1002\n4 refused no_order \n"},
		"under way":      {"pedido;estado\n1;en reparto\n2;entregado\n3;novedad\n", "3 |2 1\n2 pending\n"},
		"an inch":        {"pedido;nota;estado\n1;5\" tubo;entregado\n2;3\" tubo;devuelto\n", "2 |1 1\n3 |2 2\n"},
		"headers thrice": {"pedido,estado,estado\n1,entregado,devuelto\n", "2 |1 1\n"},
	} {
		if diff := cmp.Diff(c.want, told(read(t, c.text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRead_NamesWhatItRefuses(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		"pedido;estado;fecha;transportadora", "1;quién sabe;;", "2;entregado;ayer;", "3;entregado;31/02/2026;", "4;entregado;2027-01-01;", ";entregado;;", "5;;;",
		strings.Repeat("9", 101) + ";entregado;;", "6;entregado;2026-11-20;TCC", `7;"abierta;;`, "8;entregado;1999-01-01;", "9;entregado;;=cmd()", strings.Repeat("x", 70_000), "10;devuelto;;",
	}, "\n")
	want := "9 |6 1 2026-11-20 23:59 TCC/\n12 |9 1 =cmd()/\n14 |10 2\n" +
		"2 refused unknown_status quién sabe\n3 refused bad_date ayer\n4 refused bad_date 31/02/2026\n6 refused no_order \n7 refused no_status 5\n" +
		"8 refused cell_too_long " + strings.Repeat("9", 60) + "…\n10 refused open_quote \n11 refused bad_date 1999-01-01\n13 refused cell_too_long \n5 refused future_date 2027-01-01\n"
	r := read(t, text)
	if diff := cmp.Diff(want, told(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Read != 13 || r.Count != 10 {
		t.Errorf("read %d, refused %d", r.Read, r.Count)
	}
}

func TestRead_DatesThatCouldBeEitherAreRefusedWhereBothAreThere(t *testing.T) {
	t.Parallel()
	got := told(read(t, "pedido;estado;fecha\n1;entregado;13/11/2026\n2;entregado;11/13/2026\n3;entregado;05/11/2026\n4;entregado;2026-11-05\n5;entregado;11/11/2026\n"))
	want := "2 |1 1 2026-11-13 23:59\n5 |4 1 2026-11-05 23:59\n6 |5 1 2026-11-11 23:59\n3 refused ambiguous_date 2\n4 refused ambiguous_date 3\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRead_TakesEveryEncoding(t *testing.T) {
	t.Parallel()
	text := "número de pedido;situación;transportadora\nÑ-1;DEVOLUCIÓN;Envía\n"
	latin, err := charmap.ISO8859_1.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, in := range map[string]string{"utf-8": text, "mark": "\ufeff" + text, "latin-1": latin, "utf-16": string(wide)} {
		if got, want := told(read(t, in)), "2 |Ñ-1 2 Envía/\n"; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestRead_RefusesWhatIsNoReport(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		"": carriers.ErrEmpty, "\n\n": carriers.ErrEmpty, "PK\x03\x04rest": carriers.ErrNotText, "a\x00b": carriers.ErrNotText,
		strings.Repeat("x", 100_000): carriers.ErrNotText,
		"pedido;estado\n" + strings.Repeat("1;entregado\n", carriers.MaxRows+1): carriers.ErrTooManyRows,
	} {
		if _, err := carriers.Read(strings.NewReader(in), now, ""); !errors.Is(err, want) {
			t.Errorf("%.20q: got %v, want %v", in, err, want)
		}
	}
	for _, in := range []string{"a,b\n1,2\n", "pedido\n1\n", "estado;fecha\nx;y\n", strings.Repeat("title\n", 30) + "pedido;estado\n1;entregado\n"} {
		_, err := carriers.Read(strings.NewReader(in), now, "")
		if e, ok := errors.AsType[*carriers.NoColumnsError](err); !ok || e.First == "" {
			t.Errorf("%.20q: got %v", in, err)
		}
	}
	broken := errors.New("cut")
	if _, err := carriers.Read(io.MultiReader(strings.NewReader("pedido;estado\n1;entre"), iotest.ErrReader(broken)), now, ""); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's own error", err)
	}
}

func TestRead_KeepsCountOfWhatItDoesNotList(t *testing.T) {
	t.Parallel()
	r := read(t, "pedido;estado\n"+strings.Repeat("1;?\n", 1000))
	if len(r.Refused) != carriers.MaxRefused || r.Count != 1000 || r.Read != 1000 {
		t.Errorf("listed %d of %d, read %d", len(r.Refused), r.Count, r.Read)
	}
}

func TestRead_FillsInTheCarrierAndTellsFilesApart(t *testing.T) {
	t.Parallel()
	in := "pedido;estado;transportadora\n1;entregado;\n2;entregado; Olva\t Courier \n"
	a, err := carriers.Read(strings.NewReader(in), now, "TCC")
	if err != nil || a.Rows[0].Carrier != "TCC" || a.Rows[1].Carrier != "Olva Courier" {
		t.Errorf("got %+v, %v", a.Rows, err)
	}
	if b := read(t, in); b.Digest != a.Digest {
		t.Error("the same bytes have two digests")
	}
	if b := read(t, in+" "); b.Digest == a.Digest {
		t.Error("other bytes have the same digest")
	}
	if a.Rows[0].Outcome != score.Delivered {
		t.Errorf("got %v", a.Rows[0].Outcome)
	}
}

// Whatever comes: no panic, every row is either taken, under way or refused, and nothing is longer than it may be.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"pedido;estado;fecha\n1;entregado;05/11/2026\n", "order,status\n\"1\n\",\"x", "\xff\xfep\x00", "a\tb\n", "pedido|estado\r1|\"\"\"|devuelto\r\"", "pedido;estado;fecha\n=1;entregado;99999,9999999999\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := carriers.Read(strings.NewReader(string(data)), now, "c")
		if err != nil {
			return
		}
		if len(r.Rows)+r.Pending+r.Count != r.Read || len(r.Refused) > carriers.MaxRefused {
			t.Errorf("%d rows, %d pending, %d refused of %d", len(r.Rows), r.Pending, r.Count, r.Read)
		}
		line := 0
		for _, row := range r.Rows {
			if row.Line <= line || row.ID+row.Number == "" || row.Outcome == score.Pending || len(row.Carrier) > 400 {
				t.Errorf("got %+v after line %d", row, line)
			}
			line = row.Line
			if !row.At.IsZero() && (row.At.Year() < 1999 || row.At.After(now.Add(48*time.Hour))) {
				t.Errorf("at %v", row.At)
			}
		}
		again, err := carriers.Read(iotest.OneByteReader(strings.NewReader(string(data))), now, "c")
		if err != nil || !cmp.Equal(r, again) {
			t.Errorf("read byte by byte it differs: %v", err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	in := "Pedido;Estado;Fecha de entrega;Transportadora;Guia\n" + strings.Repeat("#1001;ENTREGADA DIGITALIZADA;05/11/2026 15:20;Servientrega;2100123456\n", 10_000)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := carriers.Read(strings.NewReader(in), now, ""); err != nil || len(r.Rows) != 10_000 {
			b.Fatal(len(r.Rows), err)
		}
	}
}
