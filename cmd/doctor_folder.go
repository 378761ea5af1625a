package cmd

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"probability/app"
	"probability/store"
)

// Bounds of what is worth telling.
const (
	logWarn  = 256 << 20 // bytes of the database's log
	waitWarn = time.Minute
	waitFail = 15 * time.Minute
	copyWarn = 8 * 24 * time.Hour // since the last backup: a weekly one, and a day
)

func checkConfig(cfg Config, file string) []finding {
	if file == "" {
		if _, err := os.Stat(defaultConfigFile); err == nil {
			file = defaultConfigFile
		}
	}
	found := []finding{fine("configuration", "%s is in order", cmp.Or(file, "without a file it"))}
	switch {
	case cfg.Server.PublicURL == "":
		return append(found, warn("public_url", "set server.public_url to the https address that leads here",
			"not set, so that no webhooks can be subscribed; orders come with the sync only"))
	case strings.HasPrefix(cfg.Server.PublicURL, "http://"):
		return append(found, warn("public_url", "use an https address that Shopify can reach", "%s can be reached from this machine only", cfg.Server.PublicURL))
	default:
		return append(found, fine("public_url", "%s; whether Shopify reaches it cannot be known from here, only by the last webhook", cfg.Server.PublicURL))
	}
}

func checkFolder(c store.Condition) []finding {
	const check = "data folder"
	if !c.There {
		return []finding{fine(check, "%s is not there yet; the first start makes it", c.Dir)}
	}
	found := []finding{}
	if len(c.Open) > 0 {
		found = append(found, fail(check, "run chmod -R go= "+c.Dir+", and rotate the key if somebody may have read it",
			"other users of this machine may read %s", strings.Join(c.Open, ", ")))
	} else {
		found = append(found, fine(check, "%s is for its owner alone", c.Dir))
	}
	if len(c.Interrupted) > 0 {
		found = append(found, warn(check, "the next start or backup removes it", "a backup that was killed has left %s", strings.Join(c.Interrupted, ", ")))
	}
	if len(c.FormerKeys) > 0 {
		names := make([]string, len(c.FormerKeys))
		for i, path := range c.FormerKeys {
			names[i] = filepath.Base(path)
		}
		found = append(found, warn(check, "move them to where you keep keys", "it holds former keys, which older backups need: %s", strings.Join(names, ", ")))
	}
	return found
}

// checkDisk judges the room as the service does, which pauses imports and refuses webhooks by it.
func checkDisk(c store.Condition) finding {
	const check = "disk"
	const text = "%s free, %.0f %% of %s"
	args := []any{store.Size(c.Space.Free), 100 * c.Space.FreeShare(), store.Size(c.Space.Used + c.Space.Free)}
	switch app.DiskStateOf(c.Space) {
	case app.DiskFull:
		return fail(check, "make room: webhooks are refused until there is some, and Shopify sends them again for four hours", text, args...)
	case app.DiskLow:
		return warn(check, "make room: imports pause until there is more, and soon webhooks will be refused", text, args...)
	case app.DiskOK:
	}
	return fine(check, text, args...)
}

func checkService(c store.Condition) finding {
	switch {
	case c.Running:
		return fine("service", "it runs on this folder")
	case c.Database:
		return warn("service", "start it with `probability serve`", "none runs on this folder, so that nothing is received or imported")
	default:
		return fine("service", "none runs on this folder yet")
	}
}

func checkDatabase(c store.Condition, full bool) []finding {
	const check = "database"
	const putBack = "move it away and restore a backup"
	switch {
	case errors.Is(c.Err, store.ErrNotDatabase), len(c.Complaints) > 0:
		text := "it is damaged"
		if len(c.Complaints) > 0 {
			text += ": " + strings.Join(c.Complaints, "; ")
		}
		return []finding{fail(check, putBack, "%s", text)}
	case c.Err != nil && store.Unavailable(c.Err):
		return []finding{fail(check, "try again in a moment", "it cannot be read: %v", c.Err)}
	case c.Err != nil && c.Engine == store.PostgreSQL:
		return []finding{fail(check, "", "%s", sentence(c.Err))}
	case c.Err != nil:
		return []finding{fail(check, putBack, "it cannot be read: %v", c.Err)}
	}
	how := "whole by the engine's quick check"
	switch {
	case c.Engine == store.PostgreSQL:
		how = "whose integrity is the server's to check"
	case full:
		how = "whole by the engine's full check"
	}
	found := []finding{fine(check, "%s, %s", store.Size(c.Bytes), how)}
	switch {
	case c.Schema > c.KnownSchema || c.Queue > c.KnownQueue:
		found = append(found, fail("schema", "use the newer program", "a newer version of the program has made it: %d and %d, this one knows %d and %d",
			c.Schema, c.Queue, c.KnownSchema, c.KnownQueue))
	case c.Schema < c.KnownSchema || c.Queue < c.KnownQueue:
		found = append(found, warn("schema", "make a backup, then start the service, which brings it up to date",
			"older than this program: %d and %d instead of %d and %d; the stores are not asked", c.Schema, c.Queue, c.KnownSchema, c.KnownQueue))
	default:
		found = append(found, fine("schema", "version %d, queue %d", c.Schema, c.Queue))
	}
	if c.Engine == store.PostgreSQL {
		return found
	}
	if c.Log > logWarn {
		return append(found, warn("log", "look for a backup or another program that reads the database for long",
			"the write-ahead log has grown to %s", store.Size(c.Log)))
	}
	return append(found, fine("log", "the write-ahead log has %s", store.Size(c.Log)))
}

