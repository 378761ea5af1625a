package jobs

import "time"

// WithTimeout is the configuration with another longest time of a job.
func WithTimeout(cfg Config, d time.Duration) Config {
	cfg.timeout = d
	return cfg
}
