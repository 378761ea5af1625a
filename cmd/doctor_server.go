package cmd

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"probability/store"
)

// Bounds of what is worth telling of a PostgreSQL server.
const (
	// slowServer is how long an answer may take: a transaction asks a dozen times, and only one is under way at a time.
	slowServer = 10 * time.Millisecond
	// fewPlaces is how many connections one process needs at most.
	fewPlaces = 25
)

// checkServer looks at the server, and tells whether it is worth looking further.
func (r *report) checkServer(ctx context.Context, url string) (s store.ServerCondition, ok bool) {
	const check = "server"
	s, err := store.LookAtServer(ctx, url)
	if err != nil {
		r.add(fail(check, "", "%s", sentence(onServer(url, err))))
		return s, false
	}
	switch text := fmt.Sprintf("version %s, answers in %s: %s", s.Version, s.Latency.Round(10*time.Microsecond), s.Server); {
	case s.Latency > slowServer:
		r.add(warn(check, "bring it nearer: every webhook waits for several answers", "%s", text))
	default:
		r.add(fine(check, "%s", text))
	}
	if !s.TLS && !onThisMachine(s.Host) {
		r.add(warn(check, "add sslmode=verify-full to database.url", "the connection need not be encrypted, and then whoever is on the way can read all of it"))
	}
	if !s.MayCreate {
		r.add(fail(check, fmt.Sprintf("GRANT CREATE, USAGE ON SCHEMA public TO %q", s.Role), "the role may not make tables, as newer versions of the program have to"))
	}
	if s.Places < fewPlaces {
		r.add(warn(check, "raise its max_connections", "it takes %s more, and each service uses up to %d", plural(s.Places, "connection"), fewPlaces))
	}
	const clock, mend = "server's clock", "let both machines set their clocks by NTP"
	ahead, where := s.Ahead.Round(time.Millisecond), "ahead of"
	if ahead < 0 {
		ahead, where = -ahead, "behind"
	}
	switch {
	case ahead >= clockFail:
		r.add(fail(clock, mend, "this machine is %s %s it", ahead, where))
	case ahead >= clockWarn:
		r.add(warn(clock, mend, "this machine is %s %s it", ahead, where))
	default:
		r.add(fine(clock, "as this machine's, within %s", max(ahead, time.Millisecond)))
	}
	if s.Processes == 0 {
		r.add(warn("service", "start it with `probability serve`", "none works on this database, so that nothing is received or imported"))
	} else {
		r.add(fine("service", "%s at work on this database", areAt(s.Processes)))
	}
	return s, true
}

func areAt(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}

// onThisMachine tells whether a host is this machine, or a folder with a socket.
func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || err == nil && ip.IsLoopback()
}
