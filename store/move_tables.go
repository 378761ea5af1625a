package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// movedTable is a table that both engines have.
type movedTable struct {
	name    string
	columns []string
	kinds   []string // of the columns, in the words of information_schema
	key     []string // columns of the primary key
	where   string   // which rows; empty: all
}

// notMoved are the tables that one engine has for itself, or that tell of the schema: the index for searching is made anew, and jobs are
// hints.
func notMoved(name string) bool {
	return name == schemaTable || strings.HasPrefix(name, "river_") || strings.HasPrefix(name, "order_search") || strings.HasPrefix(name, "sqlite_")
}

// tables are those to be copied, each behind those that it refers to. It fails when the two sides do not have the same: a table that is
// not known here must not be left behind in silence.
func (m *move) tables(ctx context.Context) ([]movedTable, error) {
	names, err := list(ctx, m.from.readers, "tables", scanOne[string], `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, notMoved)
	there, err := m.targetTables(ctx)
	if err != nil {
		return nil, err
	}
	var out []movedTable
	for _, name := range names {
		t, ok := there[name]
		if !ok {
			return nil, fmt.Errorf("the table %s has no place in PostgreSQL", name)
		}
		delete(there, name)
		columns, err := list(ctx, m.from.readers, "columns", scanOne[string], `SELECT name FROM pragma_table_info($1) ORDER BY name`, name)
		if err != nil {
			return nil, err
		}
		if sorted := slices.Sorted(slices.Values(t.columns)); !slices.Equal(columns, sorted) {
			return nil, fmt.Errorf("the table %s has the columns %v here and %v in PostgreSQL", name, columns, sorted)
		}
		if len(t.key) == 0 {
			return nil, fmt.Errorf("the table %s has no primary key", name)
		}
		if name == "meta" {
			t.where = ` WHERE name <> '` + moveMark + `'`
		}
		out = append(out, t)
		var rows int64
		if rows, err = get(ctx, m.from.readers, "rows of "+name, scanOne[int64], `SELECT count(*) FROM `+quoted(name)+t.where); err != nil {
			return nil, err
		}
		m.rows += rows
	}
	for name := range there {
		return nil, fmt.Errorf("PostgreSQL has a table %s that SQLite does not have", name)
	}
	return m.inOrder(ctx, out)
}

// targetTables are the tables of the target.
func (m *move) targetTables(ctx context.Context) (map[string]movedTable, error) {
	rows, err := m.conn.Query(ctx, `SELECT c.table_name, c.column_name, c.data_type, COALESCE(array_position(i.indkey::int2[], c.ordinal_position::int2), -1)
		FROM information_schema.columns c JOIN pg_class t ON t.relname = c.table_name AND t.relkind = 'r'
		JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = c.table_schema
		LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
		WHERE c.table_schema = current_schema() ORDER BY c.table_name, c.ordinal_position`)
	if err != nil {
		return nil, err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Table, Column, Kind string
		Place               int
	}])
	if err != nil {
		return nil, err
	}
	out := make(map[string]movedTable)
	places := make(map[string]int)
	for _, c := range columns {
		if notMoved(c.Table) {
			continue
		}
		t := out[c.Table]
		t.name = c.Table
		t.columns, t.kinds = append(t.columns, c.Column), append(t.kinds, c.Kind)
		if c.Place >= 0 {
			t.key = append(t.key, c.Column)
			places[c.Table+"."+c.Column] = c.Place
		}
		out[c.Table] = t
	}
	for _, t := range out {
		slices.SortFunc(t.key, func(a, b string) int { return cmp.Compare(places[t.name+"."+a], places[t.name+"."+b]) })
	}
	return out, nil
}

// inOrder puts tables behind those that they refer to.
func (m *move) inOrder(ctx context.Context, tables []movedTable) ([]movedTable, error) {
	rows, err := m.conn.Query(ctx, `SELECT DISTINCT t.relname, r.relname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
		JOIN pg_class r ON r.oid = c.confrelid JOIN pg_namespace n ON n.oid = t.relnamespace
		WHERE c.contype = 'f' AND n.nspname = current_schema() AND t.oid <> r.oid`)
	if err != nil {
		return nil, err
	}
	references, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ From, To string }])
	if err != nil {
		return nil, err
	}
	var out []movedTable
	placed := make(map[string]bool)
	for len(out) < len(tables) {
		before := len(out)
		for _, t := range tables {
			waits := slices.ContainsFunc(references, func(r struct{ From, To string }) bool { return r.From == t.name && !placed[r.To] })
			if !placed[t.name] && !waits {
				placed[t.name] = true
				out = append(out, t)
			}
		}
		if len(out) == before {
			return nil, errors.New("tables refer to each other in a circle")
		}
	}
	return out, nil
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func joined(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = quoted(n)
	}
	return strings.Join(all, ", ")
}

// query reads the whole table in the order of its key, which is the same on both sides: numbers, and texts by their bytes.
func (t movedTable) query() string {
	return `SELECT ` + joined(t.columns) + ` FROM ` + quoted(t.name) + t.where + ` ORDER BY ` + joined(t.key)
}

// copyTable copies a table and gives the digest of what was copied.
func (m *move) copyTable(ctx context.Context, tx pgx.Tx, t movedTable) ([]byte, error) {
	rows, err := m.from.readers.QueryContext(ctx, t.query())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	source := &movedRows{move: m, table: t, rows: rows, digest: newDigest(), before: m.done()}
	n, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, source)
	if err != nil {
		return nil, err
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	m.out.Altered += source.altered
	m.out.Tables = append(m.out.Tables, MovedTable{t.name, n})
	return source.digest.sum(), nil
}

// done is how many rows have been copied.
func (m *move) done() int64 { return m.out.Rows() }

// copySearch makes the search index of the orders that are there: their words first, and vectors of them then.
func (m *move) copySearch(ctx context.Context, tx pgx.Tx) error {
	rows, err := m.from.readers.QueryContext(ctx, `SELECT id, integration_id, search_text FROM orders WHERE deleted_at IS NULL ORDER BY id`) //nolint:sqlclosecheck // it is closed; the function below hides that
	if err != nil {
		return err
	}
	defer rows.Close()
	if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE moved_words (order_id BIGINT NOT NULL, words TEXT[] NOT NULL) ON COMMIT DROP`); err != nil {
		return err
	}
	words := func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		var id, integration int64
		var text string
		if err := rows.Scan(&id, &integration, &text); err != nil {
			return nil, err
		}
		return []any{id, vector(integration, searchWords(storable(text)))}, nil
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"moved_words"}, []string{"order_id", "words"}, pgx.CopyFromFunc(words)); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO order_search (order_id, words) SELECT order_id, array_to_tsvector(words) FROM moved_words`)
	return err
}

// verify reads everything back and compares it with what was copied.
func (m *move) verify(ctx context.Context, tables []movedTable, digests [][]byte) error {
	done := int64(0)
	for i, t := range tables {
		rows, err := m.conn.Query(ctx, t.query())
		if err != nil {
			return err
		}
		d, n := newDigest(), int64(0)
		for rows.Next() {
			values, err := rows.Values()
			if err == nil {
				err = d.row(values)
			}
			if err != nil {
				rows.Close()
				return fmt.Errorf("read %s back: %w", t.name, err)
			}
			n++
			if done++; done%tellEvery == 0 {
				m.tell(StageVerify, done, m.rows)
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read %s back: %w", t.name, err)
		}
		copied := m.out.Of(t.name)
		if n != copied || !bytes.Equal(d.sum(), digests[i]) {
			return fmt.Errorf("%w: the table %s, %d rows of %d", ErrMoveDiffers, t.name, n, copied)
		}
	}
	m.tell(StageVerify, done, m.rows)
	return m.verifyRest(ctx)
}

// verifyRest looks at what is no copy: each order has its words, and numbers go on behind those that were given.
func (m *move) verifyRest(ctx context.Context) error {
	var without int64
	err := m.conn.QueryRow(ctx, `SELECT count(*) FROM orders o FULL JOIN order_search s ON s.order_id = o.id
		WHERE (o.id IS NOT NULL AND o.deleted_at IS NULL) <> (s.order_id IS NOT NULL)`).Scan(&without)
	if err == nil && without > 0 {
		err = fmt.Errorf("%w: the search index, %d orders", ErrMoveDiffers, without)
	}
	return err
}
