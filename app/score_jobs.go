package app

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Queues of the score: rating never waits for learning, which may take some seconds.
const (
	QueueScores    = "scores"
	QueueTrainings = "trainings"
)

// ScoreOrders is the job that rates an integration's orders whose scores are due.
type ScoreOrders struct {
	IntegrationID int64 `json:"integration_id" river:"unique"`
}

// Kind names the job in River's tables.
func (ScoreOrders) Kind() string { return "score_orders" }

// InsertOpts makes the job unique for its integration, also while it waits for a retry.
func (ScoreOrders) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScores, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}

// TrainModel is the job that learns from an integration's outcomes.
type TrainModel struct {
	IntegrationID int64 `json:"integration_id" river:"unique"`
}

// Kind names the job in River's tables.
func (TrainModel) Kind() string { return "train_model" }

// InsertOpts makes the job unique for its integration, also while it waits for a retry.
func (TrainModel) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueTrainings, UniqueOpts: unfinished(rivertype.JobStateRetryable)}
}
