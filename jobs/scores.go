package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"probability/app"
)

// scoreOrders rates an integration's orders whose scores are due.
type scoreOrders struct {
	river.WorkerDefaults[app.ScoreOrders]
	app *app.App
}

// Work rates for a while, and comes again until nothing is left.
func (w *scoreOrders) Work(ctx context.Context, job *river.Job[app.ScoreOrders]) error {
	p, err := w.app.ScoreOrders(ctx, job.Args.IntegrationID)
	return goOn(ctx, p, err)
}

// trainModel learns from an integration's outcomes.
type trainModel struct {
	river.WorkerDefaults[app.TrainModel]
	app *app.App
}

// Work learns once.
func (w *trainModel) Work(ctx context.Context, job *river.Job[app.TrainModel]) error {
	p, err := w.app.Train(ctx, job.Args.IntegrationID)
	return goOn(ctx, p, err)
}
