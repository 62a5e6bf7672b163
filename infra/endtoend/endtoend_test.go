// Package endtoend tests the whole system as a person runs it: the programs,
// built anew, in processes of their own, on loopback.
package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightwire.dev/shared/certificate"
)

// programs is the folder of the built programs.
var programs string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "nightwire-programs-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	programs = dir
	for name, source := range map[string]string{
		"nightwire":           "nightwire.dev/infra/nightwire",
		"nightwire-connector": "nightwire.dev/connector",
		"nightwire-functions": "nightwire.dev/functions/cmd/serve",
	} {
		out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), source).CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return m.Run(), nil
}

// discard is a logger for what no test looks at.
var discard = slog.New(slog.DiscardHandler)

// deadline bounds any one command.
const deadline = 8 * time.Minute

// nightwire runs the command line in a state folder and returns what it
// printed.
func nightwire(t *testing.T, dir string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(programs, "nightwire"), arguments...)
	command.Env = append(os.Environ(), "NIGHTWIRE_DIR="+dir)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return out.String(), err
}

// run passes alerts through a stack on free ports and reads the certificate.
func run(t *testing.T, dir string, arguments ...string) *certificate.Certificate {
	t.Helper()
	out, err := nightwire(t, dir, append([]string{"run", "--port", "0"}, arguments...)...)
	if err != nil {
		t.Fatalf("nightwire run: %v\n%s\n%s", err, out, logs(dir))
	}
	return readCertificate(t, dir)
}

func readCertificate(t *testing.T, dir string) *certificate.Certificate {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "certificate.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := new(certificate.Certificate)
	if err := json.Unmarshal(text, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// logs are the ends of the processes' logs, for a test that failed.
func logs(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	var all strings.Builder
	for _, file := range files {
		text, _ := os.ReadFile(file)
		fmt.Fprintf(&all, "== %s\n%s\n", filepath.Base(file), text[max(0, len(text)-2000):])
	}
	return all.String()
}

// counts are the certificate's figures in short.
type counts struct{ Records, Stored, Duplicates, Conflicts, Rejected, Files, Rows, Missing int }

func countsOf(c *certificate.Certificate) counts {
	return counts{c.Records, c.Stored, c.Duplicates, c.Conflicts, c.Rejected, c.Files, c.Rows, c.Missing}
}
