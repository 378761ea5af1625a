package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"probability/store"
)

// A session ends SessionLife after the sign-in, and SessionIdle after its last use.
const (
	SessionLife = 30 * 24 * time.Hour
	SessionIdle = 7 * 24 * time.Hour
)

// maxUserAgent is how much of a browser's own name is kept, in bytes.
const maxUserAgent = 120

// Browser is where a sign-in comes from.
type Browser struct {
	Remote    string // address
	UserAgent string
	Session   string // the session that it has already, which ends with a new sign-in; may be empty
}

// SignIn begins a session for whoever knows the account's password, and returns what goes into the cookie, this once. It fails
// with sign_in_failed, whichever of the two is wrong, and with too_many_attempts, without looking at the password, once too
// many were wrong.
//
// Wrong ones are counted by account and by address. Strangers could keep the owner out with that, so who comes from where the
// account has signed in within the last thirty days is counted by the two together, and by nothing else. All of it is counted in the
// database, for all processes that share it and beyond a restart. What is left to strangers is to delay a sign-in from a new address by a quarter of an hour at a time, while they go on; sessions and
// tokens do not notice.
func (a *App) SignIn(ctx context.Context, email, password string, from Browser) (string, store.User, error) {
	email = norm.NFC.String(strings.ToLower(strings.TrimSpace(email))) // one spelling, so that each is counted as the same
	if err := checkSignIn(email, password); err != nil {
		return "", store.User{}, err
	}
	u, err := a.store.UserByEmail(ctx, email)
	unknown := errors.Is(err, store.ErrNotFound)
	if err != nil && !unknown {
		return "", store.User{}, fmt.Errorf("sign in: %w", err)
	}
	network := networkOf(from.Remote)
	known, err := a.store.SignedInFrom(ctx, u.ID, network, a.now().Add(-SessionLife))
	if err != nil {
		return "", store.User{}, fmt.Errorf("sign in: %w", err)
	}
	account := newGuess(accountRule, "account", email)
	tries := []guess{account, newGuess(addressRule, "address", network)}
	if known {
		account = newGuess(accountRule, "account at address", email+"\x00"+network)
		tries = []guess{account}
	}
	hash := u.PasswordHash
	if unknown {
		hash = nobodysHash()
	}
	same, err := a.matchCounted(ctx, password, hash, tries...)
	if err != nil {
		return "", store.User{}, fmt.Errorf("sign in: %w", err)
	}
	if !same || unknown {
		return "", store.User{}, &Error{Kind: Unauthorized, Code: "sign_in_failed"}
	}
	// The address keeps its count: with an account of their own, guessers could have it forgotten after every try.
	plain, err := a.beginSession(ctx, u, from, &account)
	return plain, u, err
}

func checkSignIn(email, password string) error {
	bad := fieldErrors{}
	for name, v := range map[string]struct {
		text string
		most int
	}{"email": {email, maxEmail}, "password": {password, MaxPassword}} {
		switch {
		case v.text == "":
			bad.add(name, "required")
		case len(v.text) > v.most:
			bad.add(name, "too_long", "Max", v.most)
		}
	}
	return bad.err()
}

// BeginSession makes a session for the account as it was read, and returns what goes into the cookie. Should its password or its role have changed since, there is
// none: that change has just ended all sessions, and must not miss this one.
func (a *App) BeginSession(ctx context.Context, u store.User, from Browser) (string, error) {
	return a.beginSession(ctx, u, from, nil)
}

// beginSession is BeginSession; it forgets what was counted by a guess that was right, unless it is nil.
func (a *App) beginSession(ctx context.Context, u store.User, from Browser, right *guess) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("sign in: id: %w", err)
	}
	plain, now := randomToken(""), a.now()
	s := store.Session{
		ID: id, UserID: u.ID, Hash: hashToken(plain), CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(SessionLife),
		UserAgent: strings.ToValidUTF8(from.UserAgent[:min(len(from.UserAgent), maxUserAgent)], ""), Remote: networkOf(from.Remote),
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		current, err := tx.User(ctx, u.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && (current.PasswordHash != u.PasswordHash || current.Admin != u.Admin) {
			return &Error{Kind: Unauthorized, Code: "sign_in_failed", Err: err}
		}
		if err != nil {
			return err
		}
		if right != nil {
			if err := tx.ForgetGuess(ctx, right.key[:]); err != nil {
				return err
			}
		}
		if from.Session != "" {
			if err := tx.EndSession(ctx, hashToken(from.Session), now); err != nil {
				return err
			}
		}
		return tx.InsertSession(ctx, s)
	})
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	return plain, nil
}

// Session gives a session and its account by what is in the cookie. One that is unknown or over is Unauthorized, without
// saying which.
func (a *App) Session(ctx context.Context, plain string) (store.Session, store.User, error) {
	s, u, err := a.LookAtSession(ctx, plain)
	if err != nil {
		return store.Session{}, store.User{}, err
	}
	if now := a.now(); now.Sub(s.LastUsedAt) >= lastUsedEvery {
		err := a.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
			return tx.TouchSession(ctx, s.ID, now)
		})
		if err != nil { // reading must go on when the disk is full
			a.log.WarnContext(ctx, "the session's last use could not be noted", "session_id", s.ID, "error", err)
		}
	}
	return s, u, nil
}

// LookAtSession is Session without counting as a use: a page that is only left open keeps no session alive.
func (a *App) LookAtSession(ctx context.Context, plain string) (store.Session, store.User, error) {
	refused := &Error{Kind: Unauthorized, Code: "unauthorized"}
	if len(plain) != tokenLength {
		return store.Session{}, store.User{}, refused
	}
	s, u, err := a.store.SessionByHash(ctx, hashToken(plain))
	if errors.Is(err, store.ErrNotFound) {
		return store.Session{}, store.User{}, refused
	}
	if err != nil {
		return store.Session{}, store.User{}, fmt.Errorf("session: %w", err)
	}
	if now := a.now(); !now.Before(s.ExpiresAt) || !now.Before(s.LastUsedAt.Add(SessionIdle)) {
		return store.Session{}, store.User{}, refused
	}
	return s, u, nil
}

// SignOut ends the session, at once and for good.
func (a *App) SignOut(ctx context.Context, plain string) error {
	err := a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.EndSession(ctx, hashToken(plain), a.now())
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// CountWrong counts a wrong token or set-up link from an address; too_many_attempts when there were too many. It is asked only
// once the secret has been found wrong: a right one is no guess and works at any time, so that nobody who shares an
// address with a stranger is cut off by them.
func (a *App) CountWrong(remote string) error {
	if wait := a.wrong.take(a.now(), newGuess(secretRule, "secret", networkOf(remote))); wait > 0 {
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) *Error {
	return &Error{Kind: TooMany, Code: "too_many_attempts", RetryAfter: wait}
}
