// Nightwire is the command line: it runs the whole system on one machine,
// feeds it alerts, and asks its tables.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/logging"
)

// commands is the command line.
type commands struct {
	Run        runCommand        `cmd:"" help:"Pass a night of alerts through the whole system, and print its certificate."`
	Bench      benchCommand      `cmd:"" help:"Measure the whole system at a given rate: alerts a second, latency, processor time, memory."`
	Up         upCommand         `cmd:"" help:"Keep the whole system running, until Ctrl-C."`
	Env        envCommand        `cmd:"" help:"Print the variables that point other programs at the local stack."`
	Status     statusCommand     `cmd:"" help:"Tell how the local stack is doing, and what waits."`
	Logs       logsCommand       `cmd:"" help:"Show what the local stack's processes have said."`
	Down       downCommand       `cmd:"" help:"Stop the local stack; its state stays."`
	Reset      resetCommand      `cmd:"" help:"Forget the local stack's state."`
	Feed       feedCommand       `cmd:"" help:"Send alerts to Kafka: the running local stack's, or any."`
	Dawn       dawnCommand       `cmd:"" help:"Close a night: compare, repair, and print its certificate."`
	Query      queryCommand      `cmd:"" help:"Ask the tables in GoogleSQL, whether the stack runs or not."`
	Filter     filterCommand     `cmd:"" help:"Write, try, publish and look after filters."`
	Replay     replayCommand     `cmd:"" help:"Send alerts through the system again: from the archive, from Kafka, or from a folder."`
	Deadletter deadletterCommand `cmd:"" help:"Look at what could not be processed, and send it again."`
	Fit        fitCommand        `cmd:"" help:"Fit a light curve with a supernova, and plot it."`
	Models     modelsCommand     `cmd:"" help:"Fetch published models of supernovae."`
	Cost       costCommand       `cmd:"" help:"Say what a night costs on Google Cloud, and what would change it."`
	Serve      serveCommand      `cmd:"" hidden:"" help:"Run one server of the local stack; run and up call it."`
}

const description = `Nightwire turns a survey's stream of alerts into science.

On this machine it runs whole: Kafka, Pub/Sub, Cloud Storage and BigQuery are
local servers that speak the real protocols, and the connector and the functions
are the ones that are deployed. No cloud, no credentials, no Docker.

To begin: nightwire run passes a synthetic night through it. Or nightwire up in
one terminal, and nightwire feed, query and filter in another.`

func main() {
	slog.SetDefault(logging.NewText(os.Stderr, slog.LevelInfo))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := kong.Parse(new(commands), options(ctx, os.Stdout)...).Run()
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "nightwire: stopped")
		os.Exit(130) //nolint:gocritic // nothing is left to stop
	default:
		fmt.Fprintln(os.Stderr, "nightwire:", err)
		os.Exit(1)
	}
}

// options of the command line. A command's Run may take ctx, and the writer of
// its answer.
func options(ctx context.Context, out io.Writer) []kong.Option {
	return []kong.Option{
		kong.Name("nightwire"), kong.Description(description), kong.ShortUsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(out, (*io.Writer)(nil)),
		kong.Vars{
			"dir": usualDir, "lsst_topic": stack.LSSTTopic, "kafka_password": stack.KafkaPasswordVariable, "many": strconv.Itoa(many),
			"tables": tables(), "stream": "Which stream: ztf, ztf-partnership or lsst.", "stream_default": ofStack,
		},
	}
}

// ofStack is the stream that a command of a deployment means where none is named,
// if the command does not say better.
const ofStack = "Default: the local stack's, or ztf; of a project it has to be said."

// usualDir is the folder for the state where nobody says another.
const usualDir = ".nightwire"

// state is the flag that every command has.
type state struct {
	Dir string `help:"Folder for the state and the logs." default:"${dir}" type:"path" env:"NIGHTWIRE_DIR"`
}

// again is the flag with which other commands find the folder, with a space
// before it; nothing where they do without.
func (s state) again() string {
	if usual, err := filepath.Abs(usualDir); err == nil && (usual == s.Dir || s.Dir == "") {
		return ""
	}
	return " --dir " + typed(s.Dir)
}

// plain is what a shell takes as it stands.
var plain = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// typed is a word as one types it into a shell.
func typed(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return quoted(word)
}

// quoted is a word in quotes of a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// certificatePath is where run leaves the certificate.
func (s state) certificatePath() string { return filepath.Join(s.Dir, "certificate.json") }
