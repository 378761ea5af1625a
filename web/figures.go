package web

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"probability/app"
	"probability/store"
)

// shownDrifts is how many integrations are named with their drift, those with the most. The label is the only one that grows with
// the stores, and an alert needs no more than the worst.
const shownDrifts = 100

// snapshot shows the figures of one moment as metrics, for one scrape.
type snapshot struct {
	blind   bool // there are no figures
	figures app.Figures
	reasons []string // why the service is not ready
}

// gauge describes a metric of a snapshot.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("probability_"+name, help, labels, nil)
}

// Describe promises nothing: what a snapshot has depends on what is stored.
func (m *snapshot) Describe(chan<- *prometheus.Desc) {}

// Collect gives the metrics.
func (m *snapshot) Collect(ch chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	put(gauge("ready", "1 when the service can do its work, as /readyz says."), truth(len(m.reasons) == 0))
	why := gauge("not_ready", "1 for each reason why the service is not ready.", "reason")
	for _, r := range app.UnreadyReasons {
		put(why, truth(slices.Contains(m.reasons, r)), r)
	}
	f := m.figures
	put(gauge("disk_state", "Room on the disk: 0 enough, 1 low (imports pause), 2 full (webhooks are refused)."), float64(f.Disk))
	if f.Space != (store.Space{}) {
		put(gauge("disk_free_bytes", "Room that is left for this process on the file system of the data folder."), float64(f.Space.Free))
		put(gauge("disk_used_bytes", "What is used of the file system of the data folder, by anybody."), float64(f.Space.Used))
	}
	if !m.blind {
		m.stored(put)
	}
}

// stored gives what was looked up.
func (m *snapshot) stored(put func(*prometheus.Desc, float64, ...string)) {
	f := m.figures
	put(gauge("database_bytes", "Size of the database file."), float64(f.Database))
	put(gauge("wal_bytes", "Size of the database's log of changes."), float64(f.Log))
	waiting := gauge("deliveries", "Deliveries that wait or have failed, of each store at most 100,000.", "state")
	put(waiting, float64(f.Backlog.Pending), store.DeliveryPending)
	put(waiting, float64(f.Backlog.Failed), store.DeliveryFailed)
	put(gauge("delivery_oldest_due_seconds", "For how long the delivery has been due that waits longest; 0 when none does."), f.OldestDue.Seconds())
	last := 0.0
	if !f.Backlog.LastReceived.IsZero() {
		last = float64(f.Backlog.LastReceived.UnixMilli()) / 1000
	}
	put(gauge("webhook_last_accepted_timestamp_seconds", "When the latest webhook was accepted; 0 when none ever was."), last)

	jobs := gauge("jobs", "Jobs that are to be run, run, or were given up.", "kind", "state")
	for _, kind := range []string{app.ImportOrders{}.Kind(), app.ProcessDeliveries{}.Kind()} {
		if !slices.ContainsFunc(f.Jobs, func(j store.JobFigure) bool { return j.Kind == kind && j.State == "running" }) {
			put(jobs, 0, kind, "running")
		}
	}
	for _, j := range f.Jobs {
		put(jobs, float64(j.Count), j.Kind, j.State)
	}
	put(gauge("job_oldest_available_seconds", "For how long the job has been due that waits longest for a worker; 0 when none does."), f.JobAge.Seconds())

	runs := gauge("imports", "Import runs that are queued or under way.", "kind", "state")
	for _, kind := range []string{store.KindInitial, store.KindManual, store.KindPeriodic} {
		for _, state := range []string{store.ImportQueued, store.ImportRunning} {
			n := 0
			for _, r := range f.Imports {
				if r.Kind == kind && r.State == state {
					n = r.Count
				}
			}
			put(runs, float64(n), kind, state)
		}
	}
	stores := gauge("integrations", "Connected stores.", "state")
	put(stores, float64(f.Stores.Active), "active")
	put(stores, float64(f.Stores.Paused), "paused")
	put(gauge("integrations_subscribed", "Active stores with a webhook at Shopify."), float64(f.Stores.Subscribed))
	problems := gauge("problems", "Stores by what is wrong with them; the codes are those of their health.", "code")
	put(problems, float64(f.Stores.Problems[app.ProblemReauthorize]), app.ProblemReauthorize)
	for code, n := range f.Stores.Problems {
		if code != app.ProblemReauthorize {
			put(problems, float64(n), code)
		}
	}
	scores := gauge("scores", "Orders whose score is to be made (due) or could not be (failed), of each store at most 100,000.", "state")
	put(scores, float64(f.Scores.Due), "due")
	put(scores, float64(f.Scores.Failed), "failed")
	put(gauge("rescoring_integrations", "Stores whose orders are all being rated anew."), float64(f.Scores.Rescoring))
	m.drift(put)
}

// drift names the integrations with the most drift; the one without an id stands for all others.
func (m *snapshot) drift(put func(*prometheus.Desc, float64, ...string)) {
	drift := gauge("drift_orders", "Orders missing, extra or stale after a store's last audit; without an id: of all stores that are not named.", "integration_id")
	ids := slices.SortedFunc(maps.Keys(m.figures.Drift), func(a, b int64) int {
		return cmp.Or(cmp.Compare(m.figures.Drift[b], m.figures.Drift[a]), cmp.Compare(a, b))
	})
	rest := 0
	for i, id := range ids {
		if i < shownDrifts {
			put(drift, float64(m.figures.Drift[id]), strconv.FormatInt(id, 10))
		} else {
			rest += m.figures.Drift[id]
		}
	}
	put(drift, float64(rest), "")
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
