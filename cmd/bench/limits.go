package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// samples is how many different payloads the limits work on.
const samples = 2000

// errEnough ends a measurement before its time.
var errEnough = errors.New("enough")

// maxRaw bounds the rows of one measurement: about 700 MB on the disk.
const maxRaw = 100_000

func (b *bench) payloads() [][]byte {
	c := catalog{seed: 7, size: samples, end: b.now}
	out := make([][]byte, samples)
	for i := range out {
		o := c.order(i)
		out[i] = b.shops.t.payload(nil, &o)
	}
	return out
}

// limitPayload is the average size that the other figures are about.
func (b *bench) limitPayload(context.Context) (result, error) {
	sum := 0
	for _, p := range b.payloads() {
		sum += len(p)
	}
	return result{Value: float64(sum) / samples, Unit: "B"}, nil
}

// limitFsync is how often the disk confirms.
func (b *bench) limitFsync(context.Context) (_ result, err error) {
	f, err := os.CreateTemp(b.dir, "fsync")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = f.Close(); err = os.Remove(f.Name()) }()
	block := make([]byte, 4096)
	return timed(b.opt.time(), func() error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return flush(f)
	})
}

// limitRaw is what SQLite stores when nothing else is to be done: rows like those of the inbox, n a transaction, each
// on the disk before the next begins.
func (b *bench) limitRaw(n int) func(context.Context) (result, error) {
	return func(ctx context.Context) (result, error) {
		dir, err := os.MkdirTemp(b.dir, "raw")
		if err != nil {
			return result{}, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "raw.db")+
			"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-8000)&_txlock=immediate")
		if err != nil {
			return result{}, err
		}
		defer func() { _ = db.Close() }()
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(ctx, `CREATE TABLE deliveries (
			id INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, received_at INTEGER NOT NULL, body BLOB NOT NULL)`); err != nil {
			return result{}, err
		}
		insert, err := db.PrepareContext(ctx, `INSERT INTO deliveries (webhook_id, topic, received_at, body) VALUES (?, ?, ?, ?)`)
		if err != nil {
			return result{}, err
		}
		defer func() { _ = insert.Close() }()
		bodies, ids := b.payloads(), make([]string, maxRaw)
		for i := range ids {
			ids[i] = newID()
		}
		rows := 0
		r, err := timed(b.opt.time(), func() error {
			if rows+n > maxRaw {
				return errEnough
			}
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			one := tx.StmtContext(ctx, insert) //nolint:sqlclosecheck // ends with its transaction
			for range n {
				if _, err := one.ExecContext(ctx, ids[rows], "orders/create", int64(rows), bodies[rows%samples]); err != nil {
					return errors.Join(err, tx.Rollback())
				}
				rows++
			}
			return tx.Commit()
		})
		r.Value *= float64(n) // rows, not transactions
		return r, err
	}
}

// limitBare is the web framework with nothing behind it.
func (b *bench) limitBare(conns int) func(context.Context) (result, error) {
	return func(ctx context.Context) (result, error) {
		bare, err := b.startBare(ctx)
		if err != nil {
			return result{}, err
		}
		defer bare.kill()
		p := newDeliveries(b.shops.t, "bare.myshopify.com", bare.addr, catalog{seed: 7, size: samples, end: b.now}).pool(samples)
		t, err := load{addr: bare.addr, conns: conns, next: p.loop, time: b.opt.time()}.run(ctx)
		return ofRate(t), errors.Join(err, t.err())
	}
}

// limitPage is the web framework with answers of a length.
func (b *bench) limitPage(ctx context.Context, size int) (result, error) {
	bare, err := b.startBare(ctx)
	if err != nil {
		return result{}, err
	}
	defer bare.kill()
	p := &pool{requests: [][]byte{get(bare.addr, "/page?n="+strconv.Itoa(min(size, maxPage)), "none")}}
	t, err := load{addr: bare.addr, conns: listConns, next: p.loop, time: b.opt.time()}.run(ctx)
	r := ofRate(t)
	r.Note = grouped(float64(size)) + " B a page"
	return r, errors.Join(err, t.err())
}

func (b *bench) startBare(ctx context.Context) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	bare, err := start(ctx, addr, nil, self, bareCommand, addr)
	if err != nil {
		return nil, err
	}
	b.watch.add(bare)
	return bare, nil
}

// timed does something again and again. errEnough ends it before its time.
func timed(d time.Duration, do func() error) (result, error) {
	t := tally{}
	begin := time.Now()
	for start := begin; start.Sub(begin) < d; {
		if err := do(); err == errEnough { //nolint:errorlint // never wrapped, and this is a hot loop
			break
		} else if err != nil {
			return result{}, err
		}
		now := time.Now()
		t.times = append(t.times, now.Sub(start))
		start = now
	}
	t.took = time.Since(begin)
	slices.Sort(t.times)
	return ofRate(t), nil
}
