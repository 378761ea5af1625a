package cmd_test

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probability/app/score"
	"probability/cmd"
)

// value is a text for a setting and what it becomes.
type value struct {
	text string
	want any
}

func keyOf(b byte) value {
	raw := []byte(strings.Repeat(string(rune(b)), 32))
	return value{base64.StdEncoding.EncodeToString(raw), cmd.Key(raw)}
}

// settings has, for each key, the default and three other values.
var settings = []struct {
	name    string
	get     func(cmd.Config) any
	def     any
	values  [3]value
	aliases []string
	noFlag  bool
}{
	{
		name: "server.listen", def: "127.0.0.1:8080",
		get:    func(c cmd.Config) any { return c.Server.Listen },
		values: [3]value{{":1", ":1"}, {"[::1]:65535", "[::1]:65535"}, {"localhost:0", "localhost:0"}},
	},
	{
		name: "server.public_url", def: "", aliases: []string{"PUBLIC_WEBHOOK_BASE_URL"},
		get: func(c cmd.Config) any { return c.Server.PublicURL },
		values: [3]value{
			{"https://a.example", "https://a.example"},
			{"https://b.example:8443/", "https://b.example:8443"},
			{"http://127.0.0.1:80", "http://127.0.0.1:80"},
		},
	},
	{
		name: "server.trusted_proxies", def: []netip.Prefix{},
		get: func(c cmd.Config) any { return c.Server.TrustedProxies },
		values: [3]value{
			{"10.0.0.0/8", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
			{"fd00::/8, 10.1.2.3/16", []netip.Prefix{netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("10.1.0.0/16")}},
			{"192.0.2.1/32", []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}},
		},
	},
	{
		name: "data.dir", def: "./data",
		get:    func(c cmd.Config) any { return c.Data.Dir },
		values: [3]value{{"a", "a"}, {"/b", "/b"}, {"./c d", "./c d"}},
	},
	{
		name: "database.url", def: cmd.Secret(""), noFlag: true,
		get: func(c cmd.Config) any { return c.Database.URL },
		values: [3]value{
			{"postgres://a:b@c/d", cmd.Secret("postgres://a:b@c/d")},
			{"postgresql://a@c:6432/d?sslmode=require", cmd.Secret("postgresql://a@c:6432/d?sslmode=require")},
			{"postgres:///d?host=/run/postgresql", cmd.Secret("postgres:///d?host=/run/postgresql")},
		},
	},
	{
		name: "security.encryption_key", def: cmd.Key(nil), aliases: []string{"SHOPIFY_ENCRYPTION_KEY"}, noFlag: true,
		get:    func(c cmd.Config) any { return c.Security.EncryptionKey },
		values: [3]value{keyOf('a'), keyOf('b'), keyOf('c')},
	},
	{
		name: "shopify.api_version", def: "2026-10",
		get:    func(c cmd.Config) any { return c.Shopify.APIVersion },
		values: [3]value{{"2027-01", "2027-01"}, {"2027-04", "2027-04"}, {"unstable", "unstable"}},
	},
	{
		name: "shopify.app_secret", def: cmd.Secret(""), aliases: []string{"SHOPIFY_APP_SECRET"}, noFlag: true,
		get:    func(c cmd.Config) any { return c.Shopify.AppSecret },
		values: [3]value{{"one", cmd.Secret("one")}, {"two", cmd.Secret("two")}, {"three", cmd.Secret("three")}},
	},
	{
		name: "shopify.endpoint", def: "https://{shop}",
		get: func(c cmd.Config) any { return c.Shopify.Endpoint },
		values: [3]value{
			{"http://127.0.0.1:9/{shop}", "http://127.0.0.1:9/{shop}"},
			{"https://a.example/", "https://a.example"},
			{"https://{shop}:444", "https://{shop}:444"},
		},
	},
	{
		name: "sync.initial_window", def: 90 * 24 * time.Hour,
		get:    func(c cmd.Config) any { return c.Sync.InitialWindow },
		values: [3]value{{"1d", 24 * time.Hour}, {"1d12h", 36 * time.Hour}, {"90m", 90 * time.Minute}},
	},
	{
		name: "sync.interval", def: 15 * time.Minute,
		get:    func(c cmd.Config) any { return c.Sync.Interval },
		values: [3]value{{"0", time.Duration(0)}, {"1h", time.Hour}, {"30s", 30 * time.Second}},
	},
	{
		name: "privacy.erase_after_uninstall", def: time.Duration(0),
		get:    func(c cmd.Config) any { return c.Privacy.EraseAfterUninstall },
		values: [3]value{{"48h", 48 * time.Hour}, {"30d", 720 * time.Hour}, {"0", time.Duration(0)}},
	},
	{
		name: "admin.email", def: "",
		get:    func(c cmd.Config) any { return c.Admin.Email },
		values: [3]value{{"ana@example.com", "ana@example.com"}, {"luis@example.com", "luis@example.com"}, {"a@b.example", "a@b.example"}},
	},
	{
		name: "admin.password_file", def: "",
		get:    func(c cmd.Config) any { return c.Admin.PasswordFile },
		values: [3]value{{"/run/secrets/a", "/run/secrets/a"}, {"./b", "./b"}, {"c", "c"}},
	},
	{
		name: "jobs.workers", def: 0,
		get:    func(c cmd.Config) any { return c.Jobs.Workers },
		values: [3]value{{"1", 1}, {"16", 16}, {"3", 3}},
	},
	{
		name: "log.level", def: slog.LevelInfo,
		get:    func(c cmd.Config) any { return c.Log.Level },
		values: [3]value{{"debug", slog.LevelDebug}, {"warn", slog.LevelWarn}, {"error", slog.LevelError}},
	},
	{
		name: "log.format", def: "",
		get:    func(c cmd.Config) any { return c.Log.Format },
		values: [3]value{{"json", "json"}, {"text", "text"}, {"json", "json"}},
	},
	{
		name: "scoring.bands.high", def: 80,
		get:    func(c cmd.Config) any { return c.Scoring.Bands.High },
		values: [3]value{{"81", 81}, {"99", 99}, {"61", 61}},
	},
	{
		name: "scoring.bands.medium", def: 60,
		get:    func(c cmd.Config) any { return c.Scoring.Bands.Medium },
		values: [3]value{{"61", 61}, {"79", 79}, {"41", 41}},
	},
	{
		name: "scoring.bands.low", def: 40,
		get:    func(c cmd.Config) any { return c.Scoring.Bands.Low },
		values: [3]value{{"1", 1}, {"59", 59}, {"30", 30}},
	},
	{
		name: "scoring.explore", def: 0.0,
		get:    func(c cmd.Config) any { return c.Scoring.Explore },
		values: [3]value{{"0.05", 0.05}, {"0.1", 0.1}, {"0", 0.0}},
	},
	{
		name: "scoring.carriers", def: []score.CarrierRule(nil), noFlag: true,
		get: func(c cmd.Config) any { return c.Scoring.Carriers },
		values: [3]value{
			{`[{"carrier":"TCC","use":"prefer"}]`, []score.CarrierRule{{Carrier: "TCC", Use: "prefer"}}},
			{`[{"country":"CO","province":"Cundinamarca","city":"Soacha","carrier":"TCC","use":"exclude"}]`, []score.CarrierRule{
				{Country: "CO", Province: "Cundinamarca", City: "Soacha", Carrier: "TCC", Use: "exclude"},
			}},
			{`[]`, []score.CarrierRule{}},
		},
	},
	{
		name: "scoring.factors.night_order.weight", def: (*float64)(nil), noFlag: true,
		get:    func(c cmd.Config) any { return c.Scoring.Factors["night_order"].Weight },
		values: [3]value{{"-0.5", new(-0.5)}, {"0", new(0.0)}, {"-5", new(-5.0)}},
	},
	{
		name: "scoring.factors.night_order.off", def: false, noFlag: true,
		get:    func(c cmd.Config) any { return c.Scoring.Factors["night_order"].Off },
		values: [3]value{{"true", true}, {"false", false}, {"true", true}},
	},
}

