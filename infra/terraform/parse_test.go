package terraform

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text    string
		want    []Function
		refusal string
	}{
		"in the order of their names": {
			text: `{"functions": {"rows": {"trigger": "archived", "memory": "1Gi", "retry": {"attempts": 5}}, "archive": {"trigger": "alerts-raw", "writes": ["alerts"]}}}`,
			want: []Function{
				{Name: "archive", Trigger: "alerts-raw", Writes: []string{"alerts"}},
				{Name: "rows", Trigger: "archived", Memory: "1Gi", Retry: Retry{Attempts: 5}},
			},
		},
		"a right that is misspelt": {text: `{"functions": {"rows": {"trigger": "archived", "write": ["alerts"]}}}`, refusal: `unknown field "write"`},
		"no trigger":               {text: `{"functions": {"rows": {}}}`, refusal: "function rows has no trigger"},
		"no JSON":                  {text: `functions = {}`, refusal: "functions.auto.tfvars.json"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parse([]byte(c.text))
			if c.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), c.refusal) {
					t.Errorf("error is %v, want %q in it", err, c.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("functions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInstance(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		f       Function
		want    Instance
		refusal string
	}{
		"as the map says": {f: Function{CPU: "2", Memory: "8Gi", Concurrency: 4}, want: Instance{2, 8, 4}},
		"in mebibytes":    {f: Function{Memory: "256Mi"}, want: Instance{1, 0.25, 32}},
		"no unit":         {f: Function{Name: "rows", Memory: "much"}, refusal: `function rows: memory "much"`},
		"no processors":   {f: Function{Name: "rows", CPU: "all"}, refusal: `function rows: cpu "all"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.f.Instance()
			if c.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), c.refusal) {
					t.Errorf("error is %v, want %q in it", err, c.refusal)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// TestDefaults compares the defaults here with the plan's.
func TestDefaults(t *testing.T) {
	t.Parallel()
	plan, err := os.ReadFile("variables.tf")
	if err != nil {
		t.Fatal(err)
	}
	i, err := Function{}.Instance()
	if err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]string{
		"cpu": fmt.Sprintf(`"%g"`, i.Processors), "memory": fmt.Sprintf(`"%gMi"`, i.MemoryGiB*1024), "concurrency": fmt.Sprint(i.Concurrency),
	} {
		m := regexp.MustCompile(`(?m)^ +` + setting + ` += optional\(\w+, ([^)]+)\)`).FindSubmatch(plan)
		if m == nil || string(m[1]) != want {
			t.Errorf("variables.tf has the default %q of %s, want %s", m, setting, want)
		}
	}
}
