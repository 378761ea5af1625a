package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io/fs"
	"log/slog"
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

// CheckSums compares the sums of days, of places and of scores with the orders, and the search index with itself, and tells what is wrong.
func CheckSums(ctx context.Context, s *Store) ([]string, error) {
	const sums = `SELECT integration_id, (listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000 AS day, created_at IS NOT NULL,
			COALESCE(financial_status, ''), COALESCE(fulfillment_status, ''), COALESCE(currency, ''), COALESCE(delivery_probability, ''),
			count(*), sum(COALESCE(total_millionths, 0) / 1000000000000), sum(COALESCE(total_millionths, 0) % 1000000000000)
		FROM orders WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7`
	wrong, err := list(ctx, s.writer, "check", scanOne[string], `WITH fresh AS (`+sums+`), kept AS (SELECT * FROM order_days WHERE orders <> 0)
		SELECT 'missing ' || integration_id || '/' || day FROM (SELECT * FROM fresh EXCEPT SELECT * FROM kept WHERE day > -9223372036854775807) x
		UNION ALL SELECT 'extra ' || integration_id || '/' || day FROM (SELECT * FROM kept WHERE day > -9223372036854775807 EXCEPT SELECT * FROM fresh) x
		UNION ALL SELECT 'all days of ' || integration_id FROM (
			SELECT integration_id, dated, financial_status, fulfillment_status, currency, delivery_probability, sum(orders), sum(revenue_high), sum(revenue_low)
				FROM kept WHERE day > -9223372036854775807 GROUP BY 1, 2, 3, 4, 5, 6
			EXCEPT SELECT integration_id, dated, financial_status, fulfillment_status, currency, delivery_probability, orders, revenue_high, revenue_low
				FROM kept WHERE day = -9223372036854775807) x`)
	if err != nil {
		return nil, err
	}
	places, err := checkPlaces(ctx, s)
	if err != nil {
		return nil, err
	}
	scores, err := checkScoreDays(ctx, s)
	if err != nil {
		return nil, err
	}
	wrong = append(append(wrong, places...), scores...)
	index, err := checkSearch(ctx, s)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, index...)
	type total struct{ integration, millionths int64 }
	totals, err := list(ctx, s.writer, "check", func(r row) (t total, err error) {
		err = r.Scan(&t.integration, &t.millionths)
		return t, err
	}, `SELECT integration_id, total_millionths FROM orders WHERE deleted_at IS NULL AND total_millionths IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	fresh := make(map[total]int64)
	for _, t := range totals {
		fresh[total{t.integration, totalBucket(t.millionths)}]++
	}
	kept, err := list(ctx, s.writer, "check", func(r row) (t [3]int64, err error) {
		err = r.Scan(&t[0], &t[1], &t[2])
		return t, err
	}, `SELECT integration_id, bucket, orders FROM order_totals`)
	for _, k := range kept {
		if fresh[total{k[0], k[1]}] != k[2] {
			wrong = append(wrong, fmt.Sprintf("bucket %d of %d", k[1], k[0]))
		}
		delete(fresh, total{k[0], k[1]})
	}
	if len(fresh) > 0 {
		wrong = append(wrong, fmt.Sprintf("buckets that are not there: %v", fresh))
	}
	return wrong, err
}

// checkSearch looks at the search index: whether it is whole, and whether it has the orders that there are.
func checkSearch(ctx context.Context, s *Store) ([]string, error) {
	if s.Engine() == SQLite {
		_, err := s.writer.ExecContext(ctx, `INSERT INTO order_search (order_search) VALUES ('integrity-check')`)
		return nil, err
	}
	type text struct {
		integration, row int64
		search           string
	}
	texts, err := list(ctx, s.writer, "check search", func(r row) (t text, err error) {
		err = r.Scan(&t.integration, &t.row, &t.search)
		return t, err
	}, `SELECT integration_id, id, search_text FROM orders WHERE deleted_at IS NULL`)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, t := range texts {
		there, err := get(ctx, s.writer, "check search", scanOne[bool],
			`SELECT EXISTS (SELECT 1 FROM order_search WHERE order_id = $1 AND words = array_to_tsvector($2))`, t.row, vector(t.integration, searchWords(t.search)))
		if err != nil {
			return nil, err
		}
		if !there {
			wrong = append(wrong, fmt.Sprintf("search words of order %d", t.row))
		}
	}
	n, err := get(ctx, s.writer, "check search", scanOne[int], `SELECT count(*) FROM order_search`)
	if n != len(texts) {
		wrong = append(wrong, fmt.Sprintf("search words of %d orders, where there are %d", n, len(texts)))
	}
	return wrong, err
}

// checkPlaces compares the sums of places with the orders. Nothing may be left of a place that no order has.
func checkPlaces(ctx context.Context, s *Store) ([]string, error) {
	const day = `(listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000`
	const fresh = `SELECT integration_id, 1 AS days, ` + day + ` AS span, substr(COALESCE(province, ''), 1, 100), substr(COALESCE(city, ''), 1, 100), count(*)
		FROM orders WHERE deleted_at IS NULL AND (province <> '' OR city <> '') GROUP BY 1, 3, 4, 5
		UNION ALL SELECT integration_id, 32, ` + day + ` >> 5, substr(COALESCE(province, ''), 1, 100), substr(COALESCE(city, ''), 1, 100), count(*)
		FROM orders WHERE deleted_at IS NULL AND (province <> '' OR city <> '') GROUP BY 1, 3, 4, 5`
	return list(ctx, s.writer, "check places", scanOne[string], `
		SELECT 'missing place in span ' || days || '/' || span FROM (SELECT * FROM (`+fresh+`) f EXCEPT SELECT * FROM order_places) x
		UNION ALL SELECT 'extra place in span ' || days || '/' || span FROM (SELECT * FROM order_places EXCEPT SELECT * FROM (`+fresh+`) f) x`)
}

// checkScoreDays compares the scores of days with those of the orders.
func checkScoreDays(ctx context.Context, s *Store) ([]string, error) {
	const fresh = `SELECT integration_id, (listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000 AS day, count(*), sum(delivery_score)
		FROM orders WHERE deleted_at IS NULL AND delivery_score IS NOT NULL GROUP BY 1, 2`
	const kept = `SELECT integration_id, day, orders, points FROM score_days WHERE orders <> 0 OR points <> 0`
	return list(ctx, s.writer, "check scores of days", scanOne[string], `
		SELECT 'missing scores of day ' || day FROM (SELECT * FROM (`+fresh+`) a EXCEPT SELECT * FROM (`+kept+`) b) x
		UNION ALL SELECT 'extra scores of day ' || day FROM (SELECT * FROM (`+kept+`) a EXCEPT SELECT * FROM (`+fresh+`) b) x`)
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
)

// TightenSharing makes a key nobody's with few orders, and few orders too many to be read at once.
func TightenSharing(s *Store, orders, day, forKey, more int) {
	s.shared = sharing{orders: orders, day: day, forKey: forKey, more: more}
}

// CheckScores compares the keys of orders and the counts of outcomes and outlooks with the orders' facts, and tells what is wrong.
func CheckScores(ctx context.Context, s *Store) ([]string, error) {
	const fresh = `SELECT integration_id, 0 AS bucket, phone_key AS key, placed_at, order_id FROM order_facts WHERE phone_key IS NOT NULL
		UNION SELECT integration_id, 0, email_key, placed_at, order_id FROM order_facts WHERE email_key IS NOT NULL
		UNION SELECT integration_id, CASE WHEN placed_at < 86400000 THEN 1 ELSE placed_at / 86400000 END, address_key, placed_at, order_id FROM order_facts WHERE address_key IS NOT NULL
		UNION SELECT integration_id, CASE WHEN placed_at < 86400000 THEN 1 ELSE placed_at / 86400000 END, ip_key, placed_at, order_id FROM order_facts WHERE ip_key IS NOT NULL`
	const kept = `SELECT integration_id, bucket, key, placed_at, order_id FROM order_keys`
	const outcomes = `SELECT integration_id, outcome, reported, count(*) FROM order_facts GROUP BY 1, 2, 3`
	const counted = `SELECT integration_id, outcome, reported, orders FROM outcome_counts WHERE orders <> 0`
	const outlooks = `SELECT f.integration_id, (f.placed_at - ((f.placed_at % 86400000) + 86400000) % 86400000) / 86400000, f.payment, COALESCE(o.delivery_probability, ''),
		CASE f.reported WHEN 0 THEN f.outcome ELSE f.reported END, count(*) FROM order_facts f JOIN orders o ON o.id = f.order_id GROUP BY 1, 2, 3, 4, 5`
	const keptOutlooks = `SELECT integration_id, day, payment, delivery_probability, outcome, orders FROM order_outlooks WHERE orders <> 0`
	return list(ctx, s.writer, "check scores", scanOne[string], `
		SELECT 'missing outlook of integration ' || integration_id FROM (SELECT * FROM (`+outlooks+`) a EXCEPT SELECT * FROM (`+keptOutlooks+`) b) x
		UNION ALL SELECT 'extra outlook of integration ' || integration_id FROM (SELECT * FROM (`+keptOutlooks+`) a EXCEPT SELECT * FROM (`+outlooks+`) b) x
		UNION ALL SELECT 'missing key of order ' || order_id FROM (SELECT * FROM (`+fresh+`) a EXCEPT SELECT * FROM (`+kept+`) b) x
		UNION ALL SELECT 'extra key of order ' || order_id FROM (SELECT * FROM (`+kept+`) a EXCEPT SELECT * FROM (`+fresh+`) b) x
		UNION ALL SELECT 'count of integration ' || integration_id FROM (SELECT * FROM (`+outcomes+`) a EXCEPT SELECT * FROM (`+counted+`) b) x
		UNION ALL SELECT 'extra count of integration ' || integration_id FROM (SELECT * FROM (`+counted+`) a EXCEPT SELECT * FROM (`+outcomes+`) b) x
		UNION ALL SELECT 'facts of a deleted order ' || o.id FROM orders o JOIN order_facts f ON f.order_id = o.id WHERE o.deleted_at IS NOT NULL`)
}
