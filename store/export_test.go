package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// ExecReader runs a statement on a read connection.
func ExecReader(ctx context.Context, s *Store, query string) error {
	_, err := s.readers.ExecContext(ctx, query)
	return err
}

// OpeningLock is held by whoever opens a database on a server.
const OpeningLock int64 = openingLockID

// OfPeople are the tables that an erasure has cleaned on a server.
var OfPeople = ofPeople

// ExecTx runs a statement in a transaction.
func ExecTx(ctx context.Context, tx *Tx, query string, args ...any) error {
	_, err := tx.tx.ExecContext(ctx, query, args...)
	return err
}

// Number reads a number in a transaction.
func Number(ctx context.Context, tx *Tx, query string, args ...any) (int64, error) {
	return get(ctx, tx.tx, "number", scanOne[int64], query, args...)
}

// JobTime is a time as the job queue of the store stores it.
func JobTime(s *Store, at time.Time) any { return s.dialect.jobTime(at) }

// Plan is how the engine would answer a query.
func Plan(ctx context.Context, s *Store, query string, args ...any) (string, error) {
	type step struct {
		id, parent, unused int
		detail             string
	}
	steps, err := list(ctx, s.readers, "plan", func(r row) (v step, err error) {
		err = r.Scan(&v.id, &v.parent, &v.unused, &v.detail)
		return v, err
	}, `EXPLAIN QUERY PLAN `+query, args...)
	lines := make([]string, len(steps))
	for i, st := range steps {
		lines[i] = st.detail
	}
	return strings.Join(lines, "\n"), err
}

