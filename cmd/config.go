package cmd

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Config is every setting, checked and typed. It can be printed and logged: a
// secret shows only whether it is set.
type Config struct {
	Server   ServerConfig   `mapstructure:"server"`
	Data     DataConfig     `mapstructure:"data"`
	Database DatabaseConfig `mapstructure:"database"`
	Security SecurityConfig `mapstructure:"security"`
	Shopify  ShopifyConfig  `mapstructure:"shopify"`
	Sync     SyncConfig     `mapstructure:"sync"`
	Privacy  PrivacyConfig  `mapstructure:"privacy"`
	Admin    AdminConfig    `mapstructure:"admin"`
	Jobs     JobsConfig     `mapstructure:"jobs"`
	Log      LogConfig      `mapstructure:"log"`
	Scoring  ScoringConfig  `mapstructure:"scoring"`
}

// ServerConfig says where the service listens and how it is reached.
type ServerConfig struct {
	Listen         string         `mapstructure:"listen"`
	PublicURL      string         `mapstructure:"public_url"` // scheme and host, no slash at the end; "" unknown
	TrustedProxies []netip.Prefix `mapstructure:"trusted_proxies"`
}

// DataConfig says where the data lies.
type DataConfig struct {
	Dir string `mapstructure:"dir"`
}

// DatabaseConfig says which database it is.
type DatabaseConfig struct {
	URL Secret `mapstructure:"url"` // "": SQLite in the data folder; its password is in it
}

// SecurityConfig holds the master key, if it is not kept in the data folder.
type SecurityConfig struct {
	EncryptionKey Key `mapstructure:"encryption_key"`
}

// ShopifyConfig is the other side.
type ShopifyConfig struct {
	APIVersion string `mapstructure:"api_version"`
	AppSecret  Secret `mapstructure:"app_secret"`
	Endpoint   string `mapstructure:"endpoint"`
}

// SyncConfig says what is imported when.
type SyncConfig struct {
	InitialWindow time.Duration `mapstructure:"initial_window"`
	Interval      time.Duration `mapstructure:"interval"` // 0: no periodic sync
}

// PrivacyConfig says how long data is kept.
type PrivacyConfig struct {
	EraseAfterUninstall time.Duration `mapstructure:"erase_after_uninstall"` // 0: only shop/redact erases
}

// JobsConfig bounds the background work.
type JobsConfig struct {
	Workers int `mapstructure:"workers"` // 0: by CPU count
}

// LogConfig says what is logged and how.
type LogConfig struct {
	Level  slog.Level `mapstructure:"level"`
	Format string     `mapstructure:"format"` // "": text on a terminal, else json
}

// Secret is a text that is never printed.
type Secret string

// String shows only whether the secret is set.
func (s Secret) String() string { return hidden(len(s)) }

// GoString is String, for %#v.
func (s Secret) GoString() string { return hidden(len(s)) }

// LogValue is String, for logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden(len(s))) }

// MarshalText is String, for encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden(len(s))), nil }

// Key is the master key; it is never printed.
type Key []byte

// Format shows only whether the key is set, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden(len(k))) }

// LogValue shows only whether the key is set.
func (k Key) LogValue() slog.Value { return slog.StringValue(hidden(len(k))) }

// MarshalText shows only whether the key is set.
func (k Key) MarshalText() ([]byte, error) { return []byte(hidden(len(k))), nil }

func hidden(length int) string {
	if length == 0 {
		return "(not set)"
	}
	return "(set)"
}

// loadConfig reads every source, refuses what it does not know, and merges:
// flag > environment > file > default. A malformed value is refused even where a
// stronger source would hide it, since the day it is hidden no more is the wrong
// day to find out.
func loadConfig(flags *pflag.FlagSet) (Config, error) {
	file, err := readConfigFile(flags)
	if err != nil {
		return Config{}, err
	}
	if err := checkEnvironment(); err != nil {
		return Config{}, err
	}
	if err := checkFlags(flags); err != nil {
		return Config{}, err
	}
	v := viper.New()
	if err := v.MergeConfigMap(file); err != nil {
		return Config{}, usagef("config: %w", err)
	}
	for _, k := range keys() {
		if !k.optional {
			v.SetDefault(k.name, k.def)
		}
		if err := v.BindEnv(append([]string{k.name}, k.envs()...)...); err != nil {
			return Config{}, fmt.Errorf("config: bind %s: %w", k.name, err)
		}
		if flag := flags.Lookup(k.flag()); flag != nil {
			if err := v.BindPFlag(k.name, flag); err != nil {
				return Config{}, fmt.Errorf("config: bind %s: %w", k.name, err)
			}
		}
	}
	for _, k := range keys() {
		text := v.GetString(k.name)
		if k.optional && text == "" {
			continue
		}
		value, err := k.kind(text)
		if err != nil {
			return Config{}, usagef("%s: %w", k.name, err)
		}
		v.Set(k.name, value)
	}
	var cfg Config
	if err := v.UnmarshalExact(&cfg); err != nil {
		return Config{}, usagef("config: %w", err)
	}
	if _, err := cfg.Scoring.Settings(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}
