package jobs

import (
	"context"
	"slices"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// WithTimeout is the configuration with another longest time of a job.
func WithTimeout(cfg Config, d time.Duration) Config {
	cfg.timeout = d
	return cfg
}

// Live are the jobs that do not count as lost.
type Live struct{ live live }

// During works at a job.
func (l *Live) During(ctx context.Context, id int64, work func(context.Context) error) error {
	return l.live.during(ctx, &rivertype.JobRow{ID: id}, work)
}

// IDs are the jobs, in order.
func (l *Live) IDs() []int64 { return slices.Sorted(slices.Values(l.live.ids())) }
