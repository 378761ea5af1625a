package score

import "encoding/json"

// Append writes the facts for ParseFacts.
func (f Facts) Append(b []byte) ([]byte, error) {
	data, err := json.Marshal(f)
	return append(b, data...), err
}

// ParseFacts reads what Append wrote.
func ParseFacts(b []byte) (f Facts, err error) {
	err = json.Unmarshal(b, &f)
	return f, err
}