func checkKey(c store.Condition) []finding {
	const check = "key"
	switch {
	case c.Err != nil || len(c.Complaints) > 0:
		return nil
	case errors.Is(c.Key, store.ErrKeyInFile):
		return []finding{fail(check, "remove it", "%v", c.Key)}
	case errors.Is(c.Key, store.ErrKeyLost):
		return []finding{fail(check, "put back the file key, or set security.encryption_key; no other key opens the secrets", "it is missing")}
	case c.Key != nil:
		return []finding{fail(check, "put back the key that was used before", "%v", c.Key)}
	case c.KeyID == "":
		return []finding{fine(check, "nothing has been encrypted yet")}
	case c.Unfinished:
		return []finding{warn(check, "the next start or command finishes it", "a rotation was stopped near its end; the new key %s opens the database", c.KeyID)}
	default:
		return []finding{fine(check, "%s opens the database", c.KeyID)}
	}
}

func checkBacklog(b store.Backlog, jobs []store.JobFigure, running bool) []finding {
	const check = "backlog"
	found := []finding{}
	waiting := time.Duration(0)
	if !b.DueSince.IsZero() { // others wait for their next try
		waiting = time.Since(b.DueSince).Round(time.Second)
	}
	switch {
	case b.Pending == 0:
		found = append(found, fine(check, "no webhook waits"))
	case !running:
		found = append(found, warn(check, "start the service", "%s to be processed, since %s", wait(b.Pending), waiting))
	case waiting > waitFail:
		found = append(found, fail(check, "look into the log for what fails", "%s to be processed, since %s", wait(b.Pending), waiting))
	case waiting > waitWarn:
		found = append(found, warn(check, "look again in a moment", "%s to be processed, since %s", wait(b.Pending), waiting))
	default:
		found = append(found, fine(check, "%s to be processed", wait(b.Pending)))
	}
	if b.Failed > 0 {
		found = append(found, warn(check, "GET …/deliveries/?state=failed says why; POST …/replay/ tries one again", "%s could not be processed", plural(b.Failed, "webhook")))
	}
	for _, j := range jobs {
		if j.State == "discarded" {
			found = append(found, warn(check, "look into the log for what failed", "%s failed too often: %s", plural(j.Count, "job"), j.Kind))
		}
	}
	return found
}

func wait(n int) string {
	if n == 1 {
		return "1 webhook waits"
	}
	return plural(n, "webhook") + " wait"
}

func checkBackups(at time.Time, path string) finding {
	const check, mend = "backup", "run `probability backup FILE` by a timer"
	age := time.Since(at).Round(time.Minute)
	switch {
	case at.IsZero():
		return warn(check, mend, "none was made here yet")
	case age > copyWarn:
		return warn(check, mend, "the last one was made %s ago: %s", age, path)
	default:
		return fine(check, "the last one was made %s ago: %s", age, path)
	}
}

// eraseWithin is how long after a request to erase somebody Shopify gives for it to be done, copies included.
const eraseWithin = 30 * 24 * time.Hour

// checkErased names the backups that still hold who was erased. Those that were moved elsewhere cannot be seen from here.
func checkErased(backups []store.StaleBackup) []finding {
	var found []finding
	for _, b := range backups {
		if _, err := os.Stat(b.Path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		found = append(found, warn("erased", "delete it, and its copies elsewhere, by "+b.Erased.Add(eraseWithin).Format(time.DateOnly),
			"a backup made before the erasure of %s still holds who was erased: %s", b.Erased.Format(time.DateOnly), b.Path))
	}
	return found
}

// checkScores tells of orders without an up-to-date score. One that is due gets it within seconds.
func checkScores(f store.ScoreFigures) finding {
	const check = "scores"
	if f.Failed > 0 {
		return warn(check, "the log of the service says why; a change of the order or of the settings tries again", "%s could not be rated", plural(f.Failed, "order"))
	}
	if f.Due > 0 || f.Rescoring > 0 {
		return fine(check, "%s to be rated, %s rated anew from the beginning", plural(f.Due, "order"), plural(f.Rescoring, "store"))
	}
	return fine(check, "up to date")
}
