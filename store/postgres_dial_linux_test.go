package store_test

import (
	"net"
	"syscall"
	"testing"

	"probability/store"
	"probability/store/storetest"
)

// A server that went without a word is noticed within half a minute, not after a quarter of an hour as the system would.
func TestServer_WhoSaysNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	cfg := storetest.PostgresConfig(t)
	_, cfg.URL = lay(t, cfg.URL)
	s := storetest.Open(t, cfg)
	socket, ok := must(store.ServerSocket(t.Context(), s))(t).(*net.TCPConn)
	if !ok {
		t.Fatal("the connection is none of TCP")
	}
	raw := must(socket.SyscallConn())(t)
	for name, o := range map[string]struct{ option, most int }{
		"milliseconds without an acknowledgement": {0x12, 30_000},
		"seconds until it is asked":               {syscall.TCP_KEEPIDLE, 10},
		"seconds until it is asked again":         {syscall.TCP_KEEPINTVL, 5},
		"questions":                               {syscall.TCP_KEEPCNT, 3},
	} {
		var got int
		var err error
		if failed := raw.Control(func(fd uintptr) { got, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, o.option) }); failed != nil || err != nil {
			t.Fatal(failed, err)
		}
		if got <= 0 || got > o.most {
			t.Errorf("%s: %d, want %d at most", name, got, o.most)
		}
	}
}
