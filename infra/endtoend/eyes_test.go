package endtoend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nightwire.dev/infra/dashboards"
	"nightwire.dev/infra/local/stack"
)

// up keeps a stack running until the test ends.
func up(t *testing.T, dir string, environment ...string) stack.Endpoints {
	t.Helper()
	command := exec.Command(filepath.Join(programs, "nightwire"), "up", "--port", "0", "--dir", dir)
	command.Env = append(os.Environ(), environment...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			t.Errorf("nightwire up: %v\n%s", err, &out)
		}
	})
	var e stack.Endpoints
	await(t, func() bool {
		var running bool
		e, running = stack.Running(dir)
		return running && get(t, "http://"+e.Page+"/") != ""
	})
	return e
}

// get reads a page; it is empty where nothing answers.
func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}

// occasional are the series that a night without its dawn, and without a gap,
// does not have.
var occasional = []string{
	"nightwire_night_missing", "nightwire_certificate_timestamp_seconds", "nightwire_connector_notices_total",
}

// TestEyes passes alerts through a stack that stays up, and asks it for every
// metric that a dashboard or a rule names; it follows one alert, of which each is
// traced here, through the spans that the functions have logged.
func TestEyes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := up(t, dir, "NIGHTWIRE_TRACE_ONE_IN=1")
	if out, err := nightwire(t, dir, "feed", "--synthetic", "60", "--repeat", "2"); err != nil {
		t.Fatalf("feed: %v\n%s", err, out)
	}
	var silent []string // what is asked for, and not emitted
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("not emitted: %q", silent)
		}
	})
	await(t, func() bool {
		metrics := get(t, "http://"+e.Page+"/metrics")
		silent = slices.DeleteFunc(dashboards.Metrics(), func(name string) bool {
			return slices.Contains(occasional, name) || regexp.MustCompile(`(?m)^`+name+`[{ ]`).MatchString(metrics)
		})
		return len(silent) == 0 && alerts(metrics, "archive", "duplicate") >= 60 &&
			alerts(metrics, "rows", "done") >= 60 && alerts(metrics, "filter", "done") >= 60
	})
	for _, stage := range []string{"connector", "archive", "bucket", "rows", "filter", "supernova"} {
		if page := get(t, "http://"+e.Page+"/"); !strings.Contains(page, `id="stage-`+stage+`"`) {
			t.Errorf("the page does not show %s:\n%s", stage, page)
		}
	}
	log := filepath.Join(dir, "log", "functions.log")
	await(t, func() bool { return followed(t, log) }) // a span is told of when it ends
}

// alerts is how often a stage came to an outcome. An event that comes again is
// counted again.
func alerts(metrics, stage, outcome string) int {
	series := fmt.Sprintf("nightwire_alerts_total{outcome=%q,stage=%q,stream=\"ztf\"} ", outcome, stage)
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, series); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	return 0
}

// span is a line of the functions' log.
type span struct{ Message, Trace, Span, Parent, Name string }

// followed says whether the log tells of an alert that was followed from Kafka
// to the fit.
func followed(t *testing.T, log string) bool {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	traces := map[string]map[string]span{} // by trace and the span's identity
	for line := range bytes.Lines(text) {
		var s span
		if json.Unmarshal(line, &s) == nil && s.Message == "span" {
			if traces[s.Trace] == nil {
				traces[s.Trace] = map[string]span{}
			}
			traces[s.Trace][s.Span] = s
		}
	}
	want := []string{"connector", "archive", "filter", "match extragalactic", "supernova"}
	for _, spans := range traces {
		for s := range maps.Values(spans) {
			if s.Name == "supernova" && slices.Equal(wayTo(s, spans), want) {
				return true
			}
		}
	}
	return false
}

// wayTo names the spans from the root to a span.
func wayTo(s span, spans map[string]span) []string {
	way := []string{s.Name}
	for s.Parent != "" && len(way) < 10 {
		s = spans[s.Parent]
		way = append([]string{s.Name}, way...)
	}
	return way
}
