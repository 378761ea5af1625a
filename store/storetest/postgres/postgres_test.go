package postgres_test

import (
	"bufio"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"probability/store/storetest/postgres"
)

// envDie says how a test binary ends that has started a server.
const envDie = "POSTGRES_TEST_DIE"

func ask(t *testing.T, address, query string) (answer string) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func TestURL_IsOneServerForTheBinary(t *testing.T) {
	t.Parallel()
	first := postgres.URL(t)
	runtime.GC() // nothing of it may hang by a pointer
	second := postgres.URL(t)
	if first != second {
		t.Errorf("got %s, then %s", first, second)
	}
	if got := ask(t, first, `SELECT 'ñ' < 'o'`); got != "true" {
		t.Errorf("got %s, want an order of words, not of bytes", got)
	}
}

func TestStart_OverTCPWithAPassword(t *testing.T) {
	t.Parallel()
	s := postgres.Start(t)
	address := (&url.URL{Scheme: "postgres", Host: s.Address(), Path: "/postgres", User: url.UserPassword(postgres.Role, postgres.Password)}).String()
	if got := ask(t, address, `SHOW fsync`); got != "on" {
		t.Errorf("fsync is %s", got)
	}
	db, err := sql.Open("pgx", strings.Replace(address, url.UserPassword("", postgres.Password).String(), ":wrong", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a wrong password opens the server")
	}
}

// Whatever ends the tests, the server goes with them, and its folder.
func TestServer_EndsWithTheTests(t *testing.T) {
	t.Parallel()
	if os.Getenv(envDie) != "" {
		if _, err := os.Stdout.WriteString("folder " + folder(t, postgres.URL(t)) + "\n"); err != nil {
			t.Fatal(err)
		}
		switch os.Getenv(envDie) {
		case "exit":
			os.Exit(3)
		case "panic":
			go panic("as tests do")
			fallthrough
		case "kill":
			select {} // whoever waits for the line kills
		}
		return
	}
	postgres.LeftOut(t)
	for _, how := range []string{"end", "exit", "kill", "panic"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			c := exec.CommandContext(t.Context(), self, "-test.run=^TestServer_EndsWithTheTests$")
			c.Env = append(os.Environ(), envDie+"="+how, "PROBABILITY_TEST_POSTGRES=")
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			dir := ""
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if got, found := strings.CutPrefix(lines.Text(), "folder "); found {
					dir = got
					break
				}
			}
			if how == "kill" {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			err = c.Wait() // with a failure, but for one of them
			if dir == "" {
				t.Fatalf("no server was started: %v", err)
			}
			gone(t, dir)
		})
	}
}

// folder is where a server has its socket and its files.
func folder(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("host")
}

func gone(t *testing.T, dir string) {
	t.Helper()
	limit := time.After(30 * time.Second)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("%s is there still", dir)
		}
	}
}
