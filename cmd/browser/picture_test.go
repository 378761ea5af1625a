package browser_test

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"pgregory.net/rapid"
)

// maxPicture is how many bytes a picture of a page may have: it goes into the repository.
const maxPicture = 150_000

// pictures writes what the window shows of a page, wide and light and on a phone in the dark, as it is before anything is unfolded.
func (w *window) pictures(name string) {
	w.t.Helper()
	// What is new at each run says nothing to the reader, and a token looks like one that should not be there.
	w.do("hiding what is new at each run", chromedp.Evaluate[chromedp.Void](`(() => {
		document.activeElement.blur();
		for (const el of document.querySelectorAll(".secret")) { el.textContent = el.textContent.replace(/prob_[\w-]+/, "prob_" + "x".repeat(43)); }
	})()`))
	for _, view := range []struct {
		suffix, scheme string
		width, height  int64
	}{{"", "light", wide, high}, {"-phone", "dark", phone, phoneHigh}} {
		w.scheme(view.scheme)
		w.size(view.width, view.height)
		w.do("scrolling up", chromedp.Evaluate[chromedp.Void]("scrollTo(0, 0)"))
		raw, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			w.t.Fatal(err)
		}
		small, err := smaller(raw)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(small) > maxPicture {
			w.t.Errorf("the picture of %s has %d bytes, want at most %d", name, len(small), maxPicture)
		}
		if err := os.WriteFile(filepath.Join(*screenshots, name+view.suffix+".png"), small, 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	w.size(wide, high)
	w.scheme("light")
}

// pictureName turns the kind of a page into the name of a file.
func pictureName(kind string) string {
	switch kind {
	case "/":
		return "stores"
	case "/stores/:id":
		return "store"
	}
	if below, ok := strings.CutPrefix(kind, "/stores/:id/"); ok {
		kind = "store-" + below
	}
	kind = strings.ReplaceAll(kind, "/:id", "-one")
	return strings.Join(strings.FieldsFunc(kind, func(r rune) bool { return strings.ContainsRune("/?= :", r) }), "-")
}

// smaller writes a picture with 256 colours: those that it has most of and that differ, and for each other one the nearest of them.
// Pages have few colours but for the edges of letters.
func smaller(raw []byte) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	full := image.NewNRGBA(from.Bounds())
	draw.Draw(full, full.Bounds(), from, from.Bounds().Min, draw.Src)
	counts := map[color.NRGBA]int{}
	for i := 0; i < len(full.Pix); i += 4 {
		counts[color.NRGBA{full.Pix[i], full.Pix[i+1], full.Pix[i+2], 0xff}]++
	}
	type count struct {
		c color.NRGBA
		n int
	}
	var all []count
	for c, n := range counts {
		all = append(all, count{c, n})
	}
	slices.SortFunc(all, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.c.R, b.c.R), cmp.Compare(a.c.G, b.c.G), cmp.Compare(a.c.B, b.c.B))
	})
	palette := color.Palette{}
	// Colours that are close to one that is there already make room for others, as much as is needed.
	for apart := 0; len(palette) == 0; apart = 2*apart + 1 {
		for _, c := range all {
			if i := palette.Index(c.c); len(palette) > 64 && distance(palette[i], c.c) < apart {
				continue
			}
			if palette = append(palette, c.c); len(palette) > 256 {
				palette = palette[:0]
				break
			}
		}
	}
	index := map[color.NRGBA]uint8{}
	for _, c := range all {
		index[c.c] = uint8(palette.Index(c.c))
	}
	few := image.NewPaletted(full.Bounds(), palette)
	for i := range few.Pix {
		few.Pix[i] = index[color.NRGBA{full.Pix[4*i], full.Pix[4*i+1], full.Pix[4*i+2], 0xff}]
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}

// distance is by how much the channel differs in which two colours differ most.
func distance(a color.Color, b color.NRGBA) int {
	x, most := color.NRGBAModel.Convert(a).(color.NRGBA), 0
	for _, d := range []int{int(x.R) - int(b.R), int(x.G) - int(b.G), int(x.B) - int(b.B)} {
		most = max(most, d, -d)
	}
	return most
}

// A picture of no more than 256 colours stays as it is, and none gets another size.
func TestPicture_KeepsWhatItCan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width, height := rapid.IntRange(1, 40).Draw(t, "width"), rapid.IntRange(1, 40).Draw(t, "height")
		colours := rapid.SampledFrom([]int{1, 2, 250, 256, 1600}).Draw(t, "colours")
		from := image.NewNRGBA(image.Rect(0, 0, width, height))
		for i := range width * height {
			n := i % colours
			from.SetNRGBA(i%width, i/width, color.NRGBA{uint8(n), uint8(n >> 4), uint8(3 * n), 0xff})
		}
		var raw bytes.Buffer
		if err := png.Encode(&raw, from); err != nil {
			t.Fatal(err)
		}
		small, err := smaller(raw.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got, err := png.Decode(bytes.NewReader(small))
		if err != nil || got.Bounds() != from.Bounds() {
			t.Fatalf("got %v, %v", got, err)
		}
		for i := range width * height {
			r, g, b, _ := got.At(i%width, i/width).RGBA()
			want := from.NRGBAAt(i%width, i/width)
			exact := color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0xff}
			if colours <= 256 && exact != want {
				t.Fatalf("the colour at %d is %v, want %v", i, exact, want)
			}
		}
	})
}

func TestPicture_Names(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"/": "stores", "/stores/:id": "store", "/stores/:id/orders/:id": "store-orders-one", "/settings": "settings",
		"/stores/:id/settings": "store-settings", "/stores/connect?way=app": "stores-connect-way-app", "orders none": "orders-none",
	} {
		if got := pictureName(from); got != want {
			t.Errorf("%s: got %s, want %s", from, got, want)
		}
	}
}
