package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"nightwire.dev/infra/source"
)

// gated is a night in a folder, with a gate after each part: a file that is not
// there to be read before the test opens it. Whoever sends the night waits there.
type gated struct {
	folder string
	gates  []gate // from the next one on
}

type gate struct {
	path    string
	content []byte
}

func newGated(t *testing.T, alerts, part int) *gated {
	t.Helper()
	night, err := source.Synthetic(7, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), alerts)
	if err != nil {
		t.Fatal(err)
	}
	g := &gated{folder: t.TempDir()}
	n := 0
	for packet, err := range night.Packets {
		if err != nil {
			t.Fatal(err)
		}
		one := gate{filepath.Join(g.folder, fmt.Sprintf("%05d.avro", n)), packet.Bytes}
		if err := os.WriteFile(one.path, one.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if n > 0 && n%part == 0 {
			g.gates = append(g.gates, one)
		}
		n++
	}
	return g
}

// shut puts a pipe in the place of each gate's file.
func (g *gated) shut(t *testing.T) {
	t.Helper()
	for _, one := range g.gates {
		if err := os.Remove(one.path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(one.path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// openNext opens the next gate, to whoever waits there.
func (g *gated) openNext(t *testing.T) {
	t.Helper()
	one := g.gates[0]
	g.gates = g.gates[1:]
	var pipe *os.File
	await(t, func() bool {
		var err error
		pipe, err = os.OpenFile(one.path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		return err == nil
	})
	defer pipe.Close()
	if _, err := pipe.Write(one.content); err != nil {
		t.Fatal(err)
	}
	one.lay(t) // for the next who sends the night
}

// openAll opens the gates that are left, where nobody waits.
func (g *gated) openAll(t *testing.T) {
	t.Helper()
	for _, one := range g.gates {
		one.lay(t)
	}
	g.gates = nil
}

// lay puts the gate's file in the place of its pipe.
func (g gate) lay(t *testing.T) {
	t.Helper()
	if err := os.Remove(g.path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.path, g.content, 0o600); err != nil {
		t.Fatal(err)
	}
}
