package storetest

// Size is how much of something large a test does: less with the race detector, which makes the database ten times as slow and
// has seen all there is to see long before.
func Size(full, watched int) int {
	if raced {
		return watched
	}
	return full
}
