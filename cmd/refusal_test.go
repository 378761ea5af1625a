package cmd_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"probability/cmd"
)

// malformed has, for each key, texts that must be refused and a word of the reason.
var malformed = []struct {
	key   string
	texts []string
	want  string
}{
	{"server.listen", []string{"8080", "127.0.0.1", "host:port", "127.0.0.1:65536", "127.0.0.1:-1", "http://127.0.0.1:80", "a b:80"}, "expected"},
	{"server.public_url", []string{"example.com", "http://example.com", "ftp://example.com", "https://", "https://u:pass@example.com"}, "https://"},
	{"server.public_url", []string{"https://example.com?q=1", "https://example.com/#f", "https://example.com?"}, "without query and fragment"},
	{"server.trusted_proxies", []string{"10.0.0.1", "10.0.0.0/33", "10.0.0.0/8;10.0.0.0/8", "all"}, "CIDR"},
	{"data.dir", []string{"~/data", "~"}, "folder"},
	{"database.url", []string{"mysql://user:pass@host/db", "anything", "host=h user=u password=pass", "postgres://u:p@ss@h:port/db", "postgres://u:pass@h/db?sslmode=maybe"}, "postgres://"},
	{"security.encryption_key", []string{"pass", "AAAA", "not base64 at all", strings.Repeat("A", 44) + "A"}, "32 bytes"},
	{"shopify.api_version", []string{"latest", "2026", "2026-13", "2026-10-01", "v2026-10"}, "year-month"},
	{"shopify.app_secret", []string{"pass word", "pass\nword", "contraseña"}, "without blanks"},
	{"shopify.endpoint", []string{"{shop}", "ftp://{shop}", "https://u:pass@{shop}", "https://{shop}?a=b", "https://"}, "base URL"},
	{"sync.initial_window", []string{"90", "90 d", "-1d", "d", "1.5d", "1d-1h", "1h1d", "200000d", "0", "0s", "soon"}, "duration"},
	{"sync.interval", []string{"15", "-15m", "15mins", "m"}, "duration"},
	{"jobs.workers", []string{"-1", "1.5", "many", "1001", "0x10"}, "whole number"},
	{"log.level", []string{"verbose", "info,debug", "-4"}, "debug, info, warn or error"},
	{"log.format", []string{"xml"}, "text or json"},
}

func TestConfig_RefusesMalformedValues(t *testing.T) {
	check := func(t *testing.T, source, key, text, want string, err error) {
		t.Helper()
		if err == nil {
			t.Fatalf("%s: %q is accepted", source, text)
		}
		message := err.Error()
		for _, part := range []string{key, source, want} {
			if !strings.Contains(message, part) {
				t.Errorf("got %q, want it to contain %q", message, part)
			}
		}
		if strings.Contains(message, "pass") || strings.Contains(message, "\n") {
			t.Errorf("got %q, want one line without the value", message)
		}
		if got := cmd.ExitCode(err); got != 2 {
			t.Errorf("got exit code %d, want 2", got)
		}
	}
	noFlag := []string{"database.url", "security.encryption_key", "shopify.app_secret"}
	for _, m := range malformed {
		for _, text := range m.texts {
			t.Run(m.key+"="+text, func(t *testing.T) {
				inFile(t, m.key, text)
				_, err := cmd.LoadConfig()
				check(t, "./config.yaml", m.key, text, m.want, err)

				t.Chdir(t.TempDir())
				if !slices.Contains(noFlag, m.key) {
					flag := "--" + strings.NewReplacer(".", "-", "_", "-").Replace(m.key)
					_, err = cmd.LoadConfig(flag + "=" + text)
					check(t, flag, m.key, text, m.want, err)
				}
				t.Setenv(envName(m.key), text)
				_, err = cmd.LoadConfig()
				check(t, envName(m.key), m.key, text, m.want, err)
			})
		}
	}
}

func TestConfig_RefusesAMalformedValueThatAStrongerSourceHides(t *testing.T) {
	inFile(t, "sync.interval", "nonsense")
	t.Setenv("PROBABILITY_SYNC_INTERVAL", "1h")
	_, err := cmd.LoadConfig("--sync-interval=2h")
	if err == nil || !strings.Contains(err.Error(), "./config.yaml") {
		t.Errorf("got %v, want the file refused", err)
	}
}

