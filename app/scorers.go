package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"probability/app/score"
	"probability/store"
)

// keptScorers is how many scorers are kept ready. One of a large store has some megabytes of places.
const keptScorers = 16

// scorers are those that were used lately, by the basis of their scores.
type scorers struct {
	mu    sync.Mutex
	tick  int
	kept  map[string]*keptScorer
	basis map[basisKey]string // known ones, so that nothing is read to find out
}

type keptScorer struct {
	*score.Scorer
	used int
}

// basisKey is what a basis is of, besides the program and its configuration. Versions of settings and models are never used again.
type basisKey struct {
	integration int64
	model       uuid.UUID
	settings    int64
}

func (s *scorers) get(basis string) *score.Scorer {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kept[basis]
	if k == nil {
		return nil
	}
	s.tick++
	k.used = s.tick
	return k.Scorer
}

func (s *scorers) put(basis string, scorer *score.Scorer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = make(map[string]*keptScorer)
	}
	for len(s.kept) >= keptScorers {
		oldest := ""
		for b, k := range s.kept {
			if oldest == "" || k.used < s.kept[oldest].used {
				oldest = b
			}
		}
		delete(s.kept, oldest)
	}
	s.tick++
	s.kept[basis] = &keptScorer{scorer, s.tick}
}

// knownBasis tells the basis of a state, if it was found out before.
func (s *scorers) knownBasis(st store.ScoreState) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.basis[basisKey{st.IntegrationID, st.Model, st.Settings}]
	return b, ok
}

func (s *scorers) noteBasis(st store.ScoreState, basis string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.basis == nil || len(s.basis) > 10*maxScorerStates {
		s.basis = make(map[basisKey]string)
	}
	s.basis[basisKey{st.IntegrationID, st.Model, st.Settings}] = basis
}

// maxScorerStates is more stores than anybody has.
const maxScorerStates = 1_000

// Scorer is what an integration's orders are rated with now.
func (a *App) Scorer(ctx context.Context, integrationID int64) (*score.Scorer, error) {
	st, err := a.store.ScoreState(ctx, integrationID)
	if err != nil {
		return nil, fmt.Errorf("scorer of integration %d: %w", integrationID, err)
	}
	s, _, err := a.scorerOf(ctx, a.store, st)
	return s, err
}

// ScoreSettings are the settings in force of an integration: its own, and where they are silent the installation's.
func (a *App) ScoreSettings(ctx context.Context, integrationID int64) (score.Settings, store.ScoreSettings, error) {
	own, err := a.store.ScoreSettings(ctx, integrationID)
	if err != nil {
		return score.Settings{}, own, err
	}
	in, err := a.inForce(own)
	return in, own, err
}

func (a *App) inForce(own store.ScoreSettings) (score.Settings, error) {
	above := score.Merge(score.Defaults(), a.cfg.Scoring)
	if own.Version == 0 {
		return above, nil
	}
	set, err := score.ParseSettings(own.Settings)
	if err != nil {
		return above, fmt.Errorf("settings %d of integration %d: %w", own.Version, own.IntegrationID, err)
	}
	return score.Merge(above, set), nil
}

// scoreReads is what a scorer is made from: the store, or the transaction that is open.
type scoreReads interface {
	ScoreModel(ctx context.Context, integrationID int64, id uuid.UUID) (store.ScoreModel, error)
	ScoreSettings(ctx context.Context, integrationID int64) (store.ScoreSettings, error)
}

// scorerOf is the scorer of a state, with its basis. One that cannot be made, for a model or settings that another program left, is
// told and gives way to what the program ships with: an order with a plain score is better than one without.
func (a *App) scorerOf(ctx context.Context, from scoreReads, st store.ScoreState) (*score.Scorer, string, error) {
	if basis, ok := a.scorers.knownBasis(st); ok {
		if s := a.scorers.get(basis); s != nil {
			return s, basis, nil
		}
	}
	own, err := from.ScoreSettings(ctx, st.IntegrationID)
	if err != nil {
		return nil, "", err
	}
	settings, err := a.inForce(own)
	if err != nil {
		a.log.ErrorContext(ctx, "settings of the score cannot be used", "integration_id", st.IntegrationID, "error", err)
	}
	model := score.Shipped()
	if st.Model != uuid.Nil {
		stored, err := from.ScoreModel(ctx, st.IntegrationID, st.Model)
		if err != nil {
			return nil, "", err
		}
		if learnt, err := score.ParseModel(stored.Body); err != nil {
			a.log.ErrorContext(ctx, "a model of the score cannot be used", "integration_id", st.IntegrationID, "model_id", st.Model, "error", err)
		} else {
			model = learnt
		}
	}
	basis, err := basisOf(model, settings)
	if err != nil {
		return nil, "", fmt.Errorf("basis of integration %d: %w", st.IntegrationID, err)
	}
	s := a.scorers.get(basis)
	if s == nil {
		s = score.NewScorer(model, settings)
		a.scorers.put(basis, s)
	}
	if _, open := from.(*store.Tx); !open { // what a transaction sees may never be
		a.scorers.noteBasis(st, basis)
	}
	return s, basis, nil
}

// basisOf is a digest of what scores rest on.
func basisOf(m *score.Model, s score.Settings) (string, error) {
	settings, err := s.Canonical()
	if err != nil {
		return "", err
	}
	model, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	factors, err := json.Marshal(score.Shipped()) // weights of the program
	if err != nil {
		return "", err
	}
	names, err := json.Marshal(score.CarrierNames()) // they are stored with the orders
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, part := range [][]byte{model, settings, factors, names} {
		_, _ = fmt.Fprintf(h, "%d|", len(part))
		_, _ = h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}
