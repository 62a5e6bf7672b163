package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nightwire.dev/infra/source"
	"nightwire.dev/shared/certificate"
)

func contents(t *testing.T, s *source.Source) []string {
	t.Helper()
	var all []string
	for packet, err := range s.Packets {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(packet.Bytes))
	}
	return all
}

// TestDraw reads back what was drawn, in order and as often as one likes.
func TestDraw(t *testing.T) {
	t.Parallel()
	sky, err := source.Synthetic(3, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), 25)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := draw(t.Context(), sky, filepath.Join(t.TempDir(), "alerts.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if drawn.Count != sky.Count {
		t.Errorf("%d packets, want %d", drawn.Count, sky.Count)
	}
	want := contents(t, sky)
	for range 2 {
		if diff := cmp.Diff(want, contents(t, drawn)); diff != "" {
			t.Fatal("the packets differ from the sky's")
		}
	}
}

// TestDrawStops ends with its context, and where the sky does.
func TestDrawStops(t *testing.T) {
	t.Parallel()
	cloudy := errors.New("clouds")
	sky := &source.Source{Count: 2, Packets: func(yield func(source.Packet, error) bool) {
		if yield(source.Packet{Bytes: []byte("one")}, nil) {
			yield(source.Packet{}, cloudy)
		}
	}}
	path := filepath.Join(t.TempDir(), "alerts.tar")
	if _, err := draw(t.Context(), sky, path); !errors.Is(err, cloudy) {
		t.Errorf("a sky that fails: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := draw(ended, sky, path); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// TestBenchFolder is empty at the start; a temporary one is gone in the end.
func TestBenchFolder(t *testing.T) {
	t.Parallel()
	dir, forget, err := new(benchCommand).folder()
	if err != nil {
		t.Fatal(err)
	}
	if err := forget(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is still there: %v", err)
	}

	named := &benchCommand{Dir: filepath.Join(t.TempDir(), "new")}
	if _, forget, err = named.folder(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(forget(), os.WriteFile(filepath.Join(named.Dir, "lock"), nil, 0o600)); err != nil {
		t.Fatalf("a named folder does not stay: %v", err)
	}
	if _, _, err := named.folder(); err == nil || !strings.Contains(err.Error(), "want an empty folder") {
		t.Errorf("a folder with state: %v", err)
	}
}

func TestBenchRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []benchCommand{{Rate: -1, Alerts: 1}, {Rate: 1}} {
		if err := c.Run(t.Context(), new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "want --rate 0 or above") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestBenchmarkPrint(t *testing.T) {
	t.Parallel()
	b := &benchmark{Rate: 256, Missing: 1, Processors: 2, Latency: []stageLatency{
		{Stage: "archived", Alerts: 512, P50: 0.01, P90: 0.02, P99: 0.03, Max: 0.04, Stored: 0.1},
		{Stage: "fitted"},
	}}
	b.add(certificate.Run{Records: 512, Seconds: 2, AlertsPerSecond: 256, Processes: []certificate.Process{
		{Name: "functions", CPUMsPerAlert: 1.5, PeakMB: 100}, {Name: "kafka", CPUMsPerAlert: 0.25, PeakMB: 50},
	}})
	var out strings.Builder
	if err := b.print(&out); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"sent at 256/s, on 2 processors; 1 missing", "512 alerts in 2.0 s: 256 alerts/s", "functions 1.50", "all 1.75",
		"archived 512 0.010 0.020 0.030 0.040 < 0.1", "fitted 0 0.000 0.000 0.000 0.000 -",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestLatencyRead(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		row     []any
		want    stageLatency
		refused bool
	}{
		"all there":          {[]any{int64(3), 0.1, 0.2, 0.3, 0.4}, stageLatency{Alerts: 3, P50: 0.1, P90: 0.2, P99: 0.3, Max: 0.4}, false},
		"one too few":        {[]any{int64(3), 0.1, 0.2, 0.3}, stageLatency{}, true},
		"another kind":       {[]any{int64(3), 0.1, 0.2, 0.3, int64(1)}, stageLatency{}, true},
		"a maximum of NULLs": {[]any{int64(3), 0.1, 0.2, 0.3, nil}, stageLatency{}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l stageLatency
			if err := l.read(c.row); (err != nil) != c.refused {
				t.Fatal(err)
			}
			if !c.refused && l != c.want {
				t.Errorf("read %+v, want %+v", l, c.want)
			}
		})
	}
}
