package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"probability/store"
	"probability/store/storetest"
)

func TestSecrets_AreNeverInClearOnTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/data"
	s := storetest.Open(t, store.Config{Dir: dir, Exclusive: true})
	id := connect(t, s, uuid.New(), "a.myshopify.com")
	plain := []string{"shpat_0123456789abcdef0123456789abcdef", "a secret with ñ"}
	scan := func() {
		t.Helper()
		files := must(filepath.Glob(dir + "/*"))(t)
		for _, path := range files {
			content := must(os.ReadFile(path))(t)
			for _, p := range plain {
				if bytes.Contains(content, []byte(p)) || bytes.Contains(content, []byte(base64.StdEncoding.EncodeToString([]byte(p))[:8])) {
					t.Errorf("%s holds %q", path, p)
				}
			}
		}
		if len(files) < 4 {
			t.Errorf("only %v were looked at", files)
		}
	}
	for i, p := range plain {
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.PutSecret(ctx, id, store.SecretAPI, p, noon); err != nil {
				return err
			}
			if got := must(tx.Secret(ctx, id, store.SecretAPI))(t); got != p {
				t.Errorf("in the transaction: %q", got)
			}
			return nil
		})
		if got := must(s.Secret(t.Context(), id, store.SecretAPI))(t); got != p {
			t.Errorf("put %d: got %q", i, got)
		}
		scan()
	}
	if _, err := s.Writer().ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	scan()
}

func TestSecrets_OpenOnlyWhereTheyBelong(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "b.myshopify.com")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.PutSecret(ctx, a, store.SecretAPI, "of a", time.Time{}), tx.PutSecret(ctx, b, store.SecretAPI, "of b", time.Time{}),
				tx.PutSecret(ctx, a, store.SecretClient, "client of a", time.Time{}))
		})
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := s.Writer().ExecContext(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		var sealed []byte
		if err := s.Writer().QueryRowContext(t.Context(), `SELECT value FROM secrets WHERE integration_id = $1 AND kind = 'api_secret'`, a).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		exec(`UPDATE secrets SET value = $1 WHERE integration_id = $2`, sealed, b)
		if got, err := s.Secret(t.Context(), b, store.SecretAPI); err == nil {
			t.Errorf("moved to another integration it opens as %q", got)
		}
		if got, err := s.ShopSecrets(t.Context(), "b.myshopify.com", noon); err == nil {
			t.Errorf("moved to another integration it signs: %v", got)
		}
		exec(`UPDATE secrets SET value = $1 WHERE integration_id = $2 AND kind = 'client_secret'`, sealed, a)
		if got, err := s.Secret(t.Context(), a, store.SecretClient); err == nil {
			t.Errorf("moved to another kind it opens as %q", got)
		}
		for bit := range len(sealed) * 8 {
			broken := bytes.Clone(sealed)
			broken[bit/8] ^= 1 << (bit % 8)
			exec(`UPDATE secrets SET value = $1 WHERE integration_id = $2 AND kind = 'api_secret'`, broken, a)
			if got, err := s.Secret(t.Context(), a, store.SecretAPI); err == nil {
				t.Errorf("with bit %d flipped it opens as %q", bit, got)
			}
		}
		for _, short := range [][]byte{{}, sealed[:1], sealed[:13], sealed[:len(sealed)-1]} {
			exec(`UPDATE secrets SET value = $1 WHERE integration_id = $2 AND kind = 'api_secret'`, short, a)
			if got, err := s.Secret(t.Context(), a, store.SecretAPI); err == nil {
				t.Errorf("with %d bytes it opens as %q", len(short), got)
			}
		}
		exec(`UPDATE secrets SET value = $1 WHERE integration_id = $2 AND kind = 'api_secret'`, sealed, a)
		if got := must(s.Secret(t.Context(), a, store.SecretAPI))(t); got != "of a" {
			t.Errorf("put back: %q", got)
		}
	})
}

func TestShopSecrets_CurrentThenPrevious(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		a, b, none := connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "a.myshopify.com"), connect(t, s, uuid.New(), "a.myshopify.com")
		update(t, s, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(
				tx.PutSecret(ctx, a, store.SecretPreviousAPI, "previous", noon.Add(time.Minute)),
				tx.PutSecret(ctx, a, store.SecretPreviousClient, "expired", noon),
				tx.PutSecret(ctx, a, store.SecretClient, "client", time.Time{}),
				tx.PutSecret(ctx, a, store.SecretAPI, "current", time.Time{}),
				tx.PutSecret(ctx, a, store.SecretAccessToken, "token", time.Time{}),
				tx.PutSecret(ctx, b, store.SecretAPI, "gone", time.Time{}), tx.PutSecret(ctx, b, store.SecretClient, "of b", time.Time{}),
				tx.DeleteSecrets(ctx, b, store.SecretAPI, store.SecretPreviousAPI))
		})
		want := []store.ShopSecrets{
			{IntegrationID: a, Active: true, Secrets: []string{"current", "client", "previous"}},
			{IntegrationID: b, Active: true, Secrets: []string{"of b"}},
			{IntegrationID: none, Active: true},
		}
		got := must(s.ShopSecrets(t.Context(), "A.myshopify.com", noon))(t)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, text := range []string{fmt.Sprint(got), fmt.Sprintf("%+v", got), fmt.Sprintf("%#v", got)} {
			if bytes.Contains([]byte(text), []byte("current")) {
				t.Errorf("it shows itself: %s", text)
			}
		}
		if got := must(s.ShopSecrets(t.Context(), "c.myshopify.com", noon))(t); len(got) != 0 {
			t.Errorf("unknown shop: %v", got)
		}
	})
}

func TestPutSecret_Refuses(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, s *store.Store) {
		id := connect(t, s, uuid.New(), "a.myshopify.com")
		put := func(id int64, plain string) error {
			return s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return tx.PutSecret(ctx, id, store.SecretAPI, plain, time.Time{})
			})
		}
		if err := put(id, ""); err == nil {
			t.Error("an empty secret was stored")
		}
		if err := put(id+1, "x"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("for no integration: got %v, want ErrNotFound", err)
		}
		if _, err := s.Secret(t.Context(), id, store.SecretAPI); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}
