package cmd

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent lets the heap grow to three times what lives before it is collected. What lives is small here, some 10 MB,
	// and what a page of orders leaves behind is large: at Go's own 100 collecting takes three times as much of the CPU.
	gcPercent = 200
	// memoryLimit is from where on memory is worth more than time, in bytes. The smallest machines have 512 MB, and the
	// database's own memory is not counted in it.
	memoryLimit = 192 << 20
)

// setMemory sets the garbage collector for a small machine, unless whoever started the process did.
func setMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
