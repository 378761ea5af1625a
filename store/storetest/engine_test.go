package storetest_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"probability/store"
	"probability/store/storetest"
)

// chosen are the engines that the tests below have met, by their names.
var chosen sync.Map

func onTheChosen(t *testing.T) {
	t.Parallel()
	chosen.Store(t.Name(), storetest.Chosen(t).Engine())
	t.Run("within", func(t *testing.T) { chosen.Store(t.Name(), storetest.Engine(t)) })
}

func ofTheFile(t *testing.T) {
	t.Parallel()
	storetest.SQLiteOnly(t, "there is no file")
	chosen.Store(t.Name(), storetest.Engine(t))
}

func TestOnPostgres_RunsTestsOnceMore(t *testing.T) {
	t.Parallel()
	storetest.SQLiteOnly(t, "all tests are run already")
	t.Cleanup(func() { // when all of them have ended
		var got []string
		chosen.Range(func(name, engine any) bool {
			got = append(got, strings.TrimPrefix(name.(string), t.Name()+"/")+" on "+engine.(store.Engine).String())
			return true
		})
		slices.Sort(got)
		want := []string{
			"again/onTheChosen on PostgreSQL", "again/onTheChosen/within on PostgreSQL",
			"ordinary/ofTheFile on SQLite", "ordinary/onTheChosen on SQLite", "ordinary/onTheChosen/within on SQLite",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("again", func(t *testing.T) {
		t.Parallel()
		storetest.OnPostgres(t, onTheChosen, ofTheFile)
	})
	t.Run("ordinary", func(t *testing.T) {
		t.Parallel()
		t.Run("onTheChosen", onTheChosen)
		t.Run("ofTheFile", ofTheFile)
	})
}

// The rows of a server are shown as the file of SQLite is.
func TestRaw_ShowsWhatIsStored(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		if _, err := s.Writer().ExecContext(t.Context(), `INSERT INTO meta (name, value) VALUES ('a note that nobody else writes', $1)`, []byte("and its value")); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"a note that nobody else writes", "and its value"} {
			found := false
			storetest.Raw(t, s, func(_ string, data []byte) { found = found || strings.Contains(string(data), text) })
			if !found {
				t.Errorf("%q is not shown", text)
			}
		}
	})
}
