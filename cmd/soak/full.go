package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// diskSize is the size of the small disk, in MB.
const diskSize = 256

// fullDisk runs the service on a small disk of its own, which is full for a while. The disk is memory, mounted in a name space
// that only the service is in, so that no privilege is needed; its content is reached through /proc.
func fullDisk(ctx context.Context, t *trial) error {
	if _, err := exec.LookPath("unshare"); err != nil {
		t.skip("unshare is not here")
		return nil
	}
	n := t.opt.scaled(20_000, 400)
	s, end, err := t.newService(ctx)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	disk := filepath.Join(t.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	script := fmt.Sprintf(`mount -t tmpfs -o size=%dm,mode=0700 tmpfs "$2" && cp -a "$3/." "$2/" && exec "$1" serve`, diskSize)
	env := append([]string{}, s.env...)
	env = append(env, "PROBABILITY_DATA_DIR="+disk)
	s.child, err = start(ctx, s.addr, s.log, env, "unshare", "-r", "-m", "sh", "-c", script, "sh", t.binary, disk, s.data)
	if err != nil {
		t.skip("a disk of its own cannot be had here; the log tells why")
		return nil
	}
	inside := fmt.Sprintf("/proc/%d/root%s", s.cmd.Process.Pid, disk)
	t.figure("the small disk", "tmpfs of %d MB in a user and mount name space", diskSize)
	s.addShop(soakStore, -1)
	id, err := s.connected(ctx, soakStore)
	if err != nil {
		return err
	}

	from := newSender(s.addr, soakStore, firstID, crowd)
	from.all(ctx, n/4, crowd)
	if err := s.worked(ctx, id); err != nil {
		return err
	}
	before, _, _ := from.tally()
	filler := filepath.Join(inside, "filler")
	if err := fill(filler); err != nil {
		return err
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		from.all(ctx, n/2, crowd)
	}()
	if !pause(ctx, max(2*time.Second, t.opt.time/60)) {
		return ctx.Err()
	}
	during, err := s.refuses(ctx, from, before[503])
	if err != nil {
		return err
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	freed := time.Now()
	resumed, err := s.resumes(ctx, from, during[200])
	if err != nil {
		return err
	}
	<-sent
	from.all(ctx, n/4, crowd)

	t.hold(s.alive(), "the process is gone")
	if err := s.delivered(ctx, id, from); err != nil {
		t.hold(false, "%v", err)
	}
	// Nothing is done any more, so that the files can be copied under the service.
	if err := intact(ctx, filepath.Join(inside, "probability.db")); err != nil {
		t.hold(false, "%v", err)
	}
	answers, ts, strange := from.tally()
	t.hold(strange == "", "an answer is %s", strange)
	t.hold(answers[0] == 0, "%d deliveries had no answer, or 503 without Retry-After", answers[0])
	t.figure("refused with 503 while full", "%d; %d fitted in", during[503]-before[503], during[200]-before[200])
	t.figure("room again until the first 200", "%s", rounded(resumed.Sub(freed)))
	t.figure("deliveries acknowledged", "%d, all of them orders, once", answers[200])
	t.figure("answers, p50 / p99 / max", "%s", ts)
	return nil
}

// refuses waits until more is refused with 503 than so far, and gives all answers by then.
func (s *service) refuses(ctx context.Context, from *sender, so int) (answers map[int]int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err = poll(ctx, 5*time.Millisecond, func() (bool, error) {
		answers, _, _ = from.tally()
		return answers[503] > so, nil
	})
	if err != nil {
		err = fmt.Errorf("no delivery was refused while the disk was full: %w", err)
	}
	return answers, err
}

// resumes waits until more is taken than so far.
func (s *service) resumes(ctx context.Context, from *sender, so int) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err := poll(ctx, 5*time.Millisecond, func() (bool, error) {
		answers, _, _ := from.tally()
		return answers[200] > so, nil
	})
	if err != nil {
		err = fmt.Errorf("nothing is taken although there is room again: %w", err)
	}
	return time.Now(), err
}

// fill writes a file until the disk has no room.
func fill(path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for size := 1 << 20; size >= 512; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return err
		}
	}
	return nil
}
