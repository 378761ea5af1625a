package app

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"probability/app/score"
	"probability/shopify"
	"probability/store"
)

// Counters count what happened since the start, for whoever measures. They are made before the client of Shopify, which tells
// them of its calls.
type Counters struct {
	deliveries *prometheus.CounterVec
	imports    *prometheus.CounterVec
	jobs       *prometheus.CounterVec
	orders     *prometheus.CounterVec
	scores     *prometheus.CounterVec
	scored     prometheus.Counter // two of scores, which are counted a hundred thousand times a second
	unscored   prometheus.Counter
	trainings  *prometheus.CounterVec
	calls      *prometheus.CounterVec
	callWait   prometheus.Counter
	callTime   prometheus.Histogram
}

// putOff counts, beside the states of a delivery, the tries that our own database or code stopped.
const putOff = "put_off"

// How a job of ours can fail.
const (
	JobError = "error"
	JobPanic = "panic"
)

// NewCounters gives counters that stand at zero. What can be named beforehand is there from the beginning, so that an
// alert can tell "none" from "not measured".
func NewCounters() *Counters {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "probability_" + name, Help: help}, labels)
	}
	c := &Counters{
		deliveries: vec("deliveries_total", "Deliveries by what became of them; put_off counts tries that will be repeated.", "state"),
		imports:    vec("imports_total", "Import runs that ended.", "kind", "state"),
		jobs:       vec("job_failures_total", "Jobs that failed for a reason of our own; they are tried again.", "kind", "reason"),
		orders:     vec("import_orders_total", "Orders that imports read.", "outcome"),
		scores:     vec("scores_total", "Orders that were rated, by what became of it.", "outcome"),
		trainings:  vec("trainings_total", "Models that were learnt from a store's outcomes, by what the gate decided.", "decision"),
		calls:      vec("shopify_calls_total", "Calls to Shopify by class of status (none: no answer) and kind of failure.", "status", "kind"),
		callWait: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "probability_shopify_wait_seconds_total", Help: "Time that calls waited for the call limit of their store.",
		}),
		callTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "probability_shopify_call_seconds", Help: "Time of a call to Shopify without its wait.", Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
		}),
	}
	for _, s := range []string{store.DeliveryProcessed, store.DeliveryDuplicate, store.DeliveryStale, store.DeliveryFailed, putOff} {
		c.deliveries.WithLabelValues(s)
	}
	for _, k := range []string{store.KindInitial, store.KindManual, store.KindPeriodic} {
		for _, s := range []string{store.ImportCompleted, store.ImportFailed, store.ImportCancelled} {
			c.imports.WithLabelValues(k, s)
		}
	}
	for _, k := range []string{
		AuditOrders{}.Kind(), CheckWebhooks{}.Kind(), EraseStore{}.Kind(), RedactCustomer{}.Kind(),
		ImportOrders{}.Kind(), ProcessDeliveries{}.Kind(), PurgeIntegration{}.Kind(), ScoreOrders{}.Kind(), TrainModel{}.Kind(),
	} {
		c.jobs.WithLabelValues(k, JobError)
		c.jobs.WithLabelValues(k, JobPanic)
	}
	for _, o := range []string{"created", "updated", "unchanged", "failed"} {
		c.orders.WithLabelValues(o)
	}
	for _, o := range []string{scoreRated, scoreFailed, scoreUnread} {
		c.scores.WithLabelValues(o)
	}
	c.scored, c.unscored = c.scores.WithLabelValues(scoreRated), c.scores.WithLabelValues(scoreFailed)
	for _, d := range []string{string(score.Accepted), string(score.Refused), trainFailed} {
		c.trainings.WithLabelValues(d)
	}
	c.calls.WithLabelValues("2xx", "ok")
	return c
}

// ShopifyCall counts a call to Shopify.
func (c *Counters) ShopifyCall(o shopify.Observation) {
	status, kind := "none", "ok"
	if o.Status >= 100 && o.Status < 600 {
		status = strconv.Itoa(o.Status/100) + "xx"
	}
	if o.Kind != "" {
		kind = string(o.Kind)
	}
	c.calls.WithLabelValues(status, kind).Inc()
	c.callWait.Add(o.Waited.Seconds())
	c.callTime.Observe(o.Took.Seconds())
}

// JobFailed counts a job of ours that failed, by JobError or JobPanic.
func (c *Counters) JobFailed(kind, reason string) { c.jobs.WithLabelValues(kind, reason).Inc() }

// rated counts an order that got a score, or could not.
func (c *Counters) rated(scored bool) {
	if scored {
		c.scored.Inc()
		return
	}
	c.unscored.Inc()
}

// worked counts deliveries by the state that they are in after a try.
func (c *Counters) worked(ds []store.Delivery) {
	for _, d := range ds {
		state := d.State
		if state == store.DeliveryPending {
			state = putOff
		}
		c.deliveries.WithLabelValues(state).Inc()
	}
}

// carriedOn counts what a run has more than before, and that it is over.
func (c *Counters) carriedOn(before, after store.Import) {
	for outcome, n := range map[string]int{
		"created": after.Created - before.Created, "updated": after.Updated - before.Updated,
		"unchanged": after.Unchanged - before.Unchanged, "failed": after.Failed - before.Failed,
	} {
		c.orders.WithLabelValues(outcome).Add(float64(max(n, 0))) // less after the window was begun anew
	}
	if before.State != after.State && after.State != store.ImportRunning {
		c.imports.WithLabelValues(after.Kind, after.State).Inc()
	}
}

// Describe tells what Collect gives.
func (c *Counters) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect gives the counters to whoever measures.
func (c *Counters) Collect(ch chan<- prometheus.Metric) {
	for _, v := range []prometheus.Collector{c.deliveries, c.imports, c.jobs, c.orders, c.scores, c.trainings, c.calls, c.callWait, c.callTime} {
		v.Collect(ch)
	}
}

// age is how long something has waited; nothing that has no time does.
func age(now, since time.Time) time.Duration {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since))
}