func envName(key string) string {
	return "PROBABILITY_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// inFile writes ./config.yaml of a new folder with one setting.
func inFile(t *testing.T, key, text string) {
	t.Helper()
	groups := strings.Split(key, ".")
	name, file := groups[len(groups)-1], ""
	for depth, group := range groups[:len(groups)-1] {
		file += strings.Repeat("  ", depth) + group + ":\n"
	}
	writeConfig(t, file+fmt.Sprintf("%s%s: %q\n", strings.Repeat("  ", len(groups)-1), name, text))
}

func writeConfig(t *testing.T, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("config.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestConfig_FlagOverEnvironmentOverFileOverDefault(t *testing.T) {
	covered := []string{}
	for _, s := range settings {
		covered = append(covered, s.name)
		t.Run(s.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			check := func(source string, want any, args ...string) {
				t.Helper()
				cfg, err := cmd.LoadConfig(args...)
				if err != nil {
					t.Fatalf("%s: %v", source, err)
				}
				if diff := cmp.Diff(want, s.get(cfg), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
					t.Errorf("%s (-want +got):\n%s", source, diff)
				}
			}
			check("default", s.def)
			inFile(t, s.name, s.values[0].text)
			check("file", s.values[0].want)
			for _, alias := range s.aliases {
				t.Setenv(alias, s.values[2].text)
				check("alias over file", s.values[2].want)
			}
			t.Setenv(envName(s.name), s.values[1].text)
			check("environment over alias and file", s.values[1].want)
			if s.noFlag {
				return
			}
			for _, flag := range []string{
				"--" + s.name,
				"--" + strings.ReplaceAll(s.name, "_", "-"),
				"--" + strings.ReplaceAll(s.name, ".", "-"),
				"--" + strings.NewReplacer(".", "-", "_", "-").Replace(s.name),
			} {
				check(flag+" over environment", s.values[2].want, flag, s.values[2].text)
				check(flag+"= over environment", s.values[2].want, flag+"="+s.values[2].text)
			}
		})
	}
	// They are only valid together: see TestScoring_EconomyIsWhole.
	covered = append(covered, "scoring.economy.currency", "scoring.economy.margin", "scoring.economy.return_cost")
	for _, name := range cmd.KeyNames() {
		if strings.HasPrefix(name, "scoring.factors.") { // two for each code; those of one are above
			continue
		}
		if !slices.Contains(covered, name) {
			t.Errorf("%s is not covered", name)
		}
	}
}

func TestConfig_EmptyEnvironmentCountsAsNotSet(t *testing.T) {
	inFile(t, "server.listen", "127.0.0.1:1")
	t.Setenv("PROBABILITY_SERVER_LISTEN", "")
	t.Setenv("PROBABILITY_SERVER_PUBLIC_URL", "")
	t.Setenv("PUBLIC_WEBHOOK_BASE_URL", "https://alias.example")
	cfg, err := cmd.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Server.Listen, "127.0.0.1:1"; got != want {
		t.Errorf("server.listen: got %q, want %q", got, want)
	}
	if got, want := cfg.Server.PublicURL, "https://alias.example"; got != want {
		t.Errorf("server.public_url: got %q, want %q", got, want)
	}
}

func TestConfig_FlagEmptiesWhatTheFileSets(t *testing.T) {
	inFile(t, "server.public_url", "https://file.example")
	cfg, err := cmd.LoadConfig("--server-public-url=")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Server.PublicURL != "" {
		t.Errorf("got %q, want none", cfg.Server.PublicURL)
	}
}

func TestConfig_FileForms(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want func(cmd.Config) bool
	}{
		"empty file":       {"", func(c cmd.Config) bool { return c.Server.Listen == "127.0.0.1:8080" }},
		"only comments":    {"# nothing\n", func(c cmd.Config) bool { return c.Data.Dir == "./data" }},
		"group of nothing": {"server:\n  # listen: x\nlog:\n  level: debug\n", func(c cmd.Config) bool { return c.Log.Level == slog.LevelDebug }},
		"key of nothing":   {"server:\n  listen:\n", func(c cmd.Config) bool { return c.Server.Listen == "127.0.0.1:8080" }},
		"list of proxies": {
			"server:\n  trusted_proxies:\n    - 10.0.0.0/8\n    - ::1/128\n",
			func(c cmd.Config) bool { return len(c.Server.TrustedProxies) == 2 },
		},
		"empty list":       {"server:\n  trusted_proxies: []\n", func(c cmd.Config) bool { return len(c.Server.TrustedProxies) == 0 }},
		"number":           {"jobs:\n  workers: 7\n", func(c cmd.Config) bool { return c.Jobs.Workers == 7 }},
		"zero as number":   {"sync:\n  interval: 0\n", func(c cmd.Config) bool { return c.Sync.Interval == 0 }},
		"version unquoted": {"shopify:\n  api_version: 2026-07\n", func(c cmd.Config) bool { return c.Shopify.APIVersion == "2026-07" }},
		"key unpadded": {
			"security:\n  encryption_key: " + strings.TrimRight(keyOf('k').text, "=") + "\n",
			func(c cmd.Config) bool { return string(c.Security.EncryptionKey) == strings.Repeat("k", 32) },
		},
		"key URL-safe": {
			"security:\n  encryption_key: " + base64.URLEncoding.EncodeToString([]byte(strings.Repeat("\xfb\xff", 16))) + "\n",
			func(c cmd.Config) bool { return string(c.Security.EncryptionKey) == strings.Repeat("\xfb\xff", 16) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			writeConfig(t, c.file)
			cfg, err := cmd.LoadConfig()
			if err != nil {
				t.Fatal(err)
			}
			if !c.want(cfg) {
				t.Errorf("got %+v", cfg)
			}
		})
	}
}

