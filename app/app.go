package app

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

// Overlap is how far before its watermark a sync starts again. Shopify may show an order's change a
// little after the change's own time; ten minutes covers what its users report, and what was read
// before costs nothing but the reading.
const Overlap = 10 * time.Minute

// Config is what the use cases need to know of the configuration.
type Config struct {
	// AppSecret signs webhooks of stores that bring no secret of their own; may be empty.
	AppSecret string
	// Counters count what happens; nil means some that nobody reads.
	Counters *Counters
	// Disk measures the room on the file system of the data folder; nil asks the store.
	Disk func() (store.Space, error)
	// EraseAfterUninstall is how long after its app was removed the data of a store goes; 0: only when Shopify asks for it.
	EraseAfterUninstall time.Duration
	// InitialWindow is how far back the first import goes; 0 means 90 days.
	InitialWindow time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// ProofTime is how long a store may take to prove credentials; 0 means 25 seconds.
	ProofTime time.Duration
	// PublicURL is the base address that Shopify can reach, without a slash at its end; may be empty.
	PublicURL string
	// Scoring is what the installation sets for the score; a store's own settings count before it.
	Scoring score.Settings
	// SyncInterval is the time between two periodic syncs of a store; 0 turns them off.
	SyncInterval time.Duration
}

// App holds the use cases. It is safe for concurrent use and starts nothing by itself.
type App struct {
	ahead     *semaphore.Weighted // of runs that read ahead
	audits    auditLimits
	backups   *semaphore.Weighted // that are made or fetched
	bulkFrom  int                 // orders of a first import by GraphQL that are had by a bulk operation
	cfg       Config
	counters  *Counters
	disk      disk
	drains    drains
	events    *Events
	inbox     inbox
	log       *slog.Logger
	outcomes  outcomeLocks
	passwords passwords
	peers     *peers
	queue     *queue
	refused   refusals
	renewals  singleflight.Group
	scorers   scorers
	shopify   *shopify.Client
	guessed   atomic.Int64 // tries at passwords since the start
	guessKeys int          // that are remembered
	store     *store.Store
	wrong     guesses // tokens and set-up links, by address

	started   time.Time // by the clock
	startedAt time.Time // by the system's, which is the queue's
}

// New builds the application on an open store and a client of Shopify.
func New(cfg Config, st *store.Store, sh *shopify.Client, log *slog.Logger) (*App, error) {
	if st == nil || sh == nil || log == nil {
		return nil, errors.New("app: store, shopify client and logger are all needed")
	}
	if cfg.InitialWindow == 0 {
		cfg.InitialWindow = 90 * 24 * time.Hour
	}
	if cfg.ProofTime == 0 {
		cfg.ProofTime = defaultProofTime
	}
	if cfg.ProofTime < 0 || cfg.InitialWindow < 0 || cfg.SyncInterval < 0 || cfg.EraseAfterUninstall < 0 {
		return nil, errors.New("app: the initial window, the time of proof, the sync interval and the time until erasure cannot be negative")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	client, err := newInserter(st, log)
	if err != nil {
		return nil, fmt.Errorf("app: queue: %w", err)
	}
	others := newPeers(st.Engine())
	a := &App{ahead: semaphore.NewWeighted(aheadRuns), backups: semaphore.NewWeighted(1), cfg: cfg, events: newEvents(others), log: log, passwords: newPasswords(), peers: others, queue: &queue{client: client}, shopify: sh, store: st}
	a.drains.linger, a.drains.gather, a.drains.time, a.drains.share = drainLinger, drainGather, drainTime, drainShare
	a.bulkFrom, a.guessKeys = bulkFrom, maxGuessKeys
	a.audits = auditLimits{window: auditWindow, windows: maxAuditWindows}
	a.inbox.most, a.inbox.patience, a.inbox.write = inboxWaiting, inboxPatience, a.writeInbox
	a.started, a.startedAt = a.now(), time.Now()
	if a.counters = cfg.Counters; a.counters == nil {
		a.counters = NewCounters()
	}
	if a.disk.measure = cfg.Disk; a.disk.measure == nil {
		a.disk.measure = st.Space
	}
	st.Observe(a.events)
	st.ReadWith(score.FactsVersion, a.readForScore)
	st.RateWith(a.rater)
	return a, nil
}

// Store is the database underneath, for reads that decide nothing.
func (a *App) Store() *store.Store { return a.store }

// Counters are what happened since the start.
func (a *App) Counters() *Counters { return a.counters }

// Events are what changes, for those who follow it.
func (a *App) Events() *Events { return a.events }

// now is the time of the clock, in UTC and in the whole milliseconds that the database keeps.
func (a *App) now() time.Time { return a.cfg.Now().UTC().Truncate(time.Millisecond) }
