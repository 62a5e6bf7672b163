package functions

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/config"
	"nightwire.dev/shared/names"
)

// TestEveryFunctionIsDeployed compares the functions that are registered with
// those that the deployment and the local stack know.
func TestEveryFunctionIsDeployed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "infra", "terraform", "functions.auto.tfvars.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Functions map[string]struct {
			Trigger string `json:"trigger"`
		} `json:"functions"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(file.Functions)), slices.Sorted(maps.Keys(functions))); diff != "" {
		t.Errorf("functions (-deployed +registered):\n%s", diff)
	}
	r := names.Resources{Project: "p", Stream: names.ZTF}
	for name, f := range file.Functions {
		_, err := os.Stat(filepath.Join("..", "infra", "filters", f.Trigger+".yaml")) // a filter makes its topic
		if err != nil && !slices.Contains([]string{r.RawTopic(), r.ArchivedTopic(), r.WatermarksTopic(), r.DawnTopic(), r.TarballTopic()}, r.Topic(f.Trigger)) {
			t.Errorf("%s is triggered by %s, a topic that nothing makes", name, r.Topic(f.Trigger))
		}
	}
}

// opening is what a function's handler is made of: it fails as often as told.
type opening struct {
	mu       sync.Mutex
	failures int
	calls    int
}

func (o *opening) create() (http.Handler, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calls++; o.calls <= o.failures {
		return nil, errors.New("no route to BigQuery")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), nil
}

func ask(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/rows", nil))
	return w
}

func TestLazily(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		failures int
		want     []int // status of each event
		calls    int
	}{
		"opens at once":         {0, []int{204, 204, 204}, 1},
		"opens at the third":    {2, []int{500, 500, 204, 204}, 3},
		"does not open for now": {9, []int{500, 500}, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &opening{failures: c.failures}
			h := lazily("rows", o.create, slog.New(slog.DiscardHandler))
			var got []int
			for range c.want {
				w := ask(h)
				got = append(got, w.Code)
				if w.Code == 500 && !strings.Contains(w.Body.String(), "rows cannot start: no route to BigQuery") {
					t.Errorf("the answer does not say why: %s", w.Body)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if o.calls != c.calls {
				t.Errorf("opened %d times, want %d", o.calls, c.calls)
			}
		})
	}
}

// TestLazilyOpensNothingBeforeAnEvent is what makes a cold start cheap, and
// lets a deployment start where a service is not there yet.
func TestLazilyOpensNothingBeforeAnEvent(t *testing.T) {
	t.Parallel()
	o := &opening{}
	lazily("rows", o.create, slog.New(slog.DiscardHandler))
	if o.calls > 0 {
		t.Errorf("opened %d times", o.calls)
	}
}

func TestConcurrentEventsOpenOnce(t *testing.T) {
	t.Parallel()
	o := &opening{}
	h := lazily("rows", o.create, slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if w := ask(h); w.Code != http.StatusNoContent {
				t.Errorf("answer %d", w.Code)
			}
		})
	}
	wg.Wait()
	if o.calls != 1 {
		t.Errorf("opened %d times", o.calls)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := map[string]string{"GOOGLE_CLOUD_PROJECT": "survey", "NIGHTWIRE_STREAM": "ztf"}
	cases := map[string]struct {
		variable, value string
		want            string // of the error; empty if there is none
	}{
		"production":         {"NIGHTWIRE_SUFFIX", "", ""},
		"a test deployment":  {"NIGHTWIRE_SUFFIX", "t1", ""},
		"no project":         {"GOOGLE_CLOUD_PROJECT", "", "GOOGLE_CLOUD_PROJECT: want a project"},
		"no stream":          {"NIGHTWIRE_STREAM", "", `NIGHTWIRE_STREAM: stream "" is not one of`},
		"an unknown stream":  {"NIGHTWIRE_STREAM", "atlas", `NIGHTWIRE_STREAM: stream "atlas" is not one of`},
		"a malformed suffix": {"NIGHTWIRE_SUFFIX", "a-b", `NIGHTWIRE_SUFFIX: suffix "a-b": want`},
		"a lease too short":  {"NIGHTWIRE_CLAIM_LEASE", "1s", "NIGHTWIRE_CLAIM_LEASE: 1s is too short"},
		"a lease of nothing": {"NIGHTWIRE_CLAIM_LEASE", "long", "NIGHTWIRE_CLAIM_LEASE"},
		"no refresh":         {"NIGHTWIRE_FILTER_REFRESH", "0s", "NIGHTWIRE_FILTER_REFRESH: want more than 0s"},
		"no budget":          {"NIGHTWIRE_TARBALL_BUDGET", "0s", "NIGHTWIRE_TARBALL_BUDGET: want more than 0s and at most 7m0s, not 0s"},
		"a budget too long":  {"NIGHTWIRE_TARBALL_BUDGET", "10m", "NIGHTWIRE_TARBALL_BUDGET: want more than 0s and at most 7m0s"},
		"a repair too long":  {"NIGHTWIRE_REPAIR_BUDGET", "8m", "NIGHTWIRE_REPAIR_BUDGET: want more than 0s and at most 7m0s, not 8m0s"},
		"no patience":        {"NIGHTWIRE_REPAIR_PATIENCE", "-1s", "NIGHTWIRE_REPAIR_PATIENCE: want more than -1s"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			variables := maps.Clone(good)
			variables[c.variable] = c.value
			_, err := config.LoadMap[Config](t.Context(), variables)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
	t.Run("an unset variable", func(t *testing.T) {
		t.Parallel()
		_, err := config.LoadMap[Config](t.Context(), map[string]string{"NIGHTWIRE_STREAM": "ztf"})
		if err == nil || !strings.Contains(err.Error(), "GOOGLE_CLOUD_PROJECT") {
			t.Errorf("error is %v, want it to name the variable", err)
		}
	})
}

// The clients read where the local stack is from the environment, which is the
// process's own, so this test is not parallel.
func TestOpen(t *testing.T) {
	t.Setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
	t.Setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:1")
	c, err := config.LoadMap[Config](t.Context(), map[string]string{
		"GOOGLE_CLOUD_PROJECT": "survey", "NIGHTWIRE_STREAM": "lsst", "NIGHTWIRE_SUFFIX": "t1",
		"NIGHTWIRE_BIGQUERY_ENDPOINT": "http://127.0.0.1:1", "NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT": "127.0.0.1:1",
	})
	if err != nil {
		t.Fatal(err)
	}
	i, err := open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.table(t.Context(), "nights of old"); err == nil || !strings.Contains(err.Error(), "nights of old") {
		t.Errorf("an unknown table: %v", err)
	}
	if text, err := i.decoder.Registry.Schema(t.Context(), 1000); err != nil || !strings.Contains(string(text), "lsst.v10_0") {
		t.Errorf("schema 1000 is %.40q, %v; want LSST's 10.0", text, err)
	}
}
