package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"probability/store/storetest/postgres/installed"
)

const (
	// Role may do everything; over TCP it has this password.
	Role, Password = "probability", "a password with @ : / ? in it"
	// startLimit is how long a server may take to answer, on a machine with much else to do.
	startLimit = 60 * time.Second
	// lookAgain is the pause between two looks whether it answers.
	lookAgain = 10 * time.Millisecond
	// portTries is how often another free port is taken, should somebody else be faster.
	portTries = 5
)

// settings are what a throw-away server needs. Several processes with several pools share it.
var settings = []string{"max_connections=300", "shared_buffers=64MB", "listen_addresses=127.0.0.1", "timezone=America/Bogota", "lc_messages=C"}

// hurried are the settings of a server whose data nobody needs after a loss of power.
var hurried = []string{"fsync=off", "full_page_writes=off", "max_wal_size=4GB"}

// supervise runs the server until standard input, which nobody writes to, is closed; then it leaves nothing behind.
const supervise = `dir=$1; shift
"$@" </dev/null >"$dir/log" 2>&1 &
server=$!
trap '' INT TERM HUP
read -r _
kill -QUIT $server 2>/dev/null
wait $server
rm -rf "$dir"`

// Server is a running server.
type Server struct {
	dir   string
	port  int
	alive *os.File // its end ends the server
	stop  func() error
}

// start makes a server with a folder of its own. durable: what it says is written is on the disk.
func start(ctx context.Context, durable bool) (*Server, error) {
	bin, err := installed.Programs()
	if err != nil {
		return nil, fmt.Errorf("%w, or name a running one in %s, or leave its tests out with %s=off", err, envServer, envSwitch)
	}
	dir, err := os.MkdirTemp("", "postgres")
	if err != nil {
		return nil, err
	}
	s, err := startIn(context.WithoutCancel(ctx), bin, dir, durable)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL of %s does not start: %w", bin, errors.Join(err, os.RemoveAll(dir)))
	}
	return s, nil
}

func startIn(ctx context.Context, bin, dir string, durable bool) (*Server, error) {
	user, err := installed.Unprivileged(dir)
	if err != nil {
		return nil, err
	}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(Password+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := user.Own(secret); err != nil {
		return nil, err
	}
	// Without an order of words of its own the server would sort by bytes, and hide that we forgot to ask for it.
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "--username="+Role, "--pwfile="+secret,
		"--no-sync", "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=es", "--auth-local=trust", "--auth-host=scram-sha-256")
	initdb.Dir, initdb.SysProcAttr = dir, user.Attributes()
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	var tried error
	for range portTries {
		s, err := listen(ctx, bin, dir, user, durable)
		if err == nil {
			return s, nil
		}
		tried = err
	}
	return nil, tried
}

// listen starts the server on a free port and waits until it answers.
func listen(ctx context.Context, bin, dir string, user installed.User, durable bool) (*Server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-k", dir, "-p", strconv.Itoa(port)}
	given := settings
	if !durable {
		given = slices.Concat(settings, hurried)
	}
	for _, setting := range given {
		args = append(args, "-c", setting)
	}
	shell := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", supervise, "sh", dir}, args...)...)
	shell.Dir, shell.SysProcAttr = dir, user.Attributes()
	end, alive, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer end.Close()
	shell.Stdin = end
	if err := shell.Start(); err != nil {
		return nil, errors.Join(err, alive.Close())
	}
	s := &Server{dir: dir, port: port, alive: alive}
	s.stop = sync.OnceValue(func() error { return errors.Join(s.alive.Close(), shell.Wait()) })
	if err := s.answers(ctx); err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, errors.Join(fmt.Errorf("%w: %s", err, said), s.Stop())
	}
	return s, nil
}

// answers waits until the server has opened its socket, which it does when it is ready to take connections in turn.
func (s *Server) answers(ctx context.Context) error {
	socket := filepath.Join(s.dir, ".s.PGSQL."+strconv.Itoa(s.port))
	limit := time.After(startLimit)
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		said, err := os.ReadFile(filepath.Join(s.dir, "log"))
		switch {
		case err == nil && strings.Contains(string(said), "ready to accept connections"):
			conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
			if err == nil {
				return conn.Close()
			}
		case err == nil && strings.Contains(string(said), "database system is shut down"), err == nil && strings.Contains(string(said), "FATAL"):
			return errors.New("it ended")
		}
		select {
		case <-look.C:
		case <-limit:
			return fmt.Errorf("it does not answer within %s", startLimit)
		}
	}
}

// Stop ends the server without letting it tidy up, as a crash does, and removes its files. It may be called again.
func (s *Server) Stop() error {
	return s.stop()
}

// URL is the address of the role's first database, over the socket.
func (s *Server) URL() string {
	return "postgres://" + Role + "@/postgres?host=" + s.dir + "&port=" + strconv.Itoa(s.port)
}

// Address is host:port of TCP, where the role needs its password.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, errors.Join(err, l.Close())
	}
	port, err := strconv.Atoi(text)
	return port, errors.Join(err, l.Close())
}
