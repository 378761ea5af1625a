package app

import (
	"context"
	"time"

	"probability/app/carriers"
	"probability/app/score"
	"probability/store"
)

// HurryDrains lets jobs wait so long for more deliveries, gather for so long, and give way after so long.
func HurryDrains(a *App, linger, gather, most time.Duration) {
	a.drains.linger, a.drains.gather, a.drains.time = linger, gather, most
}

// Draining tells whether a job of this process works the integration's deliveries off.
func Draining(a *App, id int64) bool { return a.drains.live(id) }

// TightenAudits makes windows of so many orders, and keeps the results of so many windows.
func TightenAudits(a *App, window, windows int) {
	a.audits = auditLimits{window: window, windows: windows}
}

// SetPublicURL is another start with another public address.
func SetPublicURL(a *App, url string) { a.cfg.PublicURL = url }

// Gathered counts the refusals that wait to be written.
func Gathered(a *App) (own, strange int) {
	a.refused.mu.Lock()
	defer a.refused.mu.Unlock()
	return len(a.refused.own), len(a.refused.strange)
}

// SetClock gives the application another clock.
func SetClock(a *App, now func() time.Time) { a.cfg.Now = now }

// PasswordParams are what a hash costs in earnest.
var PasswordParams = passwordParams

// CheapenPasswords makes hashes cost next to nothing: tests make hundreds of accounts.
func CheapenPasswords() { passwordParams.Memory = 64 }

// Hashes tells how many passwords have been hashed.
func Hashes(a *App) int64 { return a.passwords.done.Load() }

// HoldHashes takes all turns of hashing, until the function it returns is called; others wait so long for theirs.
func HoldHashes(ctx context.Context, a *App, patience time.Duration) (release func(), err error) {
	a.passwords.patience = patience
	err = a.passwords.turns.Acquire(ctx, hashesAtOnce)
	return func() { a.passwords.turns.Release(hashesAtOnce) }, err
}

// NetworkOf is what guesses from an address are counted by.
func NetworkOf(remote string) string { return networkOf(remote) }

// MaxGuessKeys is how much a table of guesses remembers.
const MaxGuessKeys = maxGuessKeys

// Guesses is a table of guesses with one rule, in memory or, with an application, in its database.
type Guesses struct {
	guesses
	App                 *App
	Free                int
	Within, First, Most time.Duration
}

func (g *Guesses) guess(text string) guess {
	return newGuess(guessRule{free: g.Free, within: g.Within, first: g.First, most: g.Most}, "test", text)
}

// Take counts a try by the text; it returns how long to wait instead.
func (g *Guesses) Take(now time.Time, text string) time.Duration { return g.take(now, g.guess(text)) }

// Count is Take by several texts in the database of the application, by its clock.
func (g *Guesses) Count(ctx context.Context, texts ...string) (time.Duration, error) {
	tries := make([]guess, len(texts))
	for i, text := range texts {
		tries[i] = g.guess(text)
	}
	err := g.App.countGuesses(ctx, tries...)
	if e := AsError(err); err != nil && e.Kind == TooMany {
		return e.RetryAfter, nil
	}
	return 0, err
}

// Forget drops what was counted by the text in the database.
func (g *Guesses) Forget(ctx context.Context, text string) error {
	return g.App.forgetGuess(ctx, g.guess(text))
}

func (g *Guesses) Len() int { return len(g.byKey) }

// BoundGuesses lets the database remember so many keys of guesses.
func BoundGuesses(a *App, most int) { a.guessKeys = most }

// ShareDrains lets jobs give way to waiting ones after so long.
func ShareDrains(a *App, d time.Duration) { a.drains.share = d }

// BoundInbox lets at most so many deliveries wait to be stored.
func BoundInbox(a *App, most int) { a.inbox.most = most }

// HurryInbox lets the senders of deliveries wait for less.
func HurryInbox(a *App, patience time.Duration) { a.inbox.patience = patience }

// Waiting is how many deliveries wait to be stored.
func Waiting(a *App) int {
	a.inbox.mu.Lock()
	defer a.inbox.mu.Unlock()
	return a.inbox.waiting
}

// StartedAt lets the application have started at another time of the system's.
func StartedAt(a *App, t time.Time) { a.startedAt = t }

// Writing tells whether a letter that came before all that wait is being written.
func Writing(a *App) bool {
	a.inbox.mu.Lock()
	defer a.inbox.mu.Unlock()
	return a.inbox.writing && a.inbox.waiting == 0
}

// Storing tells whether the inbox has something that is not stored yet.
func Storing(a *App) bool {
	a.inbox.mu.Lock()
	defer a.inbox.mu.Unlock()
	return a.inbox.writing
}

// Restart lets the application have started just now.
func Restart(a *App) { a.started = a.now() }

// NewEvents is a hub that no store feeds.
func NewEvents() *Events { return newEvents(newPeers(store.SQLite)) }

// What a hub keeps, and for how long.
const (
	EventGather  = eventGather
	EventKeep    = eventKeep
	MaxEvents    = maxEvents
	MaxEventList = maxEventList
	MaxFeeds     = maxFeeds
)

// Kept is how many events of an integration are kept, and how many ids are in them.
func (e *Events) Kept(integrationID int64) (events, items int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.feeds[integrationID]
	if f == nil {
		return 0, 0
	}
	for _, event := range f.ring {
		items += event.items()
	}
	return len(f.ring), items
}

// ScoreOrder says an order in the words of the score.
var ScoreOrder = scoreOrder

// StoreOrders stores orders in one transaction and rates them, as an import does.
func StoreOrders(ctx context.Context, a *App, integrationID int64, vs []store.Version) error {
	return a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := a.putOrders(ctx, tx, integrationID, vs)
		return err
	})
}

// SetScoring is another start with other settings of the installation.
func SetScoring(a *App, s score.Settings) {
	a.cfg.Scoring = s
	a.scorers.basis = nil
}

// ScoreSome is one transaction of the job of the scores.
func ScoreSome(ctx context.Context, a *App, id int64) (more bool, err error) {
	return a.scoreSome(ctx, id)
}

// Score rates what a transaction made due.
func Score(ctx context.Context, a *App, tx *store.Tx, id int64) error { return a.score(ctx, tx, id) }

// Rescore lets all orders be rated anew.
func Rescore(ctx context.Context, a *App, tx *store.Tx, id int64) error {
	return a.rescore(ctx, tx, id)
}

// SetBulkFrom makes first imports of so many orders by GraphQL come by bulk operation.
func SetBulkFrom(a *App, orders int) { a.bulkFrom = orders }

// PackAndUnpack gives a report and its name as they come back when they are kept.
func PackAndUnpack(r carriers.Report, name string) (carriers.Report, string, error) {
	body, err := packReport(heldReport{Name: name, Report: r})
	if err != nil {
		return carriers.Report{}, "", err
	}
	h, err := unpackReport(body)
	return h.Report, h.Name, err
}
