package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilterCheckColon tells of a colon within a text which line it is and what
// helps, and takes nothing else for one.
func TestFilterCheckColon(t *testing.T) {
	t.Parallel()
	const advice = `YAML reads the colon in this text as the end of a key`
	good := fmt.Sprintf(youngFilter, 1, 3)
	cases := map[string]struct {
		old, new, want string
		colon          bool
	}{
		"in the description":  {"New, and near", "New: near", `:4:14: description: ` + advice + `: put the text into quotes, or on lines of its own under "description: |"`, true},
		"at the end":          {"New, and near a galaxy.", "Of these:", ":4:14: description: " + advice, true},
		"in the condition":    {"age < 3.0", "(age < 3.0 ? true : false)", ":6:8: where: " + advice, true},
		"in a column":         {"age_days()", "age_days() > 1.0 ? 1.0 : 2.0", ":8:8: age: " + advice, true},
		"in a remark":         {"age_days()", "age_dais()  # note: days", "did you mean age_days()?", false},
		"in quotes that end":  {"New, and near a galaxy.", `"New" and: near`, ":4:20: ", false},
		"in a list of no end": {"[ztf]", "[ztf: 1", ":6:1: ", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, c.old) {
				t.Fatalf("the filter has no %q", c.old)
			}
			out, err := line(t, "filter", "check", save(t, "a.yaml", strings.Replace(good, c.old, c.new, 1)))
			if err == nil {
				t.Fatalf("it is right:\n%s", out)
			}
			says(t, out, c.want)
			if strings.Contains(out, advice) != c.colon {
				t.Errorf("it speaks of a colon: %v, want %v:\n%s", !c.colon, c.colon, out)
			}
		})
	}
	for _, right := range []string{`"New: near"`, "|\n  New: near", "New at 12:30 h"} {
		if out, err := line(t, "filter", "check", save(t, "a.yaml", strings.Replace(good, "New, and near a galaxy.", right, 1))); err != nil {
			t.Errorf("%s: %v\n%s", right, err, out)
		}
	}
}

// TestFilterPathAsGiven names a file as the person did.
func TestFilterPathAsGiven(t *testing.T) {
	for name, text := range map[string]string{"good.yaml": fmt.Sprintf(youngFilter, 1, 3), "bad.yaml": "name: bad\n"} {
		path := save(t, name, text)
		t.Chdir(filepath.Dir(path))
		out, _ := line(t, "filter", "check", name)
		if !strings.HasPrefix(out, name) {
			t.Errorf("of %s it says:\n%s", name, out)
		}
	}
	if _, err := line(t, "filter", "test", "nowhere.yaml", "--synthetic", "5"); err == nil || !strings.Contains(err.Error(), "open nowhere.yaml: no such file") {
		t.Errorf("error is %v", err)
	}
}
