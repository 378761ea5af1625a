package jobs

import (
	"log/slog"
	"net/http"

	"probability/store"
)

// NewConsole builds River's own screens of its jobs and queues, to be served below a path such as /admin/river. They are for
// whoever runs the service: they know nothing of accounts, so whoever serves them decides who may look and who may change.
//
// What is asked with GET goes through the read connections, where the database itself refuses to write. The rest goes through
// the write connection and takes its turn like the queue. The handler is never started: what it would do by itself is to count
// jobs every ten seconds, whether anybody looks or not.
func NewConsole(st *store.Store, prefix string, log *slog.Logger) (http.Handler, error) {
	read, write, err := consoles(st, prefix, log)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			read.ServeHTTP(w, r)
		default:
			write.ServeHTTP(w, r)
		}
	}), nil
}
