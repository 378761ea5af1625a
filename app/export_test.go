package app

import "time"

// HurryDrains lets jobs wait so long for more deliveries, gather for so long, and give way after so long.
func HurryDrains(a *App, linger, gather, most time.Duration) {
	a.drains.linger, a.drains.gather, a.drains.time = linger, gather, most
}

// Draining tells whether a job of this process works the integration's deliveries off.
func Draining(a *App, id int64) bool { return a.drains.live(id) }

// ShareDrains lets jobs give way to waiting ones after so long.
func ShareDrains(a *App, d time.Duration) { a.drains.share = d }

// BoundInbox lets at most so many deliveries wait to be stored.
func BoundInbox(a *App, most int) { a.inbox.most = most }

// Waiting is how many deliveries wait to be stored.
func Waiting(a *App) int {
	a.inbox.mu.Lock()
	defer a.inbox.mu.Unlock()
	return a.inbox.waiting
}

// StartedAt lets the application have started at another time of the system's.
func StartedAt(a *App, t time.Time) { a.startedAt = t }

// Writing tells whether a letter that came before all that wait is being written.
func Writing(a *App) bool {
	a.inbox.mu.Lock()
	defer a.inbox.mu.Unlock()
	return a.inbox.writing && a.inbox.waiting == 0
}

// Restart lets the application have started just now.
func Restart(a *App) { a.started = a.now() }
