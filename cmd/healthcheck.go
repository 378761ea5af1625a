package cmd

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newHealthcheck is for images that hold nothing else that could ask.
func newHealthcheck(io streams) *cobra.Command {
	c := &cobra.Command{
		Use: "healthcheck", Short: "Ask the service at server.listen whether it is alive", Args: noMore, Hidden: true,
	}
	addConfigFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := loadConfig(c.Flags())
		if err != nil {
			return err
		}
		if strings.HasSuffix(cfg.Server.Listen, ":0") {
			return usagef("server.listen has port 0, so the service cannot be found; give it a port")
		}
		ctx, cancel := context.WithTimeout(c.Context(), 3*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(cfg.Server.Listen)+"/healthz", nil)
		if err != nil {
			return fmt.Errorf("healthcheck: %w", err)
		}
		client := &http.Client{Transport: &http.Transport{}} // no proxy, whatever the environment says
		resp, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("healthcheck: %w", err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("healthcheck: the service answers %s", resp.Status)
		}
		_, err = fmt.Fprintln(io.out, "ok")
		return err
	}
	return c
}
