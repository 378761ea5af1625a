package app

import (
	"context"

	"probability/store"
)

func (a *App) rate(ctx context.Context, tx *store.Tx, id int64) error { return nil }
