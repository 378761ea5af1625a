package storetest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// Trouble is a way in which a disk refuses to write.
type Trouble int

// The ways to refuse.
const (
	Broken Trouble = iota + 1 // an input/output error
	Full                      // no space left
)

// sector is what a disk writes wholly or not at all, in bytes.
const sector = 512

// Disk is the disk below one folder, seen from SQLite: it can refuse to write, and tell what a loss of power would leave.
// Writes, flushes and truncations are its operations.
type Disk struct {
	dir string

	mu         sync.Mutex
	operations int
	files      map[string]*diskFile // by path
	trouble    Trouble
	from, to   int // operations that meet the trouble
	met        int // how many did
	before     map[int]func()
}

// diskFile is what is safe of a file, and what was done to it since, in that order.
type diskFile struct {
	disk    *Disk
	safe    []byte
	pending []change
}

// change is a write, or a truncation when there is no data.
type change struct {
	at   int64
	data []byte
}

// NewDisk is the disk below a folder, which need not exist yet. It must come before the store that is opened in the folder.
func NewDisk(tb testing.TB, dir string) *Disk {
	tb.Helper()
	SQLiteOnly(tb, "the server writes to the disk, and there is no layer of ours below it")
	if err := install(); err != nil {
		tb.Fatalf("file layer: %v", err)
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(dir)) // as SQLite names its files
	if err != nil {
		tb.Fatal(err)
	}
	d := &Disk{dir: filepath.Join(parent, filepath.Base(dir)), files: make(map[string]*diskFile), before: make(map[int]func())}
	shim.mu.Lock()
	shim.disks[d.dir] = d
	shim.mu.Unlock()
	tb.Cleanup(func() {
		shim.mu.Lock()
		defer shim.mu.Unlock()
		delete(shim.disks, d.dir)
	})
	return d
}

// Fail lets the nth operation from now on fail, and the times-1 after it; 0: all until Heal.
func (d *Disk) Fail(how Trouble, nth, times int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble, d.met, d.from, d.to = how, 0, d.operations+nth, d.operations+nth+times
	if times == 0 {
		d.to = int(^uint(0) >> 1)
	}
}

// Heal ends the trouble.
func (d *Disk) Heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = 0
}

// Met is how many operations the last trouble has hit.
func (d *Disk) Met() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.met
}

// Before calls do once, just before the nth operation from now on. The engine waits for it.
func (d *Disk) Before(nth int, do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before[d.operations+nth] = do
}

// LosePower writes what might be left into another folder if the power failed now: all that was flushed, and of the rest
// anything between nothing and everything, torn where a disk may tear it.
func (d *Disk) LosePower(random *rand.Rand, into string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := os.MkdirAll(into, 0o700); err != nil {
		return err
	}
	for path, f := range d.files {
		if err := os.WriteFile(filepath.Join(into, filepath.Base(path)), f.survivor(random), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// survivor is the file as one of the many that a loss of power might leave.
func (f *diskFile) survivor(random *rand.Rand) []byte {
	left := slices.Clone(f.safe)
	mood := random.IntN(4)
	for _, c := range f.pending {
		switch {
		case mood == 0: // nothing got there
		case mood == 1: // everything did
			left = c.apply(left)
		case mood == 2 || c.data == nil: // whole writes are missing
			if random.IntN(2) == 0 {
				left = c.apply(left)
			}
		default: // sectors are
			for from := int64(0); from < int64(len(c.data)); {
				to := min(from+sector-(c.at+from)%sector, int64(len(c.data)))
				if random.IntN(2) == 0 {
					left = change{c.at + from, c.data[from:to]}.apply(left)
				}
				from = to
			}
		}
	}
	return left
}

func (c change) apply(b []byte) []byte {
	end := c.at + int64(len(c.data))
	if c.data == nil {
		b = b[:min(c.at, int64(len(b)))]
	}
	if missing := end - int64(len(b)); missing > 0 {
		b = append(b, make([]byte, missing)...)
	}
	copy(b[c.at:], c.data)
	return b
}

// next counts an operation and tells what becomes of it.
func (d *Disk) next() Trouble {
	d.mu.Lock()
	d.operations++
	do := d.before[d.operations]
	delete(d.before, d.operations)
	hit := d.trouble
	if d.operations < d.from || d.operations >= d.to {
		hit = 0
	}
	if hit != 0 {
		d.met++
	}
	d.mu.Unlock()
	if do != nil {
		do()
	}
	return hit
}

// file is a file of the folder; what it had before this disk was looked at is safe.
func (d *Disk) file(path string) *diskFile {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[path]
	if f == nil {
		f = &diskFile{disk: d}
		f.safe, _ = os.ReadFile(path) // a file that is not there yet has nothing
		d.files[path] = f
	}
	return f
}

func (d *Disk) forget(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, path)
}

func (d *Disk) write(f *diskFile, data []byte, at int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f.pending = append(f.pending, change{at, append(make([]byte, 0, len(data)), data...)})
}

func (d *Disk) truncate(f *diskFile, size int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f.pending = append(f.pending, change{at: size})
}

func (d *Disk) flush(f *diskFile) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range f.pending {
		f.safe = c.apply(f.safe)
	}
	f.pending = nil
}
