package cmd

import (
	"context"
	"fmt"
	"os"
)

// AdminConfig is the first account of an empty installation, for one that is set up without a person.
type AdminConfig struct {
	Email        string `mapstructure:"email"`
	PasswordFile string `mapstructure:"password_file"` // holds the password and nothing else
}

// check refuses half of it: an account needs both.
func (c AdminConfig) check() error {
	if (c.Email == "") != (c.PasswordFile == "") {
		return usagef("admin.email and admin.password_file belong together; set both, or neither")
	}
	return nil
}

// makeFirstAdmin makes the configured administrator while no account exists. Afterwards the settings mean nothing: neither a changed
// file nor another e-mail changes an account, and the file need not be there any more.
func makeFirstAdmin(ctx context.Context, s *service, cfg AdminConfig) error {
	if cfg.Email == "" {
		return nil
	}
	n, err := s.store.CountUsers(ctx)
	if err != nil || n > 0 {
		return err
	}
	f, err := os.Open(cfg.PasswordFile)
	if err != nil {
		return fmt.Errorf("cannot read admin.password_file: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	password, err := passwordIn(f, "admin.password_file")
	if err != nil {
		return err
	}
	made, err := s.app.FirstAdmin(ctx, cfg.Email, password)
	if err != nil {
		return fmt.Errorf("the first administrator (admin.email, admin.password_file) cannot be made: %w", err)
	}
	if made {
		s.log.InfoContext(ctx, "the first administrator was made from the configuration", "email", cfg.Email)
	}
	return nil
}
