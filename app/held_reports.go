package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"probability/app/carriers"
	"probability/store"
)

const (
	// heldFor is how long a report is kept that was tried, for whoever may want it recorded.
	heldFor = 15 * time.Minute
	// heldMost is how large a report may be that is kept, in bytes as it is packed and as it is read again. With the longest cells, the most
	// rows come to less.
	heldMost = 8 << 20
	heldRead = 96 << 20
)

// heldReport is a report as it is kept.
type heldReport struct {
	Name   string
	Report carriers.Report
}

// HoldReport keeps a report that was tried, so that it can be recorded without its file, by whichever process, within a quarter of an
// hour. It returns the word by which ImportHeld takes it; empty when it is too large to be kept.
func (a *App) HoldReport(ctx context.Context, userID uuid.UUID, id int64, report carriers.Report, name string) (string, error) {
	body, err := packReport(heldReport{Name: name, Report: report})
	if err != nil || len(body) > heldMost {
		return "", err
	}
	held, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("hold a report: id: %w", err)
	}
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := a.now()
		return tx.HoldReport(ctx, store.HeldReport{ID: held, UserID: userID, IntegrationID: id, Body: body, CreatedAt: now, ExpiresAt: now.Add(heldFor)})
	})
	if err != nil {
		return "", fmt.Errorf("hold a report: %w", err)
	}
	return held.String(), nil
}

// ImportHeld records a report that was tried and kept, once; report_not_held when there is none by that word, or no longer.
func (a *App) ImportHeld(ctx context.Context, userID uuid.UUID, id int64, word string) (store.OutcomeImport, error) {
	gone := &Error{Kind: Gone, Code: "report_not_held"}
	held, err := uuid.Parse(word)
	if err != nil {
		return store.OutcomeImport{}, gone
	}
	if _, err := a.Owned(ctx, userID, id); err != nil {
		return store.OutcomeImport{}, err
	}
	var row store.HeldReport
	err = a.store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err = tx.TakeReport(ctx, userID, held, id, a.now())
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return store.OutcomeImport{}, gone
	}
	if err != nil {
		return store.OutcomeImport{}, fmt.Errorf("import a held report: %w", err)
	}
	h, err := unpackReport(row.Body)
	if err != nil {
		return store.OutcomeImport{}, err
	}
	return a.ImportOutcomes(ctx, userID, id, h.Report, h.Name, false)
}

func packReport(h heldReport) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		err = errors.Join(json.NewEncoder(w).Encode(h), w.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("hold a report: pack: %w", err)
	}
	return b.Bytes(), nil
}

func unpackReport(body []byte) (h heldReport, err error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		err = json.NewDecoder(io.LimitReader(r, heldRead)).Decode(&h)
	}
	if err != nil {
		return h, fmt.Errorf("import a held report: unpack: %w", err)
	}
	return h, nil
}
