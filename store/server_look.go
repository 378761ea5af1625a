package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// ServerCondition is what can be told of a PostgreSQL server beside what is in the database.
type ServerCondition struct {
	Server
	Version   string        // as it says itself
	MayCreate bool          // the role may make tables, which a newer version of the program has to
	Latency   time.Duration // of a question and its answer, the median of several
	Ahead     time.Duration // of our clock before the server's; half the latency is all that it may be wrong by
	Processes int           // services of ours at work on the database
	Places    int           // connections that the server still takes
}

// looks is how often the server is asked for its latency.
const looks = 5

// LookAtServer asks a PostgreSQL server about itself.
func LookAtServer(ctx context.Context, url string) (c ServerCondition, err error) {
	const op = "store: look at the server"
	if c.Server, err = ServerOf(url); err != nil {
		return c, fmt.Errorf("%s: %w", op, err)
	}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return c, fmt.Errorf("%s: %w", op, ErrServerURL)
	}
	cfg.ConnectTimeout = connectWait
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return c, failed(op, err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	took := make([]time.Duration, looks)
	for i := range took {
		var now time.Time
		begun := time.Now()
		if err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
			return c, failed(op, err)
		}
		took[i] = time.Since(begun)
		c.Ahead = begun.Add(took[i] / 2).Sub(now)
	}
	slices.Sort(took)
	c.Latency = took[looks/2]
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version'), COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false),
			(SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid::bigint = $1 AND l.objsubid = 2 AND l.granted
				AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())),
			current_setting('max_connections')::int - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')`, int64(presenceClass)).
		Scan(&c.Version, &c.MayCreate, &c.Processes, &c.Places)
	return c, failed(op, err)
}
