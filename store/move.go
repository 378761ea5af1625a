package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Stages of a move, as they are told.
const (
	StageRows   = "rows"   // rows that were copied, of all
	StageVerify = "verify" // rows that were read back, of all
)

// moveMark is the value that a database has until everything in it has been read back. Its content is the proof of the key of the
// installation that moves there, which no other has.
const moveMark = "moving"

// Errors of a move.
var (
	// ErrNothingToMove: the folder has no database.
	ErrNothingToMove = errors.New("there is no database to move")
	// ErrTargetTaken: the database that was to be moved into has something in it.
	ErrTargetTaken = errors.New("the database is not empty")
	// ErrMoveUnfinished: the database is the target of a move that did not come to its end.
	ErrMoveUnfinished = errors.New("something was being moved into this database, and that did not come to its end")
	// ErrMoveDiffers: what was read back is not what was copied.
	ErrMoveDiffers = errors.New("what was read back differs from what was copied")
)

// Moved is what a move came to.
type Moved struct {
	Tables  []MovedTable // those with rows, in the order in which they were copied
	Server  string       // its version
	Altered int64        // texts with characters that PostgreSQL cannot store, which were replaced
}

// MovedTable is one table of it.
type MovedTable struct {
	Name string
	Rows int64
}

// Rows are the rows of all tables.
func (m Moved) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// Of is how many rows a table has.
func (m Moved) Of(table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// move is a move under way.
type move struct {
	from  *Store
	to    *Store
	conn  *pgx.Conn // the connection that writes
	proof []byte
	out   Moved
	rows  int64 // of all tables, for those who wait
	tell  func(stage string, done, total int64)
}

// Move copies the SQLite database of a folder into an empty PostgreSQL database, and reads everything back. The folder is taken
// exclusively and stays as it is: ErrFolderInUse when a service runs on it. Rows keep their numbers, and what is sealed stays
// sealed under the same key. Jobs of the queue are not copied; what is due stands in the tables.
//
// One transaction copies everything. The target is marked before it, and until everything has been read back: a service refuses to
// start there (ErrMoveUnfinished), and another move of the same installation begins anew, since the folder may have been used
// meanwhile. tell hears how many rows are done.
func Move(ctx context.Context, from Config, url string, tell func(stage string, done, total int64), log *slog.Logger) (_ Moved, err error) {
	const op = "store: move"
	from.Exclusive, from.URL = true, ""
	dir, err := folderPath(from.Dir)
	if err != nil {
		return Moved{}, fmt.Errorf("%s: %w", op, err)
	}
	if _, err := os.Stat(dir.database()); errors.Is(err, fs.ErrNotExist) {
		return Moved{}, fmt.Errorf("%s: %w: %s is not there", op, ErrNothingToMove, dir.database())
	}
	m := &move{tell: tell}
	if m.from, err = Open(ctx, from, log); err != nil {
		return Moved{}, err
	}
	defer func() { err = errors.Join(err, m.from.Close()) }()
	if m.to, err = newStore(postgres, dir, log); err != nil {
		return Moved{}, err
	}
	late := context.WithoutCancel(ctx)
	defer func() {
		end, cancel := context.WithTimeout(late, closeWait)
		defer cancel()
		err = errors.Join(err, m.to.closeDatabase(end))
		m.to.bodies.close()
	}()
	if err := m.to.connect(ctx, url); err != nil {
		return Moved{}, fmt.Errorf("%s: %w", op, err)
	}
	if err := m.run(ctx); err != nil {
		return Moved{}, fmt.Errorf("%s: %w", op, err)
	}
	return m.out, nil
}

// run moves between two databases that are open.
func (m *move) run(ctx context.Context) error {
	release, err := m.to.lockOpening(ctx) // nobody opens it meanwhile, nor moves into it
	if err != nil {
		return err
	}
	defer release()
	conn, closed, err := m.to.patient(ctx)
	if err != nil {
		return err
	}
	defer closed()
	// Between two tables it reads from the folder, and the last step makes indexes of everything.
	if _, err := conn.Exec(ctx, `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`); err != nil {
		return err
	}
	m.conn = conn
	if err := m.conn.QueryRow(ctx, `SHOW server_version`).Scan(&m.out.Server); err != nil {
		return err
	}
	proof, err := get(ctx, m.from.readers, "key proof", scanOne[[]byte], selectProof)
	if err != nil {
		return err
	}
	m.proof = proof
	if err := m.prepare(ctx); err != nil {
		return err
	}
	tables, err := m.tables(ctx)
	if err != nil {
		return err
	}
	digests, err := m.copyAll(ctx, tables)
	if err != nil {
		return err
	}
	if err := m.verify(ctx, tables, digests); err != nil {
		return err
	}
	_, err = m.conn.Exec(ctx, `DELETE FROM meta WHERE name = $1`, moveMark)
	return err
}

// prepare makes the schema in a target that may be moved into, marks it, and empties what an unfinished move has left.
func (m *move) prepare(ctx context.Context) error {
	if err := m.mayMoveThere(ctx); err != nil {
		return err
	}
	ours, err := m.to.ourSchema(m.to.writer)
	if err != nil {
		return err
	}
	if _, err := ours.Up(ctx); err != nil {
		return err
	}
	queue, err := m.to.dialect.queue(m.to)
	if err != nil {
		return err
	}
	if _, err := queue.up(ctx); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	_, err = m.conn.Exec(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, moveMark, m.proof)
	return err
}

// mayMoveThere refuses a target that has tables of somebody else's, an installation, or the beginnings of another one's move. Tables of
// ours without a row are as good as none.
func (m *move) mayMoveThere(ctx context.Context) error {
	rows, err := m.conn.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1`)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		return err
	}
	if !slices.Contains(names, schemaTable) {
		return fmt.Errorf("%w: it has tables of another program, such as %s", ErrTargetTaken, names[0])
	}
	var ours, users, meta int64
	var mark []byte
	if err := m.conn.QueryRow(ctx, `SELECT max(version_id) FROM `+schemaTable).Scan(&ours); err != nil {
		return err
	}
	if ours > 0 {
		err := m.conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM meta), (SELECT value FROM meta WHERE name = $1)`, moveMark).
			Scan(&users, &meta, &mark)
		if err != nil {
			return err
		}
	}
	switch {
	case mark != nil && !bytes.Equal(mark, m.proof):
		return fmt.Errorf("%w: the move of another installation into it is unfinished", ErrTargetTaken)
	case mark == nil && users+meta > 0:
		return fmt.Errorf("%w: it has an installation with %d accounts", ErrTargetTaken, users)
	}
	return nil
}

