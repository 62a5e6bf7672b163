package terraform

import (
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
