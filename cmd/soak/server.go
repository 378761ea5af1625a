package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"probability/store/storetest/postgres/installed"
)

const (
	// owner may do everything; role is whom the services are.
	owner, role = "postgres", "probability"
	// serverSecret has in it what has to be written differently in a URL.
	serverSecret = "soak @:/?# 8d1f6c0b"
	// serverPlaces is how many connections the server takes: enough for two services, and soon used up.
	serverPlaces = 70
	// smallServer is the size of a server's small disk, in MB. Its log is elsewhere: without room for that the server itself stops.
	smallServer = 384
)

// server is a PostgreSQL server of a trial's own.
type server struct {
	bin, dir string // dir has its data, its log of changes, and what it says
	port     int
	user     installed.User
	cmd      *exec.Cmd
	ended    chan struct{}
	small    string // where its small disk is mounted, "" for none
}

// newServer makes a server and starts it. closeAll ends it; its folder goes with the trial's.
func newServer(ctx context.Context) (d *server, closeAll func(), err error) {
	d = &server{}
	if d.bin, err = installed.Programs(); err != nil {
		return nil, nil, err
	}
	// Not below the trial's folder, into which the server's user may not look; a socket's path must be short, too.
	if d.dir, err = os.MkdirTemp("", "soak-server"); err != nil {
		return nil, nil, err
	}
	closeAll = func() {
		d.end(syscall.SIGQUIT)
		_ = os.RemoveAll(d.dir) // a temporary folder, on which nothing depends
	}
	if d.user, err = installed.Unprivileged(d.dir); err != nil {
		return nil, closeAll, err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(d.bin, "initdb"), "-D", d.path("data"), "--waldir="+d.path("wal"), "--username="+owner,
		"--no-sync", "--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256")
	initdb.Dir, initdb.SysProcAttr = d.dir, d.user.Attributes()
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, closeAll, fmt.Errorf("initdb: %w: %s", err, out)
	}
	addr, err := freePort(ctx)
	if err != nil {
		return nil, closeAll, err
	}
	if _, port, err := net.SplitHostPort(addr); err != nil {
		return nil, closeAll, err
	} else if d.port, err = strconv.Atoi(port); err != nil {
		return nil, closeAll, err
	}
	if err := d.start(ctx); err != nil {
		return nil, closeAll, err
	}
	_, err = d.ask(ctx, "postgres", "CREATE ROLE "+role+" LOGIN PASSWORD '"+serverSecret+"'")
	return d, closeAll, err
}

func (d *server) path(name string) string { return filepath.Join(d.dir, name) }

// url is the address of a database over TCP, where the password is asked for.
func (d *server) url(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, serverSecret), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// start starts the server and waits until it answers.
func (d *server) start(ctx context.Context) error {
	args := []string{
		filepath.Join(d.bin, "postgres"), "-D", d.path("data"), "-k", d.dir, "-p", strconv.Itoa(d.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "max_connections=" + strconv.Itoa(serverPlaces), "-c", "lc_messages=C",
	}
	if d.small != "" {
		script := `mount -t tmpfs -o size="$1"m,mode=0700 tmpfs "$2" && cp -a "$3/." "$2/" && shift 3 && exec "$@"`
		args[2] = d.small
		args = append([]string{"unshare", "--map-current-user", "--keep-caps", "-m", "sh", "-c", script, "sh", strconv.Itoa(smallServer), d.small, d.path("data")}, args...)
	}
	said, err := os.OpenFile(d.path("said"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	d.cmd, d.ended = exec.CommandContext(context.WithoutCancel(ctx), args[0], args[1:]...), make(chan struct{})
	d.cmd.Dir, d.cmd.SysProcAttr, d.cmd.Stdout, d.cmd.Stderr = d.dir, d.user.Attributes(), said, said
	if err := d.cmd.Start(); err != nil {
		return errors.Join(err, said.Close())
	}
	cmd, ended := d.cmd, d.ended
	go func() {
		_ = cmd.Wait() // how it ends is the trial's doing
		_ = said.Close()
		close(ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	return poll(ctx, 20*time.Millisecond, func() (bool, error) {
		select {
		case <-ended:
			text, _ := os.ReadFile(d.path("said"))
			return false, fmt.Errorf("the database server does not start: %s", text[max(0, len(text)-500):])
		default:
		}
		_, err := d.ask(ctx, "postgres", "SELECT 1")
		return err == nil, nil
	})
}

// end ends the server with a signal: SIGQUIT at once, as a crash does, SIGINT in good order. It waits until it is gone.
func (d *server) end(how syscall.Signal) {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = d.cmd.Process.Signal(how)
	<-d.ended
}

// restart is pg_ctl restart -m immediate.
func (d *server) restart(ctx context.Context) error {
	d.end(syscall.SIGQUIT)
	return d.start(ctx)
}

// ask runs statements with psql, over the socket, and gives what they answer.
func (d *server) ask(ctx context.Context, database, statements string) (string, error) {
	c := d.asking(ctx, database, statements)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", statements, err, bytes.TrimSpace(errs.Bytes()))
	}
	return strings.TrimSpace(out.String()), nil
}

func (d *server) asking(ctx context.Context, database, statements string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(d.bin, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", d.dir, "-p", strconv.Itoa(d.port), "-U", owner, "-d", database, "-c", statements)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "PGAPPNAME=soak"}
	c.Dir, c.SysProcAttr = d.dir, ownGroup()
	return c
}

// create makes a database and gives its address.
func (d *server) create(ctx context.Context, name string) (string, error) {
	_, err := d.ask(ctx, "postgres", `CREATE DATABASE `+name+` OWNER `+role+` TEMPLATE template0`)
	return d.url(name), err
}

// cut ends all connections of services.
func (d *server) cut(ctx context.Context) error {
	_, err := d.ask(ctx, "postgres", `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '`+role+`'`)
	return err
}

// crowdOut leaves the services no connection: the server says what it says when all of its places are taken. letIn lets them have some again.
func (d *server) crowdOut(ctx context.Context) error {
	if _, err := d.ask(ctx, "postgres", "ALTER ROLE "+role+" CONNECTION LIMIT 0"); err != nil {
		return err
	}
	return d.cut(ctx)
}

func (d *server) letIn(ctx context.Context) error {
	_, err := d.ask(ctx, "postgres", "ALTER ROLE "+role+" CONNECTION LIMIT -1")
	return err
}

// fill fills the server's small disk, and clear makes room again. Nobody else's user may write there.
func (d *server) fill(ctx context.Context) error {
	said, err := d.shell(ctx, `cat /dev/zero >"$1"`)
	if err != nil && strings.Contains(said, "No space left") {
		return nil
	}
	return errors.Join(fmt.Errorf("the server's disk cannot be filled: %s", said), err)
}

func (d *server) clear(ctx context.Context) error {
	said, err := d.shell(ctx, `rm "$1"`)
	if err != nil {
		err = fmt.Errorf("the server's disk cannot be cleared: %w: %s", err, said)
	}
	return err
}

// shell runs a script about the file that fills the disk, as the server's user; the disk is seen through the server's own process.
func (d *server) shell(ctx context.Context, script string) (said string, err error) {
	c := exec.CommandContext(ctx, "sh", "-c", script, "sh", filepath.Join(fmt.Sprintf("/proc/%d/root", d.cmd.Process.Pid), d.small, "filler"))
	c.Env, c.Dir, c.SysProcAttr = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}, d.dir, d.user.Attributes()
	out, err := c.CombinedOutput()
	return string(out), err
}
