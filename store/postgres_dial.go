package store

import (
	"context"
	"net"
	"time"
)

// A server, or the network to it, that goes without a word is noticed by what is not answered: by probes while we wait for an answer, and
// by what we sent ourselves. The system's own limits are minutes for the former and a quarter of an hour for the latter.
const (
	probeAfter   = 10 * time.Second
	probeEvery   = 5 * time.Second
	probes       = 3
	unansweredBy = 30 * time.Second
)

// dialServer connects to a server.
func dialServer(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: probeAfter, Interval: probeEvery, Count: probes},
		Control:         boundUnanswered,
	}
	return d.DialContext(ctx, network, address)
}
