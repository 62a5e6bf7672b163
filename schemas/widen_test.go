package schemas

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWiden(t *testing.T) {
	t.Parallel()
	columns := func(visit, seen string) []Column {
		return []Column{
			required(column("candid", Integer, "")),
			column("visit", visit, ""),
			column("candidate", Record, "", column("inner", Record, "", column("seen", seen, ""), column("name", String, ""))),
			repeated(column("fids", Integer, "")),
			repeated(column("history", Record, "", column("fid", Integer, ""), column("inner", Record, "", column("n", Integer, "")))),
		}
	}
	tests := []struct {
		name, path string
		want       []Column
		refused    string
	}{
		{"a column", "visit", columns(Float, Integer), ""},
		{"as BigQuery compares names", "Visit", columns(Float, Integer), ""},
		{"a field of a record", "candidate.inner.seen", columns(Integer, Float), ""},
		{"an array", "fids", nil, "within the array fids"},
		{"a field in an array", "history.fid", nil, "within the array history"},
		{"a record in an array", "history.inner.n", nil, "within the array history"},
		{"what names the alert", "candid", nil, "it names the alert"},
		{"a text", "candidate.inner.name", nil, "it is STRING, not INTEGER"},
		{"a record", "candidate", nil, "it is RECORD, not INTEGER"},
		{"nothing", "candidate.outer", nil, "no such column"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			have := columns(Integer, Integer)
			got, err := Widen(have, tt.path)
			if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Fatalf("error is %v, want %q in it", err, tt.refused)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(columns(Integer, Integer), have); diff != "" {
				t.Errorf("Widen changed its argument (-before +after):\n%s", diff)
			}
		})
	}
}
