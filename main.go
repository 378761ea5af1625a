// Command probability brings a merchant's Shopify orders onto a machine of their
// own: it imports them, keeps them current by webhooks, and serves them over REST.
package main

import (
	"context"
	"os"

	"probability/cmd"
)

func main() {
	os.Exit(cmd.Execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