func TestConfig_NamedFileReplacesTheOneInTheFolder(t *testing.T) {
	inFile(t, "log.level", "nonsense")
	if err := os.WriteFile("other.yaml", []byte("log: {level: warn}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := cmd.LoadConfig("--config", "other.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Log.Level, slog.LevelWarn; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestConfig_NeverShowsSecrets(t *testing.T) {
	t.Chdir(t.TempDir())
	key := keyOf('s')
	t.Setenv("SHOPIFY_ENCRYPTION_KEY", key.text)
	t.Setenv("SHOPIFY_APP_SECRET", "the-app-secret")
	cfg, err := cmd.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("configuration", "config", cfg, "key", cfg.Security.EncryptionKey, "secret", cfg.Shopify.AppSecret)
	}
	text := log.String() + fmt.Sprintf("%v %+v %#v %x %d %s %q", cfg, cfg, cfg, cfg.Security.EncryptionKey, cfg.Security.EncryptionKey, cfg.Shopify.AppSecret, cfg.Shopify.AppSecret)
	for _, secret := range []string{"the-app-secret", key.text, strings.Repeat("s", 32), strings.Repeat("73", 8), "115 115"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is shown in %s", secret, text)
		}
	}
	if !strings.Contains(text, "(set)") || !strings.Contains(log.String(), "(set)") {
		t.Errorf("want to see that they are set in %s", text)
	}
}