func TestConfig_RefusesMalformedAliases(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PUBLIC_WEBHOOK_BASE_URL", "http://example.com")
	_, err := cmd.LoadConfig()
	if err == nil || !strings.Contains(err.Error(), "server.public_url (environment variable PUBLIC_WEBHOOK_BASE_URL)") {
		t.Errorf("got %v, want the alias named", err)
	}
}

func TestConfig_RefusesWhatTheFileMustNotHold(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"second document":       {"log:\n  level: info\n---\nbogus: 1\n", "second document"},
		"unknown group":         {"servr:\n  listen: :80\n", "unknown setting servr"},
		"unknown nested":        {"server:\n  lisen: :80\n", "did you mean server.listen?"},
		"unknown empty group":   {"other: {}\n", "unknown setting other"},
		"unknown without value": {"server:\n  port:\n", "unknown setting server.port"},
		"too deep":              {"server:\n  listen:\n    port: 80\n", "server.listen"},
		"other case":            {"Server:\n  listen: :80\n", "did you mean server?"},
		"group as value":        {"server: 127.0.0.1:80\n", "group of settings"},
		"group as list":         {"server:\n  - listen: :80\n", "group of settings"},
		"list for text":         {"server:\n  listen: [a, b]\n", "server.listen"},
		"truth for text":        {"log:\n  level: true\n", "expected a text"},
		"fraction for number":   {"jobs:\n  workers: 1.5\n", "jobs.workers"},
		"text for number":       {"jobs:\n  workers: many\n", "jobs.workers"},
		"numbers in list":       {"server:\n  trusted_proxies: [1, 2]\n", "server.trusted_proxies"},
		"number without unit":   {"sync:\n  interval: 15\n", "sync.interval"},
		"scoring":               {"scoring:\n  weights: {}\n", "unknown setting scoring.weights"},
		"unknown factor":        {"scoring:\n  factors:\n    night_ordr:\n      off: true\n", "unknown setting scoring.factors.night_ordr"},
		"weight by itself":      {"scoring:\n  factors:\n    night_order: -1\n", "scoring.factors.night_order"},
		"weight as text":        {"scoring:\n  factors:\n    night_order:\n      weight: much\n", "scoring.factors.night_order.weight"},
		"weight not finite":     {"scoring:\n  factors:\n    night_order:\n      weight: .inf\n", "scoring.factors.night_order.weight"},
		"off as number":         {"scoring:\n  factors:\n    night_order:\n      off: 1\n", "true or false"},
		"band out of range":     {"scoring:\n  bands:\n    low: 0\n", "scoring.bands.low"},
		"band with a fraction":  {"scoring:\n  bands:\n    low: 1.5\n", "scoring.bands.low"},
		"rule misspelt":         {"scoring:\n  carriers:\n    - carier: TCC\n", "scoring.carriers"},
		"rules as text":         {"scoring:\n  carriers: TCC\n", "scoring.carriers"},
		"amount below zero":     {"scoring:\n  economy:\n    margin: -1\n", "scoring.economy.margin"},
		"too much exploring":    {"scoring:\n  explore: 0.2\n", "scoring.explore"},
		"twice":                 {"log:\n  level: info\n  level: warn\n", "YAML"},
		"twice, as one name":    {"log.level: info\nlog:\n  level: warn\n", "log.level"},
		"no YAML":               {"server: [\n", "YAML"},
		"a list":                {"- server\n", "YAML"},
		"a secret in no YAML":   {"shopify:\n\tapp_secret: hush\n", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			writeConfig(t, c.file)
			_, err := cmd.LoadConfig()
			if err == nil {
				t.Fatal("the file is accepted")
			}
			if message := err.Error(); !strings.Contains(message, c.want) || !strings.Contains(message, "config.yaml") ||
				strings.Contains(message, "hush") || strings.Contains(message, "\n") {
				t.Errorf("got %q, want one line with %q and the file's name", message, c.want)
			}
			if got := cmd.ExitCode(err); got != 2 {
				t.Errorf("got exit code %d, want 2", got)
			}
		})
	}
}

func TestConfig_RefusesAFileThatCannotBeRead(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"missing.yaml", "folder"} {
		_, err := cmd.LoadConfig("--config", name)
		if err == nil || !strings.Contains(err.Error(), name) || cmd.ExitCode(err) != 2 {
			t.Errorf("%s: got %v, want it refused by name", name, err)
		}
	}
}

