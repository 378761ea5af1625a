package store_test

import (
	"errors"
	"testing"

	"probability/store/storetest"
)

func TestStatements_AreKeptAcrossRowsErrorsAndSchemaChanges(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	db, ctx := s.Writer(), t.Context()
	conn := must(db.BeginTx(ctx, nil))(t)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := conn.ExecContext(ctx, query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE TABLE n (v INTEGER PRIMARY KEY)`)
	for i := range 10 {
		exec("-- name: Add :exec\nINSERT INTO n (v) VALUES ($1)", i)
	}
	if _, err := conn.ExecContext(ctx, "-- name: Add :exec\nINSERT INTO n (v) VALUES ($1)", 3); err == nil {
		t.Error("a double was taken")
	}
	exec("-- name: Add :exec\nINSERT INTO n (v) VALUES ($1)", 10)

	// The same text while its own rows are open, three deep.
	const query = `SELECT v FROM n WHERE v >= $1 ORDER BY v`
	outer := must(conn.QueryContext(ctx, query, 8))(t)
	defer outer.Close()
	visited := 0
	for outer.Next() {
		inner := must(conn.QueryContext(ctx, query, 9))(t)
		for inner.Next() {
			var v, again int
			if err := errors.Join(inner.Scan(&v), conn.QueryRowContext(ctx, query, v).Scan(&again)); err != nil || again != v {
				t.Errorf("%d read again is %d, %v", v, again, err)
			}
			visited++
		}
		if err := errors.Join(inner.Err(), inner.Close(), inner.Close()); err != nil { //nolint:sqlclosecheck // twice, and early, is what is tried
			t.Error(err)
		}
	}
	if err := outer.Err(); err != nil || visited != 3*2 {
		t.Errorf("%d rows, want 6 (%v)", visited, err)
	}

	// Left before the end, then another column appears.
	early := must(conn.QueryContext(ctx, query, 0))(t) //nolint:rowserrcheck // it is left before its end
	early.Next()
	if err := early.Close(); err != nil { //nolint:sqlclosecheck // now, not at the end of the test
		t.Error(err)
	}
	exec(`ALTER TABLE n ADD COLUMN w INTEGER DEFAULT 7`)
	var v int
	if err := conn.QueryRowContext(ctx, query, 10).Scan(&v); err != nil || v != 10 {
		t.Errorf("after the schema changed: %d, %v", v, err)
	}

	// More texts than are kept.
	for i := range 400 {
		if err := conn.QueryRowContext(ctx, `SELECT w + `+itoa(i)+` FROM n WHERE v = $1`, 1).Scan(&v); err != nil || v != 7+i {
			t.Fatalf("text %d: %d, %v", i, v, err)
		}
	}
	if err := conn.QueryRowContext(ctx, `SELECT 1; SELECT 2`).Scan(&v); err != nil {
		t.Errorf("two statements: %v", err)
	}
	if err := conn.Rollback(); err != nil {
		t.Error(err)
	}
	if err := db.QueryRowContext(ctx, query, 1).Scan(&v); err == nil {
		t.Error("the table outlived its transaction")
	}
}
