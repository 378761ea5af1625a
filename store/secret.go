package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Kinds of secrets.
const (
	SecretAccessToken    = "access_token"
	SecretAPI            = "api_secret"
	SecretClient         = "client_secret"
	SecretPreviousAPI    = "previous_api_secret"
	SecretPreviousClient = "previous_client_secret"
)

// errEmptySecret: an empty secret would verify what anybody signs.
var errEmptySecret = errors.New("an empty secret cannot be stored")

// secretPlace binds a sealed value to its row: moved to another integration or kind it does not open.
func secretPlace(integrationID int64, kind string) string {
	return "secrets|" + kind + "|" + strconv.FormatInt(integrationID, 10)
}

// PutSecret seals and stores a secret in place of the former one of that kind. A zero expiresAt means no end; the time is
// only looked at by ShopSecrets.
func (tx *Tx) PutSecret(ctx context.Context, integrationID int64, kind, plain string, expiresAt time.Time) error {
	op := fmt.Sprintf("secrets: put %s of integration %d", kind, integrationID)
	tx.secrets = true
	if plain == "" {
		return fmt.Errorf("%s: %w", op, errEmptySecret)
	}
	sealed, err := tx.seal(ctx, secretPlace(integrationID, kind), []byte(plain))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	_, err = tx.tx.ExecContext(ctx, `INSERT INTO secrets (integration_id, kind, value, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (integration_id, kind) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
		integrationID, kind, sealed, millis(expiresAt))
	return failed(op, err)
}

// DeleteSecrets removes the named kinds of secrets, or all when none is named. Missing ones are no error.
func (tx *Tx) DeleteSecrets(ctx context.Context, integrationID int64, kinds ...string) error {
	op := fmt.Sprintf("secrets: delete of integration %d", integrationID)
	tx.secrets = true
	if len(kinds) == 0 {
		_, err := tx.tx.ExecContext(ctx, `DELETE FROM secrets WHERE integration_id = $1`, integrationID)
		return failed(op, err)
	}
	for _, kind := range kinds {
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM secrets WHERE integration_id = $1 AND kind = $2`, integrationID, kind); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// Secret opens a secret; ErrNotFound when there is none of that kind.
func (s *Store) Secret(ctx context.Context, integrationID int64, kind string) (string, error) {
	return s.secret(ctx, s.work, integrationID, kind)
}

// Secret opens a secret as the transaction sees it.
func (tx *Tx) Secret(ctx context.Context, integrationID int64, kind string) (string, error) {
	return tx.store.secret(ctx, tx.tx, integrationID, kind)
}

func (s *Store) secret(ctx context.Context, q querier, integrationID int64, kind string) (string, error) {
	op := fmt.Sprintf("secrets: get %s of integration %d", kind, integrationID)
	var plain []byte
	err := s.withKey(ctx, q, func(k *keyring) error {
		sealed, err := get(ctx, q, op, scanOne[[]byte], `SELECT value FROM secrets WHERE integration_id = $1 AND kind = $2`, integrationID, kind)
		if err != nil {
			return err
		}
		if plain, err = k.open(secretPlace(integrationID, kind), sealed); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		return nil
	})
	return string(plain), err
}

// ShopSecrets is what may sign the webhooks of one integration.
type ShopSecrets struct {
	IntegrationID int64
	Active        bool
	Secrets       []string // the current ones, then the previous ones that have not expired
}

// String keeps the secrets out of logs.
func (s ShopSecrets) String() string {
	return fmt.Sprintf("integration %d: %d secrets", s.IntegrationID, len(s.Secrets))
}

// GoString keeps the secrets out of logs.
func (s ShopSecrets) GoString() string { return s.String() }

// LogValue keeps the secrets out of logs.
func (s ShopSecrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Signed tells which of these integrations have a secret that signs webhooks now; it opens none of them.
func (s *Store) Signed(ctx context.Context, ids []int64) (map[int64]bool, error) {
	out := make(map[int64]bool, len(ids))
	err := eachChunk(s.dialect, ids, []any{SecretAPI, SecretClient}, func(in string, args []any) error {
		found, err := list(ctx, s.readers, "secrets: which sign", scanOne[int64],
			`SELECT DISTINCT x.integration_id FROM secrets x WHERE x.kind IN ($1, $2) AND x.integration_id IN (`+in+`) ORDER BY x.integration_id`, args...)
		for _, id := range found {
			out[id] = true
		}
		return err
	})
	return out, err
}

// signingKinds are the secrets that sign webhooks, in the order in which they are tried.
var signingKinds = [...]string{SecretAPI, SecretClient, SecretPreviousAPI, SecretPreviousClient}

// shopSecret is one row of the join of integrations and secrets.
type shopSecret struct {
	id     int64
	active bool
	kind   string
	sealed []byte
}

// ShopSecrets lists every connected integration of a shop, of whichever user, with the secrets that are good at now, by id.
// An integration without any is in the list with none. What another process changes may take a second to be seen. The result
// is shared: it must not be changed.
func (s *Store) ShopSecrets(ctx context.Context, storeName string, now time.Time) ([]ShopSecrets, error) {
	shop := strings.ToLower(storeName)
	owners, ok, changes := s.secrets.get(shop, now)
	if ok {
		return owners, nil
	}
	owners, err := s.readShopSecrets(ctx, shop, now)
	if err == nil {
		s.secrets.put(shop, owners, now, changes)
	}
	return owners, err
}

func (s *Store) readShopSecrets(ctx context.Context, shop string, now time.Time) (owners []ShopSecrets, err error) {
	err = s.withKey(ctx, s.work, func(k *keyring) (err error) {
		owners, err = s.openShopSecrets(ctx, k, shop, now)
		return err
	})
	return owners, err
}

func (s *Store) openShopSecrets(ctx context.Context, k *keyring, shop string, now time.Time) ([]ShopSecrets, error) {
	const op = "secrets: of a shop"
	rows, err := list(ctx, s.work, op, func(r row) (v shopSecret, err error) {
		err = r.Scan(&v.id, &v.active, &v.kind, &v.sealed)
		return v, err
	}, `SELECT i.id, i.active, COALESCE(x.kind, ''), x.value FROM integrations i
		LEFT JOIN secrets x ON x.integration_id = i.id AND x.kind IN ($2, $3, $4, $5) AND (x.expires_at IS NULL OR x.expires_at > $6)
		WHERE i.store_name = $1 AND i.deleted_at IS NULL
		ORDER BY i.id, CASE x.kind WHEN $2 THEN 1 WHEN $3 THEN 2 WHEN $4 THEN 3 ELSE 4 END LIMIT $7`,
		shop, signingKinds[0], signingKinds[1], signingKinds[2], signingKinds[3], now.UnixMilli(), maxRows)
	if err != nil {
		return nil, err
	}
	var out []ShopSecrets
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].IntegrationID != r.id {
			out = append(out, ShopSecrets{IntegrationID: r.id, Active: r.active})
		}
		if r.kind == "" {
			continue
		}
		plain, err := k.open(secretPlace(r.id, r.kind), r.sealed)
		if err != nil {
			return nil, fmt.Errorf("%s: %s of integration %d: %w", op, r.kind, r.id, err)
		}
		last := &out[len(out)-1]
		last.Secrets = append(last.Secrets, string(plain))
	}
	return out, nil
}
