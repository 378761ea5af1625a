package cmd_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"probability/store/storetest/postgres"
)

// tcpURL is an address of a server over TCP.
func tcpURL(s *postgres.Server, role, password, database, options string) string {
	return (&url.URL{Scheme: "postgres", Host: s.Address(), Path: "/" + database, User: url.UserPassword(role, password), RawQuery: options}).String()
}

// Whatever is wrong with the server is one line that says which, and how to mend it, and never the password.
func TestPostgres_WhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	s := postgres.Start(t)
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{
		`CREATE ROLE weak LOGIN PASSWORD 'hush'`, `CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
		`REVOKE CREATE ON SCHEMA public FROM PUBLIC`, `CREATE DATABASE good`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	const disable = "sslmode=disable"
	for name, c := range map[string]struct{ url, want string }{
		"password": {tcpURL(s, postgres.Role, "hush", "good", disable), "the server does not let this role in; check role and password"},
		"database": {tcpURL(s, postgres.Role, postgres.Password, "none", disable), `there is no such database; create it: CREATE DATABASE "none" OWNER "probability"`},
		"rights":   {tcpURL(s, "weak", "hush", "postgres", disable), `the role may not do what is needed; make it the owner`},
		"ssl":      {tcpURL(s, postgres.Role, postgres.Password, "good", "sslmode=require"), "no connection comes about: "},
		"encoding": {tcpURL(s, postgres.Role, postgres.Password, "latin", disable), "its encoding is LATIN1, and UTF8 is needed"},
	} {
		dir := machine(t, c.url)
		for _, arguments := range [][]string{{"serve", "--log-level=debug"}, {"user", "list"}} {
			code, stdout, stderr := command(t, dir, "", arguments...)
			last := stderr[strings.LastIndex(strings.TrimSuffix(stderr, "\n"), "\n")+1:]
			if code != 1 || !strings.HasPrefix(last, "probability: PostgreSQL at "+s.Address()+" (database ") || !strings.Contains(last, c.want) {
				t.Errorf("%s, %v: exit code %d: %s", name, arguments, code, stderr)
			}
			if text := stdout + stderr; strings.Contains(text, "hush") || strings.Contains(text, "password with") || strings.Contains(text, "password%20with") {
				t.Errorf("%s, %v: the password is told: %s", name, arguments, text)
			}
		}
		code, stdout, _ := command(t, dir, "", "doctor")
		if code != 1 || !strings.Contains(stdout, "FAIL") {
			t.Errorf("%s: the doctor says with exit code %d: %s", name, code, stdout)
		}
	}

	// A service notices when the server goes. Its page of the settings says how backups are made.
	dir := machine(t, tcpURL(s, postgres.Role, postgres.Password, "good", disable))
	if code, _, stderr := command(t, dir, "a long password\n", "user", "add", "--email", "ana@example.com", "--password-stdin", "--admin"); code != 0 {
		t.Fatalf("user add: exit code %d: %s", code, stderr)
	}
	p := serving(t, "probability", dir, "--log-level=debug")
	v := newVisitor(t, p.base)
	if v.see("/login"); v.send("/login", url.Values{"email": {"ana@example.com"}, "password": {"a long password"}}) != http.StatusOK {
		t.Fatalf("signing in is answered with %s", v.page)
	}
	if page := v.see("/settings"); !strings.Contains(page, "pg_dump") || strings.Contains(page, `action="/admin/backup"`) {
		t.Errorf("the settings do not say how a backup is made: %s", page)
	}
	if status := v.send("/admin/backup", nil); !strings.Contains(v.page, "Back it up with pg_dump there") {
		t.Errorf("a backup is answered with %d: %s", status, v.page)
	}
	if page := v.see("/"); strings.Contains(page, "/stores/demo") {
		t.Error("a demo store is offered, which one process of several cannot have")
	}
	if status := v.ask(http.MethodGet, "/readyz", ""); status != http.StatusOK {
		t.Errorf("it is not ready: %d %s", status, v.page)
	}
	if status := v.ask(http.MethodGet, "/metrics", ""); status != http.StatusOK || !strings.Contains(v.page, "probability_database_bytes") {
		t.Errorf("the measures are answered with %d: %s", status, v.page)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the service to be not ready", func() error {
		if status := v.ask(http.MethodGet, "/readyz", ""); status != http.StatusServiceUnavailable {
			return fmt.Errorf("it is answered with %d", status)
		}
		return nil
	})
	p.stop()
	if text := p.stderr.String(); strings.Contains(text, "password with") || strings.Contains(text, "password%20with") {
		t.Errorf("the password is in the log: %s", text)
	}
}
