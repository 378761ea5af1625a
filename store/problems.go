package store

import (
	"context"
	"fmt"
	"time"
)

// Problem is something wrong with an integration that its owner should know of.
type Problem struct {
	Code   string
	Detail string // technical, without secrets
	Since  time.Time
}

// PutProblem notes a problem; one that is known already keeps its Since and takes the new detail.
func (tx *Tx) PutProblem(ctx context.Context, integrationID int64, p Problem) error {
	_, err := tx.tx.ExecContext(ctx, `INSERT INTO problems (integration_id, code, detail, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (integration_id, code) DO UPDATE SET detail = excluded.detail`,
		integrationID, p.Code, p.Detail, p.Since.UnixMilli())
	return failed(fmt.Sprintf("problems: put %s of integration %d", p.Code, integrationID), err)
}

// ClearProblems removes the named problems, or all when none is named.
func (tx *Tx) ClearProblems(ctx context.Context, integrationID int64, codes ...string) error {
	op := fmt.Sprintf("problems: clear of integration %d", integrationID)
	if len(codes) == 0 {
		_, err := tx.tx.ExecContext(ctx, `DELETE FROM problems WHERE integration_id = $1`, integrationID)
		return failed(op, err)
	}
	for _, code := range codes {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM problems WHERE integration_id = $1 AND code = $2`, integrationID, code); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// ClearOldProblem removes a problem that is known since a time or longer.
func (tx *Tx) ClearOldProblem(ctx context.Context, integrationID int64, code string, since time.Time) error {
	_, err := tx.tx.ExecContext(ctx, `DELETE FROM problems WHERE integration_id = $1 AND code = $2 AND since <= $3`,
		integrationID, code, since.UnixMilli())
	return failed(fmt.Sprintf("problems: clear %s of integration %d", code, integrationID), err)
}

// Problems lists the problems of these integrations, oldest first; those without any are left out.
func (s *Store) Problems(ctx context.Context, ids []int64) (map[int64][]Problem, error) {
	type owned struct {
		integration int64
		problem     Problem
	}
	out := make(map[int64][]Problem)
	err := eachChunk(s.dialect, ids, nil, func(in string, args []any) error {
		rows, err := list(ctx, s.readers, "problems: list", func(r row) (v owned, err error) {
			var since int64
			err = r.Scan(&v.integration, &v.problem.Code, &v.problem.Detail, &since)
			v.problem.Since = time.UnixMilli(since).UTC()
			return v, err
		}, `SELECT p.integration_id, p.code, p.detail, p.since FROM problems p WHERE p.integration_id IN (`+in+`)
			ORDER BY p.integration_id, p.since, p.code`, args...)
		for _, r := range rows {
			out[r.integration] = append(out[r.integration], r.problem)
		}
		return err
	})
	return out, err
}
