package storetest

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	engine "modernc.org/sqlite/lib"
)

// shim is a file layer of SQLite's that becomes its default. It hands everything on to the one below, and tells the Disk of a
// file's folder of what changes the file. Files of other folders never notice.
//
// A method of SQLite's is a word that holds a Go function. Only functions that live for ever may stand there, so what
// belongs to a file is looked up by its address.
var shim struct {
	once  sync.Once
	err   error
	layer engine.Tsqlite3_vfs // ours
	below uintptr             // the one below

	mu      sync.RWMutex
	disks   map[string]*Disk       // by folder
	files   map[uintptr]openedFile // by their address
	methods map[uintptr]uintptr    // of our files, by those that they hand on to
}

// openedFile is a file that is open, and the methods that it has below.
type openedFile struct {
	*diskFile

	below *engine.Tsqlite3_io_methods
}

// The signatures of the methods that are replaced.
type (
	openMethod     func(tls *libc.TLS, layer, name, file uintptr, flags int32, outFlags uintptr) int32
	deleteMethod   func(tls *libc.TLS, layer, name uintptr, syncFolder int32) int32
	closeMethod    func(tls *libc.TLS, file uintptr) int32
	writeMethod    func(tls *libc.TLS, file, data uintptr, n int32, at engine.Tsqlite3_int64) int32
	truncateMethod func(tls *libc.TLS, file uintptr, size engine.Tsqlite3_int64) int32
	syncMethod     func(tls *libc.TLS, file uintptr, flags int32) int32
)

// install puts the layer on top, once in a process.
func install() error {
	shim.once.Do(func() {
		shim.disks, shim.files = make(map[string]*Disk), make(map[uintptr]openedFile)
		shim.methods = make(map[uintptr]uintptr)
		tls := libc.NewTLS()
		defer tls.Close()
		if shim.below = engine.Xsqlite3_vfs_find(tls, 0); shim.below == 0 {
			shim.err = errors.New("the engine has no file layer")
			return
		}
		name, err := libc.CString("storetest")
		if err != nil {
			shim.err = err
			return
		}
		ours := copied[engine.Tsqlite3_vfs](tls, shim.below)
		layer := at[engine.Tsqlite3_vfs](ours)
		layer.FpNext, layer.FzName = 0, name
		layer.FxOpen, layer.FxDelete = word(openMethod(openFile)), word(deleteMethod(deleteFile))
		if code := engine.Xsqlite3_vfs_register(tls, ours, 1); code != engine.SQLITE_OK {
			shim.err = fmt.Errorf("the engine refuses the file layer: code %d", code)
		}
	})
	return shim.err
}

func openFile(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	below := at[engine.Tsqlite3_vfs](shim.below)
	code := function[openMethod](below.FxOpen)(tls, shim.below, name, file, flags, outFlags)
	if code != engine.SQLITE_OK || name == 0 {
		return code
	}
	path := libc.GoString(name)
	shim.mu.Lock()
	defer shim.mu.Unlock()
	disk := shim.disks[filepath.Dir(path)]
	if disk == nil {
		return code
	}
	methods := &at[engine.Tsqlite3_file](file).FpMethods
	shim.files[file] = openedFile{disk.file(path), at[engine.Tsqlite3_io_methods](*methods)}
	if shim.methods[*methods] == 0 {
		shim.methods[*methods] = copied[engine.Tsqlite3_io_methods](tls, *methods)
		ours := at[engine.Tsqlite3_io_methods](shim.methods[*methods])
		ours.FxClose, ours.FxWrite = word(closeMethod(closeFile)), word(writeMethod(writeFile))
		ours.FxTruncate, ours.FxSync = word(truncateMethod(truncateFile)), word(syncMethod(syncFile))
	}
	*methods = shim.methods[*methods]
	return code
}

func deleteFile(tls *libc.TLS, _, name uintptr, syncFolder int32) int32 {
	path := libc.GoString(name)
	shim.mu.RLock()
	disk := shim.disks[filepath.Dir(path)]
	shim.mu.RUnlock()
	if disk != nil {
		disk.forget(path)
	}
	return function[deleteMethod](at[engine.Tsqlite3_vfs](shim.below).FxDelete)(tls, shim.below, name, syncFolder)
}

func closeFile(tls *libc.TLS, file uintptr) int32 {
	f := opened(file)
	shim.mu.Lock()
	delete(shim.files, file) // its address may soon be another file's
	shim.mu.Unlock()
	return function[closeMethod](f.below.FxClose)(tls, file)
}

func writeFile(tls *libc.TLS, file, data uintptr, n int32, offset engine.Tsqlite3_int64) int32 {
	f := opened(file)
	trouble := f.disk.next()
	if trouble != 0 {
		n /= 2 // some of it gets there, as with real disks
	}
	f.disk.write(f.diskFile, unsafe.Slice(at[byte](data), n), offset)
	if code := function[writeMethod](f.below.FxWrite)(tls, file, data, n, offset); code != engine.SQLITE_OK {
		return code
	}
	switch trouble {
	case Broken:
		return engine.SQLITE_IOERR_WRITE
	case Full:
		return engine.SQLITE_FULL
	}
	return engine.SQLITE_OK
}

func truncateFile(tls *libc.TLS, file uintptr, size engine.Tsqlite3_int64) int32 {
	f := opened(file)
	if f.disk.next() == Broken { // a full disk has nothing against less
		return engine.SQLITE_IOERR_TRUNCATE
	}
	f.disk.truncate(f.diskFile, size)
	return function[truncateMethod](f.below.FxTruncate)(tls, file, size)
}

func syncFile(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := opened(file)
	if f.disk.next() != 0 {
		return engine.SQLITE_IOERR_FSYNC
	}
	// Nothing here ever loses its power, so the flush itself is spared.
	f.disk.flush(f.diskFile)
	return engine.SQLITE_OK
}

func opened(file uintptr) openedFile {
	shim.mu.RLock()
	defer shim.mu.RUnlock()
	return shim.files[file]
}

// at is the value at an address of the engine's.
func at[T any](p uintptr) *T { return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&p))) }

// copied is a copy of one of the engine's values, in the engine's memory and for ever.
func copied[T any](tls *libc.TLS, p uintptr) uintptr {
	c := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(*at[T](p))))
	*at[T](c) = *at[T](p)
	return c
}

// word is a method as the engine keeps it, and function the way back.
func word[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func function[F any](word uintptr) F { return *(*F)(unsafe.Pointer(&word)) }
