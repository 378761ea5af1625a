package score

import "strings"

// lines is a text whose lines are in the order of their bytes, to be searched as it stands: it takes no memory but its own, and
// nothing has to be read at the start. Lines of # at its head are remarks; # is before every letter and digit.
type lines string

// after returns what follows the given beginning in the line that begins with it; ok is false when none does. Of several lines
// it is the first.
func (l lines) after(beginning string) (rest string, ok bool) {
	low, high := 0, len(l)
	for low < high {
		start := low + strings.LastIndexByte(string(l[low:(low+high)/2]), '\n') + 1
		end := strings.IndexByte(string(l[start:]), '\n')
		if end < 0 {
			end = len(l)
		} else {
			end += start
		}
		if string(l[start:end]) < beginning {
			low = min(end+1, high)
		} else {
			high = start
		}
	}
	line, _, _ := strings.Cut(string(l[low:]), "\n")
	return strings.CutPrefix(line, beginning)
}

// has tells whether there is exactly that line.
func (l lines) has(line string) bool {
	rest, ok := l.after(line)
	return ok && rest == ""
}
