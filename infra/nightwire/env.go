package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nightwire.dev/infra/local/stack"
)

// envCommand tells other programs where the local stack is.
type envCommand struct{ state }

// Help is what --help shows besides the flags.
func (envCommand) Help() string {
	return `Prints the variables that point Google's own clients, in Go and in other languages, the
connector and the functions at the local stack, for a shell:

  eval "$(nightwire env)"`
}

// Run prints the variables.
func (c *envCommand) Run(out io.Writer) error {
	e, ok := stack.Running(c.Dir)
	if !ok {
		return c.noStack()
	}
	all := slices.Concat(e.Environment(), e.Cluster().Environment(), []string{"BIGQUERY_EMULATOR_HOST=http://" + e.BigQuery})
	for _, variable := range all {
		name, value, _ := strings.Cut(variable, "=")
		if value == "" { // another stack may have set it in this shell
			fmt.Fprintf(out, "unset %s\n", name)
			continue
		}
		fmt.Fprintf(out, "export %s=%s\n", name, quoted(value))
	}
	return nil
}

// noStack says how to have one.
func (s state) noStack() error {
	return fmt.Errorf("no stack runs in %s: start one in another terminal with nightwire up%s", s.Dir, s.again())
}
