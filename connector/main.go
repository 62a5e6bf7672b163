// Command connector, built as nightwire-connector, reads the surveys' alert
// streams from Kafka and publishes every record, byte for byte, to Pub/Sub.
//
// It is configured by one YAML file (--config) or by the environment; --help
// lists every setting. It runs until SIGTERM or SIGINT, then drains.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"nightwire.dev/connector/config"
	"nightwire.dev/shared/logging"
)

const usage = `nightwire-connector reads alert streams from Kafka and publishes them to Pub/Sub.

Usage:
  nightwire-connector [--check]                 one stream, configured by the environment
  nightwire-connector [--check] --config FILE   one or more streams, configured by a file

Flags:
  --config FILE   YAML file to read the configuration from
  --check         check the configuration, print it with its secrets hidden, and exit
  --help          print this text

A value in the file may name an environment variable: sasl_password: ${ZTF_PASSWORD}.
A file's other settings are not read from the environment. PUBSUB_EMULATOR_HOST
sends to a local Pub/Sub instead of Google's.

Settings:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nightwire-connector:", err)
		os.Exit(1)
	}
}

// run is the command without the process: its arguments and its outputs.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("nightwire-connector", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	path := flags.String("config", "", "")
	check := flags.Bool("check", false, "")
	err := flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return config.Describe(stdout)
	case err != nil:
		return fmt.Errorf("%w; see nightwire-connector --help", err)
	case flags.NArg() > 0:
		return fmt.Errorf("argument %q is unexpected; see nightwire-connector --help", flags.Arg(0))
	}
	c, err := config.Load(ctx, *path)
	if err != nil {
		return err
	}
	if *check {
		return c.Write(stdout)
	}
	slog.SetDefault(logging.New(stderr, c.LogLevel))
	return serve(ctx, c)
}
