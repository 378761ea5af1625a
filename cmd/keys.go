package cmd

import (
	"slices"
	"strings"
)

// envPrefix begins the environment name of every key.
const envPrefix = "PROBABILITY_"

// key is one setting. The table of them is the only place where a setting is
// named; only the struct that receives the values repeats the names, and
// UnmarshalExact proves that the two agree.
type key struct {
	name    string   // as in the file: group.name
	def     string   // default, in the text form that a flag would take
	defNote string   // what an empty or zero default means
	kind    kind     // how its text becomes a value
	noFlag  string   // why it has no flag; empty: it has one
	aliases []string // other environment names; the PROBABILITY_ name wins
	help    string   // one sentence, lower case, no full stop
	example string   // a value for the example file, where the default says little

	optional bool   // without a value it is not there at all, instead of empty
	asJSON   bool   // its text is JSON, which the file may write as YAML
	fraction bool   // the file may write it as a number with a fraction
	truth    bool   // the file may write it as true or false
	every    string // keys that the documentation shows as one: under which name
}

// keys returns the table, in the order of the documentation.
func keys() []key {
	const shownByPs = "flags are visible to every user of the machine"
	return append([]key{
		{
			name: "server.listen", def: "127.0.0.1:8080", kind: address(),
			help: "address to listen on; port 0 takes any free one",
		},
		{
			name: "server.public_url", kind: publicURL(), aliases: []string{"PUBLIC_WEBHOOK_BASE_URL"},
			help:    "https base that Shopify can reach; webhook addresses are built from it",
			example: "https://orders.example.com",
		},
		{
			name: "server.trusted_proxies", defNote: "none", kind: prefixes(),
			help:    "CIDRs of the proxies whose X-Forwarded-* headers are believed",
			example: "[10.0.0.0/8, 192.168.0.0/16]",
		},
		{
			name: "data.dir", def: "./data", kind: folder(),
			help: "folder of the database and the key file; created with mode 0700",
		},
		{
			name: "database.url", kind: databaseURL(), noFlag: shownByPs,
			help:    "empty: SQLite in data.dir; postgres://…: PostgreSQL, which several processes may share",
			example: "postgres://probability:PASSWORD@db.example.com:5432/probability?sslmode=verify-full",
		},
		{
			name: "security.encryption_key", defNote: "the file key in data.dir", kind: encryptionKey(), noFlag: shownByPs,
			aliases: []string{"SHOPIFY_ENCRYPTION_KEY"},
			help:    "32 bytes in base64 that encrypt the stored secrets; empty: data.dir/key is read, or made with mode 0600",
			example: "output of: openssl rand -base64 32",
		},
		{
			name: "shopify.api_version", def: "2026-10", kind: apiVersion(),
			help: "version of Shopify's Admin API",
		},
		{
			name: "shopify.app_secret", kind: appSecret(), noFlag: shownByPs, aliases: []string{"SHOPIFY_APP_SECRET"},
			help:    "app secret that signs the webhooks of stores that bring no secret of their own",
			example: "shpss_…",
		},
		{
			name: "shopify.endpoint", def: "https://{shop}", kind: endpoint(),
			help: "base URL of a store's Admin API, {shop} being its domain; changed only for a simulator",
		},
		{
			name: "sync.initial_window", def: "90d", kind: duration(false),
			help: "how far back the first import of a store goes",
		},
		{
			name: "sync.interval", def: "15m", kind: duration(true),
			help: "time between two syncs of an active store; 0 turns them off",
		},
		{
			name: "privacy.erase_after_uninstall", def: "0", kind: duration(true),
			help: "how long after its app was removed a store's data is erased, such as 48h; 0: only when Shopify asks for it (shop/redact)",
		},
		{
			name: "admin.email", defNote: "none", kind: email(),
			help:    "while no account exists: e-mail of the administrator that the service makes by itself, instead of printing a set-up link",
			example: "me@example.com",
		},
		{
			name: "admin.password_file", defNote: "none", kind: file(),
			help:    "file with that administrator's password on one line; read only while no account exists",
			example: "/run/secrets/admin_password",
		},
		{
			name: "jobs.workers", def: "0", defNote: "by CPU count", kind: count(1000),
			help: "jobs that run at the same time; 0 chooses by CPU count",
		},
		{
			name: "log.level", def: "info", kind: level(),
			help: "debug, info, warn or error",
		},
		{
			name: "log.format", defNote: "text on a terminal, else json", kind: oneOf("text", "json"),
			help: "text or json",
		},
	}, scoringKeys()...)
}

// documented are the keys as documentation shows them: those that are shown as one under their common name.
func documented() []key {
	var list []key
	for _, k := range keys() {
		if k.every != "" {
			k.name = k.every
			if slices.ContainsFunc(list, func(l key) bool { return l.name == k.name }) {
				continue
			}
		}
		list = append(list, k)
	}
	return list
}

// env is the environment name of the key.
func (k key) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// envs are all environment names of the key, the strongest first.
func (k key) envs() []string { return append([]string{k.env()}, k.aliases...) }

// flag is the canonical flag of the key, without dashes.
func (k key) flag() string { return flagName(k.name) }

// flagName writes a name as flags are written, so that --server.public_url,
// --server-public_url and --server-public-url are one flag.
func flagName(name string) string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(name)
}

// findKey returns the key that same accepts.
func findKey(same func(key) bool) (key, bool) {
	for _, k := range keys() {
		if same(k) {
			return k, true
		}
	}
	return key{}, false
}

// nearest returns the candidate with the fewest edits from name, or "" when none
// is near enough to be what was meant.
func nearest(name string, candidates []string) string {
	best, least := "", len(name)/3+2
	for _, c := range candidates {
		if d := edits(name, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