// KeptQueries are the texts of the queries that the read connections have run and kept.
func KeptQueries(ctx context.Context, s *Store) ([]string, error) {
	const all = listReaders
	var texts []string
	for range all { // all at once, so that each is another
		c, err := s.readers.Conn(ctx)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		err = c.Raw(func(raw any) error {
			for text := range raw.(*cachingConn).kept {
				if !slices.Contains(texts, text) {
					texts = append(texts, text)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// WindowQuery and the others are the texts that the methods run.
func WindowQuery(field string) (string, error) { return windowQuery(field) }

func PurchaseCountsQuery() string { return purchaseCounts(sqlite.in(2, 2)) }

func CountDeliveriesQuery(f DeliveryFilter) string {
	query, _ := countDeliveries(sqlite, 1, f)
	return query
}

const (
	PendingQuery      = pendingDeliveries
	HasDueQuery       = hasDueDeliveries
	PutOffQuery       = putOffBeyond
	DueQuery          = integrationsDue
	LastReceivedQuery = lastReceived
)

// TightenBounds makes few orders count as many, so that every way of reading is gone with a handful.
func TightenBounds(s *Store, gather, walk, found, skip, days int) {
	s.bounds = readBounds{gather: gather, walk: walk, found: found, skip: skip, days: days, dear: defaultBounds.dear}
}

// PlacesPlan is what Places asks, with its arguments.
func PlacesPlan(integrationID, first, last int64) (string, []any) {
	return placesQuery, placeArgs(integrationID, first, last)
}

// Turnstile is what writers pass.
type Turnstile struct{ turnstile }

func (t *Turnstile) Enter(ctx context.Context, urgent bool) error { return t.enter(ctx, urgent) }
func (t *Turnstile) Leave()                                       { t.leave() }

// CountCache is what remembers counts.
type CountCache struct{ countCache }

func (c *CountCache) Get(ctx context.Context, integration int64, text string, dear bool, count func(context.Context) (int, error)) (int, error) {
	return c.get(ctx, countKey{integration, text}, dear, count)
}
func (c *CountCache) Share() { c.shared = true }

func (c *CountCache) Forget(integration int64) { c.forget(map[int64]bool{integration: true}) }

// SearchWords and TermWords are the words of the search index, of a text and of a term.
func SearchWords(text string) string { return searchWords(fold(text)) }

func TermWords(term string) (words []string) {
	for _, w := range termWords(fold(term)) {
		words = append(words, w.word())
	}
	return words
}
func Fold(text string) string { return fold(text) }

// OldSchema makes a database of the first version.
func OldSchema(ctx context.Context, dir string) (*sql.DB, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := sqlite.open(folder(dir).database(), false, 1)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return nil, err
	}
	// As it was made then: without pages that can be given back.
	for _, first := range []string{`PRAGMA auto_vacuum = 0`, `VACUUM`} {
		if _, err := db.ExecContext(ctx, first); err != nil {
			return nil, err
		}
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	_, err = p.UpTo(ctx, 1)
	return db, err
}

// Indexed counts the orders that the search index has of an integration.
func Indexed(ctx context.Context, s *Store, integration int64) (int, error) {
	return get(ctx, s.writer, "indexed", scanOne[int], `SELECT count(*) FROM (`+s.dialect.found("$1")+`) s`, storeWord(integration))
}

// Words counts the pages of the search index that begin with a word, or have it written out.
func Words(ctx context.Context, s *Store, word string) (int, error) {
	if s.Engine() == PostgreSQL {
		return get(ctx, s.writer, "words", scanOne[int], `SELECT count(*) FROM order_search WHERE $1 = ANY (tsvector_to_array(words))`, word)
	}
	return get(ctx, s.writer, "words", scanOne[int], `SELECT count(*) FROM order_search_data WHERE instr(block, $1) > 0`, []byte(word))
}

// Bucket is the bucket of a total, with the smallest and the largest total of that bucket.
func Bucket(millionths int64) (bucket, start, end int64) {
	b := totalBucket(millionths)
	return b, bucketStart(b), bucketEnd(b)
}

// RotationSteps is how many steps a rotation has, each durable before the next.
const RotationSteps = 4

// RotateInSteps does the first steps of a rotation and leaves it there, as a kill would.
func RotateInSteps(ctx context.Context, s *Store, steps int) error {
	d := s.keys.dir
	var next *keyring
	for _, step := range []func() error{
		func() (err error) { next, err = d.makeNextKey(); return err },
		func() error { _, _, err := s.reseal(ctx, next); return err },
		func() error { _, err := d.keepFormerKey(); return err },
		func() error { return os.Rename(d.nextKey(), d.key()) },
	}[:steps] {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// SealedValues are all sealed values of the database, the proof of the key at the end.
func SealedValues(ctx context.Context, s *Store) (all [][]byte, err error) {
	for _, p := range sealedPlaces {
		values, err := list(ctx, s.readers, "sealed", scanOne[[]byte],
			`SELECT `+p.column+` FROM `+p.table+` WHERE `+p.column+` IS NOT NULL AND `+p.where+` ORDER BY `+p.place)
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
	}
	proof, err := get(ctx, s.readers, "proof", scanOne[[]byte], selectProof)
	return append(all, proof), err
}

// OpenedBy counts the sealed values that the key in a key file opens.
func OpenedBy(ctx context.Context, s *Store, file []byte) (n int, err error) {
	master, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(file)))
	if err != nil {
		return 0, err
	}
	k, err := newKeyring(master)
	if err != nil {
		return 0, err
	}
	for _, p := range sealedPlaces {
		type value struct {
			place  string
			sealed []byte
		}
		values, err := list(ctx, s.readers, "sealed", func(r row) (v value, err error) {
			err = r.Scan(&v.place, &v.sealed)
			return v, err
		}, `SELECT `+p.place+`, `+p.column+` FROM `+p.table+` WHERE `+p.where)
		if err != nil {
			return 0, err
		}
		for _, v := range values {
			if _, err := k.open(v.place, v.sealed); err == nil {
				n++
			}
		}
	}
	return n, nil
}

// RewriteHeader changes what a backup file says of itself in clear; its checksum fits.
func RewriteHeader(path string, change func(*Backup)) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := readBackupHeader(f)
	if err != nil {
		return err
	}
	change(&b)
	header, err := b.encode()
	if err != nil {
		return err
	}
	_, err = f.WriteAt(header, 0)
	return err
}

// ForgeBackup writes a backup file of any database, as somebody who has the key could.
func ForgeBackup(path string, master []byte, rows map[string]int64, database []byte) error {
	k, err := newKeyring(master)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b := Backup{KeyID: k.id, Database: int64(len(database))}
	_, err = fillBackup(f, k, b, rows, bytes.NewReader(database))
	return err
}

// NeedRoom fails when there is less room in a folder.
var NeedRoom = needRoom

// HoldCopy keeps the place of the copy, as another process that makes a backup does.
func HoldCopy(dir string) (release func() error, err error) {
	lock, err := folder(dir).lockCopy()
	if err != nil {
		return nil, err
	}
	return lock.Close, nil
}

// Backups counts the backups that are remembered.
func Backups(ctx context.Context, s *Store) (int, error) {
	return get(ctx, s.readers, "backups", scanOne[int], `SELECT count(*) FROM backups`)
}

// Queries whose plans are looked at.
var (
	BacklogQuery       = backlogAll
	DueSinceQuery      = backlogDue(sqlite)
	NamedOrdersQuery   = namedOrders(sqlite)
	ImportFiguresQuery = importFigures
	JobFiguresQuery    = jobFigures(sqlite)
	JobsWaitingQuery   = jobsWaiting

	NoteOrderDeliveriesOnServer = noteOrderDeliveries(postgres)
	KeysOnServer                = keysQuery(postgres)
)

// TightenSharing makes a key nobody's with few orders, and few orders too many to be read at once.
func TightenSharing(s *Store, orders, day, forKey, more int) {
	s.shared = sharing{orders: orders, day: day, forKey: forKey, more: more}
}

// ServerSocket is the connection to the server on which the store writes.
func ServerSocket(ctx context.Context, s *Store) (socket net.Conn, err error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	err = conn.Raw(func(raw any) error {
		socket = raw.(*serverConn).Conn.Conn().PgConn().Conn()
		return nil
	})
	return socket, errors.Join(err, conn.Close())
}
