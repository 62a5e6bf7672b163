package filters_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/filters"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/survey"
)

// TestAll has every built-in filter be right, without advice, and named after
// its file.
func TestAll(t *testing.T) {
	t.Parallel()
	all, err := filters.All()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range all {
		f, advice, err := filter.Parse(file.Name+".yaml", file.Text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if f.Name != file.Name || len(advice) > 0 || !f.Enabled {
			t.Errorf("file %s has filter %s, enabled %v, with advice %v", file.Name, f.Name, f.Enabled, advice)
		}
		found = append(found, f.Name)
	}
	want := []string{"bright-transient", "everything", "extragalactic", "nuclear", "orphan", "purity", "rising", "solar-system"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("built-in filters (-want +got):\n%s", diff)
	}
}

// verdict is what the reference says of one alert. A test is null where it had
// nothing to test; a filter has no null, and says false.
type verdict struct {
	File          string           `json:"file"`
	Purity        map[string]*bool `json:"purity"`
	Extragalactic map[string]any   `json:"extragalactic_intended"`
}

func readVerdicts(t *testing.T, path string) []verdict {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []verdict
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return all
}

// TestVerdicts compares purity and extragalactic with the reference, test by
// test and alert by alert.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(realdata.Dir(t), "alerts")
	verdicts := readVerdicts(t, filepath.Join(folder, "filters_truth.jsonl"))
	// Each test becomes a filter of its own, so that it is seen whether the
	// whole matches or not.
	var decoder packet.Decoder
	matches := map[string]int{}
	for _, v := range verdicts {
		content, err := os.ReadFile(filepath.Join(folder, v.File))
		if err != nil {
			t.Fatal(err)
		}
		p, err := decoder.Decode(t.Context(), content)
		if err != nil {
			t.Fatal(err)
		}
		a, err := survey.Read(names.ZTFPartnership, p)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{}
		for test, passed := range v.Purity {
			want["purity "+test] = passed != nil && *passed
		}
		for test, passed := range v.Extragalactic {
			if n, ok := passed.(float64); ok {
				passed = int64(n)
			}
			want["extragalactic "+test] = passed
		}
		got := map[string]any{}
		for name, whole := range map[string]string{"purity": "is_pure", "extragalactic": "is_extragalactic_transient"} {
			columns, matched := evaluate(t, name, &a)
			got[name+" "+whole] = matched
			if matched {
				matches[name]++
			}
			for _, c := range columns {
				got[name+" "+c.Name] = c.Value
			}
		}
		got["extragalactic n_positive_detections"] = got["extragalactic n_positive"]
		delete(got, "extragalactic n_positive")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.File, diff)
		}
	}
	t.Logf("%d alerts; matches: %v", len(verdicts), matches)
}

// always matches every alert, so that all columns of a filter are computed.
var always = regexp.MustCompile(`(?m)^where: .*$`)

// evaluate gives the columns of a built-in filter, and whether it matches.
func evaluate(t *testing.T, name string, a *alert.Alert) ([]filter.Column, bool) {
	t.Helper()
	text, err := os.ReadFile(name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	columns := outcome(t, name, always.ReplaceAll(text, []byte(`where: "true"`)), a).Matches[0].Columns
	return columns, len(outcome(t, name, text, a).Matches) == 1
}

func outcome(t *testing.T, name string, text []byte, a *alert.Alert) filter.Outcome {
	t.Helper()
	f, _, err := filter.Parse(name+".yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	set, err := filter.NewSet(names.ZTFPartnership, []*filter.Filter{f})
	if err != nil {
		t.Fatal(err)
	}
	return set.Evaluate(a)
}
