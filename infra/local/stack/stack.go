// Package stack runs the whole system on one machine: the connector and the
// functions, unchanged, against servers that speak the protocols of Kafka,
// Pub/Sub, Cloud Storage and BigQuery on loopback, each in a process of its
// own, so that each can die, be restarted and be measured by itself.
//
// The command line calls it. State lives in one folder and outlasts every
// process: whatever is killed, at any time, goes on where it stopped.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"nightwire.dev/shared/names"
)

// Project is the name of the local project.
const Project = names.LocalProject

// Options say what to run and where.
type Options struct {
	Dir    string       // state; made if absent
	Stream names.Stream // the one stream that the stack serves
	Ports  Ports        // Start takes them over, and Stop releases them
	Log    *slog.Logger
	Models string // folder of the SALT model to fit with; the demonstration model if empty

	KafkaSecurity Security // what Kafka asks of its clients; nothing if empty

	// Program is the nightwire program, beside which the others are; our own
	// if empty.
	Program string

	// Environment is what the functions and the connector are told besides, or
	// instead, each name=value: such as where a fault stands before a server.
	Environment []string
}

func (o Options) program() (string, error) {
	if o.Program != "" {
		return o.Program, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find our own program: %w", err)
	}
	return path, nil
}

// Stack is a running stack.
type Stack struct {
	Endpoints
	options   Options
	lock      *os.File
	processes []*process
}

// Start starts every process and makes the resources. It returns once alerts
// can flow. A process that dies is started again until Stop.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if err := o.Ports.awaitFree(ctx); err != nil {
		return nil, err
	}
	plan, err := s.plan()
	if err != nil {
		return nil, err
	}
	if err := s.run(ctx, plan); err != nil {
		return nil, err
	}
	return s, s.Endpoints.save(o.Dir)
}

// StartBigQuery starts nothing but the tables of a stack that does not run.
func StartBigQuery(ctx context.Context, o Options) (*Stack, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, "bigquery")); err != nil {
		return nil, fmt.Errorf("there are no tables in %s: make some with nightwire run", o.Dir)
	}
	nightwire, err := o.program()
	if err != nil {
		return nil, err
	}
	if o.Ports, err = FreePorts(); err != nil {
		return nil, err
	}
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	tables := s.server(nightwire, "bigquery", s.BigQuery, "--write", s.BigQueryWrite)
	if err := s.run(ctx, []step{{processes: []*process{tables}}}); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// open takes the state folder, and the ports, for a stack without a process.
func open(ctx context.Context, o Options) (*Stack, error) {
	if err := os.MkdirAll(filepath.Join(o.Dir, "log"), 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("make the state folder: %w", err), o.Ports.Release())
	}
	lock, err := takeDir(ctx, o.Dir)
	if err != nil {
		return nil, errors.Join(err, o.Ports.Release())
	}
	return &Stack{Endpoints: o.Ports.Endpoints(o.Dir, o.Stream).secure(o.KafkaSecurity), options: o, lock: lock}, nil
}

// run starts the processes step by step.
func (s *Stack) run(ctx context.Context, plan []step) error {
	for _, step := range plan {
		for _, p := range step.processes {
			p.start(s.options.Log)
			s.processes = append(s.processes, p)
		}
		for _, p := range step.processes {
			if err := p.awaitReady(ctx); err != nil {
				return err
			}
		}
		if step.then != nil {
			if err := persist(ctx, step.then); err != nil {
				return err
			}
		}
	}
	return nil
}

// stopOrder is the alerts' way: whoever sends ends before whoever receives.
var stopOrder = []string{"connector", "pubsub", "functions", "storage", "bigquery", "kafka"}

// Stop ends the processes in order, releases what was taken, and leaves the
// state.
func (s *Stack) Stop() error {
	ordered := slices.SortedFunc(slices.Values(s.processes), func(a, b *process) int {
		return slices.Index(stopOrder, a.name) - slices.Index(stopOrder, b.name)
	})
	for _, p := range ordered {
		p.stop()
	}
	return errors.Join(s.lock.Close(), s.options.Ports.Release())
}

// Usage tells what each process has used, complete once the stack is stopped:
// first our own, which feeds and supervises, then the stack's.
func (s *Stack) Usage() []Usage {
	all := []Usage{ownUsage()}
	for _, p := range s.processes {
		all = append(all, p.usage())
	}
	return all
}

// persist tries again for a while, since a server may have to be started again.
func persist(ctx context.Context, do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if await(ctx, time.Second, func() (bool, error) { err = do(ctx); return err == nil, nil }) == nil {
		return nil
	}
	return err
}

// step is a group of processes that start together, and what follows them.
type step struct {
	processes []*process
	then      func(context.Context) error
}

// plan lists what runs: the servers, the resources on them, the functions,
// and last the connector, from which alerts come.
func (s *Stack) plan() ([]step, error) {
	nightwire, err := s.options.program()
	if err != nil {
		return nil, err
	}
	functions, err := sibling(nightwire, "nightwire-functions")
	if err != nil {
		return nil, err
	}
	connector, err := sibling(nightwire, "nightwire-connector")
	if err != nil {
		return nil, err
	}
	server := func(name, listen string, more ...string) *process { return s.server(nightwire, name, listen, more...) }
	e := s.Endpoints
	return []step{
		{processes: []*process{
			s.kafkaServer(nightwire),
			server("pubsub", e.PubSub, "--status", e.PubSubStatus, "--push-to", e.Functions),
			server("bigquery", e.BigQuery, "--write", e.BigQueryWrite, "--storage", e.Storage),
		}},
		{
			processes: []*process{server("storage", e.Storage, "--pubsub", e.PubSub)},
			then:      func(ctx context.Context) error { return provision(ctx, e, s.options.Models) },
		},
		{processes: []*process{s.process("functions", functions, e.Functions, slices.Concat(e.functionsEnvironment(), s.options.Environment))}},
		{processes: []*process{s.process("connector", connector, e.Connector, slices.Concat(e.connectorEnvironment(), s.options.Environment))}},
	}, nil
}

// server is our own program as one of the local servers.
func (s *Stack) server(nightwire, name, listen string, more ...string) *process {
	dir := filepath.Join(s.options.Dir, name)
	arguments := append([]string{"serve", name, "--data", dir, "--listen", listen}, more...)
	return s.process(name, nightwire, listen, nil, arguments...)
}

func (s *Stack) process(name, path, listen string, environment []string, arguments ...string) *process {
	return &process{
		name: name, path: path, arguments: arguments, listen: listen,
		environment: slices.Concat([]string{share()}, os.Environ(), environment),
		logFile:     filepath.Join(s.options.Dir, "log", name+".log"),
		lock:        s.lock,
	}
}

// share gives a process half of the processors, unless our own environment says
// otherwise: seven programs that each suppose the machine to be theirs take it
// from one another.
func share() string { return fmt.Sprintf("GOMAXPROCS=%d", max(1, runtime.GOMAXPROCS(0)/2)) }

// sibling finds a program that is built beside ours.
func sibling(ours, name string) (string, error) {
	path := filepath.Join(filepath.Dir(ours), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the program %s is not beside %s: build both with make build", name, filepath.Base(ours))
	}
	return path, nil
}

// dialable says whether something answers at an address.
func dialable(address string) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}
