package filter_test

import (
	"strings"
	"testing"

	"nightwire.dev/infra/local/pubsub/filter"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	attributes := map[string]string{"stream": "ztf", "kafka.topic": "ztf_20261121_programid1", "empty": "", "x-y_1": "1"}
	for _, tc := range []struct {
		expression string
		want       bool
	}{
		{``, true},
		{`attributes:stream`, true},
		{`attributes:absent`, false},
		{`attributes:empty`, true},
		{`attributes:"kafka.topic"`, true},
		{`attributes.stream = "ztf"`, true},
		{`attributes.stream="lsst"`, false},
		{`attributes.stream = "ZTF"`, false},
		{`attributes.absent = ""`, false},
		{`attributes.empty = ""`, true},
		{`attributes."kafka.topic" = "ztf_20261121_programid1"`, true},
		{`attributes.x-y_1 = "1"`, true},
		{`attributes.stream != "lsst"`, true},
		{`attributes.stream != "ztf"`, false},
		{`attributes.absent != "ztf"`, true},
		{`hasPrefix(attributes."kafka.topic", "ztf_2026")`, true},
		{`hasPrefix(attributes.stream, "tf")`, false},
		{`hasPrefix(attributes.absent, "")`, false},
		{`NOT attributes:stream`, false},
		{`-attributes:absent`, true},
		{`NOT NOT attributes:stream`, true},
		{`NOT attributes:absent AND attributes:stream`, true},
		{`NOT (attributes:absent AND attributes:stream)`, true},
		{`attributes:stream AND attributes:empty AND attributes:absent`, false},
		{`attributes:absent OR attributes:stream`, true},
		{`attributes:absent OR (attributes:stream AND attributes.stream = "lsst")`, false},
		{`(((attributes:stream)))`, true},
		{` attributes : stream `, true},
		{`attributes:AND`, false},
	} {
		t.Run(tc.expression, func(t *testing.T) {
			t.Parallel()
			f, err := filter.Parse(tc.expression)
			if err != nil {
				t.Fatal(err)
			}
			if got := f(attributes); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, expression, says string }{
		{"the data", `data = "x"`, `at "data = \"x\"": want attributes:key`},
		{"an ordering", `attributes.jd > "2"`, `at "attributes.jd > \"2\""`},
		{"AND and OR mixed", `attributes:a AND attributes:b OR attributes:c`, "parentheses"},
		{"OR and AND mixed", `attributes:a OR attributes:b AND attributes:c`, "parentheses"},
		{"mixed in parentheses", `(attributes:a OR attributes:b AND attributes:c)`, `at "AND attributes:c)": want )`},
		{"lower-case operator", `attributes:a and attributes:b`, `at "and attributes:b": want the end`},
		{"an operator without a space", `attributes:a ANDattributes:b`, `at "ANDattributes:b": want the end`},
		{"a number", `attributes.a = 1`, `at "attributes.a = 1"`},
		{"a key with a dot", `attributes.kafka.topic = "x"`, `at "attributes.kafka.topic`},
		{"an open string", `attributes.a = "x`, `at "attributes.a`},
		{"an escape", `attributes.a = "a\"b"`, `at "attributes.a = \"a`},
		{"an open parenthesis", `(attributes:a`, `at "": want )`},
		{"an end too many", `attributes:a)`, `at ")": want the end`},
		{"no operand", `attributes:a AND`, `at "": want attributes:key`},
		{"another function", `hasSuffix(attributes.a, "x")`, `at "hasSuffix(`},
		{"too long", strings.Repeat("(", 257), "256"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := filter.Parse(tc.expression)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want one that says %q", err, tc.says)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{``, `attributes:a`, `NOT -hasPrefix(attributes."a", "\u00e9") OR (attributes.b != "c")`, `attributes.a = "`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		wanted, err := filter.Parse(expression)
		if err == nil {
			wanted(map[string]string{"a": "b"})
		}
		if (wanted == nil) != (err != nil) {
			t.Errorf("filter %t, error %v", wanted != nil, err)
		}
	})
}
