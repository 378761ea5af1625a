package app

import "time"

// HurryDrains lets jobs wait so long for more deliveries, gather for so long, and give way after so long.
func HurryDrains(a *App, linger, gather, most time.Duration) {
	a.drains.linger, a.drains.gather, a.drains.time = linger, gather, most
}

// Draining tells whether a job of this process works the integration's deliveries off.
func Draining(a *App, id int64) bool { return a.drains.live(id) }

// TightenAudits makes windows of so many orders, and keeps the results of so many windows.
func TightenAudits(a *App, window, windows int) {
	a.audits = auditLimits{window: window, windows: windows}
}

// SetPublicURL is another start with another public address.
func SetPublicURL(a *App, url string) { a.cfg.PublicURL = url }

// Gathered counts the refusals that wait to be written.
func Gathered(a *App) (own, strange int) {
	a.refused.mu.Lock()
	defer a.refused.mu.Unlock()
	return len(a.refused.own), len(a.refused.strange)
}

// SetClock gives the application another clock.
func SetClock(a *App, now func() time.Time) { a.cfg.Now = now }
