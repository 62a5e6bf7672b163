// Serve runs every function of one stream in one process, each at /<name>, as
// a deployed instance would run its own: for the local stack, and for a look
// at a function by hand.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"nightwire.dev/functions"
	"nightwire.dev/shared/config"
)

const usage = `Usage: nightwire-functions

Serves the functions of one stream on 127.0.0.1, each at /<name>. It is told by
its environment:

  PORT                      where it listens; 8080 if it is not set
  GOOGLE_CLOUD_PROJECT      the project
  NIGHTWIRE_STREAM          ztf, ztf-partnership or lsst
  NIGHTWIRE_SUFFIX          of a test deployment
  NIGHTWIRE_FILTER_REFRESH  how often filter looks for changed filters; 15s
  NIGHTWIRE_CLAIM_LEASE     how long filter leaves an alert's matches to another
                            instance that has begun to notify them; 2m
  NIGHTWIRE_TELEMETRY       where metrics and spans are sent: off, google, log
                            (spans only), or host:port of an OTLP collector; off.
                            Metrics are at /metrics in any case
  SCHEMA_REGISTRY_URL       of a survey that sends the Confluent wire format

The README tells how to point it at a local stack.
`

func main() {
	if len(os.Args) > 1 {
		fmt.Print(usage)
		if os.Args[1] == "--help" || os.Args[1] == "-h" {
			return
		}
		os.Exit(2)
	}
	if err := serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "nightwire-functions:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	if err := functions.CheckEnvironment(ctx); err != nil {
		return err
	}
	port, ok := config.Lookup("PORT")
	if !ok {
		port = "8080"
	}
	return funcframework.StartHostPort("127.0.0.1", port)
}