func TestConfig_Environment(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"PROBABILITY_SERVER_LISTN":                       {":80", "did you mean PROBABILITY_SERVER_LISTEN?"},
		"PROBABILITY_SERVER_PORT":                        {"80", "unknown environment variable PROBABILITY_SERVER_PORT"},
		"PROBABILITY_XYZZY":                              {"", "config.example.yaml"},
		"PROBABILITY_SCORING_WEIGHTS_COD":                {"1", "unknown environment variable PROBABILITY_SCORING_WEIGHTS_COD"},
		"PROBABILITY_SCORING_BANDS_HIGH":                 {"50", "scoring.bands: expected high above medium"},
		"PROBABILITY_SCORING_FACTORS_NIGHT_ORDER_WEIGHT": {"0.5", "scoring.factors.night_order.weight: expected 0 or a number below it"},
		"PROBABILITY_SCORING_ECONOMY_CURRENCY":           {"COP", "scoring.economy.margin: expected an amount"},
		"PROBABILITY_SCORING_CARRIERS":                   {`[{"carrier":"TCC","use":"like"}]`, "scoring.carriers.0.use: expected prefer or exclude"},
		"PROBABILITY_DATABASE_URL":                       {"postgres://u:hush@h:port/d", "expected an address such as postgres://"},
		"PROBABILITY_SERVICE_HOST":                       {"10.0.0.1", ""},
		"PROBABILITY_SERVICE_PORT":                       {"80", ""},
		"PROBABILITY_SERVICE_PORT_HTTP":                  {"80", ""},
		"PROBABILITY_PORT":                               {"tcp://10.0.0.1:80", ""},
		"PROBABILITY_PORT_8080_TCP":                      {"tcp://10.0.0.1:80", ""},
		"PROBABILITY_PORT_8080_TCP_ADDR":                 {"10.0.0.1", ""},
		"PROBABILITY_BACKUP_PORT_8080_TCP_PROTO":         {"tcp", ""},
		"PROBABILITIES_ARE_NOT_OURS":                     {"x", ""},
		"SHOPIFY_API_KEY":                                {"x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv(name, c.value)
			_, err := cmd.LoadConfig()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want it left alone", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush")):
				t.Errorf("got %v, want %q", err, c.want)
			case c.want != "" && cmd.ExitCode(err) != 2:
				t.Errorf("got exit code %d, want 2", cmd.ExitCode(err))
			}
		})
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "0d": 0, "90d": 90 * 24 * time.Hour, "1d12h": 36 * time.Hour, "1d1h1m1s": 25*time.Hour + 61*time.Second,
		"1.5h": 90 * time.Minute, "106751d": 106751 * 24 * time.Hour,
	} {
		if got, err := cmd.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "1", "-1d", "+1d", "1d1", "1dd", "106751d23h59m", "99999999999d", "9999999h", "１d"} {
		if got, err := cmd.ParseDuration(text); err == nil {
			t.Errorf("%q: got %v, want refused", text, got)
		}
	}
}

// The committed files are made from the table of keys.
func TestGeneratedFiles(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]byte{
		"../config.example.yaml":   cmd.SampleConfig(),
		"../docs/configuration.md": cmd.ConfigReference(),
	} {
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what the table of keys makes; run `UPDATE=1 go test ./cmd -run GeneratedFiles`", path)
		}
	}
}

// What the example shows must work when its comment signs are taken away.
func TestExampleConfig_IsAccepted(t *testing.T) {
	var lines []string
	setting := regexp.MustCompile(`^( +)# ([a-z_]+:( .*)?\n)$`)
	for line := range strings.Lines(string(cmd.SampleConfig())) {
		if m := setting.FindStringSubmatch(line); m != nil {
			if strings.HasPrefix(m[2], "encryption_key") || strings.HasPrefix(m[2], "app_secret") {
				continue // described, since a working one would be copied
			}
			line = m[1] + m[2]
		}
		lines = append(lines, line)
	}
	writeConfig(t, strings.Join(lines, ""))
	cfg, err := cmd.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Server.PublicURL, "https://orders.example.com"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(cfg.Scoring.Carriers) != 1 || cfg.Scoring.Economy.Margin != "25000" || *cfg.Scoring.Factors["night_order"].Weight != -0.2 {
		t.Errorf("got %+v", cfg.Scoring)
	}
}
