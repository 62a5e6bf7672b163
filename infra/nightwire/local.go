package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/names"
)

// local are the flags of the commands that start a stack.
type local struct {
	state
	Stream names.Stream   `help:"${stream}" default:"ztf" enum:"ztf,ztf-partnership,lsst"`
	Port   int            `help:"First of nine consecutive ports; 0 takes any that are free." default:"8700"`
	Kafka  stack.Security `help:"What the local Kafka asks of its clients: none, tls, scram (a user and a password) or tls+scram." name:"kafka-security" default:"none" enum:"none,tls,scram,tls+scram" placeholder:"WHAT"`
	Models string         `help:"Folder of the SALT model to fit supernovae with, which make models fetches. Without it, a demonstration model." type:"path" placeholder:"DIR"`
}

// start starts a stack, and says what it fits supernovae with.
func (l local) start(ctx context.Context, say io.Writer) (*stack.Stack, error) {
	model, err := openModel(l.Models)
	if err != nil {
		return nil, err
	}
	ports, err := l.ports()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(say, describeModel(model, l.Stream.Survey()))
	return stack.Start(ctx, stack.Options{
		Dir: l.Dir, Stream: l.Stream, Ports: ports, Models: l.Models, KafkaSecurity: l.Kafka, Log: slog.Default(),
	})
}

func (l local) ports() (stack.Ports, error) {
	if l.Port == 0 {
		return stack.FreePorts()
	}
	ports := stack.PortsFrom(l.Port)
	if last := 65536 - len(ports.Numbers); l.Port < 1024 || l.Port > last {
		return ports, fmt.Errorf("--port %d: want 1024 to %d, or 0", l.Port, last)
	}
	return ports, nil
}