// copyAll copies every table in one transaction, and gives the digest of each.
func (m *move) copyAll(ctx context.Context, tables []movedTable) (digests [][]byte, err error) {
	tx, err := m.conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWait)
			defer cancel()
			err = errors.Join(err, ignoreClosed(tx.Rollback(end)))
		}
	}()
	if err := m.empty(ctx, tx, tables); err != nil {
		return nil, err
	}
	indexes, err := dropIndexes(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		digest, err := m.copyTable(ctx, tx, t)
		if err != nil {
			return nil, fmt.Errorf("copy %s: %w", t.name, err)
		}
		digests = append(digests, digest)
	}
	if err := m.copySearch(ctx, tx); err != nil {
		return nil, fmt.Errorf("make the search index: %w", err)
	}
	for _, definition := range indexes {
		if _, err := tx.Exec(ctx, definition); err != nil {
			return nil, err
		}
	}
	if err := m.setIdentities(ctx, tx); err != nil {
		return nil, err
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, err
	}
	m.tell(StageRows, m.rows, m.rows)
	_, err = m.conn.Exec(ctx, `ANALYZE`) // plans rest on it
	return digests, err
}

func ignoreClosed(err error) error {
	if errors.Is(err, pgx.ErrTxClosed) {
		return nil
	}
	return err
}

// empty empties what an unfinished move has left.
func (m *move) empty(ctx context.Context, tx pgx.Tx, tables []movedTable) error {
	names := []string{"order_search"}
	for _, t := range tables {
		if t.name != "meta" {
			names = append(names, t.name)
		}
	}
	if _, err := tx.Exec(ctx, `TRUNCATE `+joined(names)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM meta WHERE name <> $1`, moveMark)
	return err
}

// dropIndexes takes away the indexes that nothing depends on, and gives what makes them again: making one at the end takes a fraction of
// keeping it in order meanwhile.
func dropIndexes(ctx context.Context, tx pgx.Tx) (definitions []string, err error) {
	rows, err := tx.Query(ctx, `SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i
		JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND NOT i.indisunique AND t.relname NOT LIKE 'river%' ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Name, Definition string }])
	if err != nil {
		return nil, err
	}
	for _, i := range indexes {
		if _, err := tx.Exec(ctx, `DROP INDEX `+pgx.Identifier{i.Name}.Sanitize()); err != nil {
			return nil, err
		}
		definitions = append(definitions, i.Definition)
	}
	return definitions, nil
}

// setIdentities lets new rows have numbers that none of the folder's ever had, not even a deleted one.
func (m *move) setIdentities(ctx context.Context, tx pgx.Tx) error {
	last, err := list(ctx, m.from.readers, "last numbers", func(r row) (l struct {
		table string
		n     int64
	}, err error,
	) {
		err = r.Scan(&l.table, &l.n)
		return l, err
	}, `SELECT name, seq FROM sqlite_sequence`)
	if err != nil {
		return err
	}
	highest := make(map[string]int64, len(last))
	for _, l := range last {
		highest[l.table] = l.n
	}
	rows, err := tx.Query(ctx, `SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND is_identity = 'YES' AND table_name NOT LIKE 'river%' ORDER BY 1`)
	if err != nil {
		return err
	}
	identities, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Table, Column string }])
	if err != nil {
		return err
	}
	for _, i := range identities {
		var used int64
		if err := tx.QueryRow(ctx, `SELECT COALESCE(max(`+quoted(i.Column)+`), 0) FROM `+quoted(i.Table)).Scan(&used); err != nil {
			return err
		}
		if used = max(used, highest[i.Table]); used == 0 {
			continue // none was ever given
		}
		if _, err := tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, $2), $3)`, i.Table, i.Column, used); err != nil {
			return fmt.Errorf("numbers of %s: %w", i.Table, err)
		}
	}
	return nil
}

// refuseUnfinished refuses to open a database into which something is being moved.
func (s *Store) refuseUnfinished(ctx context.Context) error {
	at, err := get(ctx, s.readers, "move", scanOne[bool], `SELECT EXISTS (SELECT 1 FROM meta WHERE name = $1)`, moveMark)
	if err == nil && at {
		err = ErrMoveUnfinished
	}
	return err
}
