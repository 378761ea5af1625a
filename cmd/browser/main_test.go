package browser_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	// patience is how long a test waits for what normally takes a moment, on a machine with much else to do.
	patience = 3 * time.Minute
	// lookAgain is the pause between two looks at what is waited for.
	lookAgain = 30 * time.Millisecond
)

var (
	screenshots = flag.String("screenshots", "", "folder to write a picture of every page to")

	binary   string          // the program under test
	chromium context.Context // the one Chromium that all tests have tabs in
)

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("PROBABILITY_BROWSER_TESTS") == "off" {
		fmt.Fprintln(os.Stderr, "the tests in a browser are left out: PROBABILITY_BROWSER_TESTS=off")
		return
	}
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	path, err := findChromium()
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "browser")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary = filepath.Join(dir, "probability")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build: %w: %s", err, out)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		// It sees our own pages only, and its sandbox cannot be had in most containers.
		chromedp.NoSandbox,
		chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.Flag("lang", "en"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.CombinedOutput(io.Discard),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	first, end := chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Do(first); err != nil {
		return 1, fmt.Errorf("%s does not start: %w", path, err)
	}
	chromium = first
	code = m.Run()
	return code, closeGently(first)
}

// closeGently ends Chromium, so that it writes to its profile no more when that goes.
func closeGently(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Cancel(limited); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("chromium does not end: %w", err)
	}
	return nil
}

func findChromium() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if own := os.Getenv("PROBABILITY_CHROMIUM"); own != "" {
		names = []string{own}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the tests in a browser need Chromium, and there is none by the name of %v: "+
		"apt-get install --no-install-recommends chromium fonts-dejavu-core, or name it in PROBABILITY_CHROMIUM, "+
		"or leave them out with PROBABILITY_BROWSER_TESTS=off", names)
}
