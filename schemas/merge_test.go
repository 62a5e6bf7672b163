package schemas

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	integer := Column{Name: "a", Type: Integer, Mode: Nullable}
	float := Column{Name: "a", Type: Float, Mode: Nullable}
	with := func(c Column, mode string) Column { c.Mode = mode; return c }
	record := func(fields ...Column) Column {
		return Column{Name: "r", Type: Record, Mode: Nullable, Fields: fields}
	}
	other := Column{Name: "b", Type: String, Mode: Nullable}
	tests := []struct {
		name          string
		a, b, want    []Column
		wantConflicts []Conflict
	}{
		{name: "nothing"},
		{name: "same", a: []Column{integer}, b: []Column{integer}, want: []Column{integer}},
		{name: "added last", a: []Column{integer}, b: []Column{other, integer}, want: []Column{integer, other}},
		{name: "dropped stays", a: []Column{integer, other}, b: []Column{other}, want: []Column{integer, other}},
		{name: "added inside", a: []Column{record(integer)}, b: []Column{record(other)}, want: []Column{record(integer, other)}},
		{
			name: "required in both", a: []Column{with(integer, Required)}, b: []Column{with(integer, Required)},
			want: []Column{with(integer, Required)},
		},
		{name: "required in one", a: []Column{with(integer, Required)}, b: []Column{integer}, want: []Column{integer}},
		{name: "required, then dropped", a: []Column{with(integer, Required)}, want: []Column{integer}},
		{name: "required is added nullable", b: []Column{with(integer, Required)}, want: []Column{integer}},
		{
			name: "required inside what is added",
			b:    []Column{record(with(integer, Required))}, want: []Column{record(with(integer, Required))},
		},
		{name: "repeated is added repeated", b: []Column{with(integer, Repeated)}, want: []Column{with(integer, Repeated)}},
		{
			name: "description of the first", a: []Column{{Name: "a", Type: Date, Mode: Nullable, Description: "x"}},
			b:    []Column{{Name: "a", Type: Date, Mode: Nullable, Description: "y"}},
			want: []Column{{Name: "a", Type: Date, Mode: Nullable, Description: "x"}},
		},
		{
			name: "description of the second", a: []Column{{Name: "a", Type: Date, Mode: Nullable}},
			b:    []Column{{Name: "a", Type: Date, Mode: Nullable, Description: "y"}},
			want: []Column{{Name: "a", Type: Date, Mode: Nullable, Description: "y"}},
		},
		{
			name: "integer widens to float", a: []Column{integer}, b: []Column{float}, want: []Column{integer},
			wantConflicts: []Conflict{{Path: "a", Have: "INTEGER", Want: "FLOAT", Widens: true}},
		},
		{
			name: "floats take integers", a: []Column{with(float, Repeated)}, b: []Column{with(integer, Repeated)},
			want: []Column{with(float, Repeated)},
		},
		{
			name: "a float does not take many integers", a: []Column{float}, b: []Column{with(integer, Repeated)}, want: []Column{float},
			wantConflicts: []Conflict{{Path: "a", Have: "FLOAT", Want: "REPEATED INTEGER"}},
		},
		{
			name: "one becomes many", a: []Column{integer}, b: []Column{with(float, Repeated)}, want: []Column{integer},
			wantConflicts: []Conflict{{Path: "a", Have: "INTEGER", Want: "REPEATED FLOAT"}},
		},
		{
			name: "type changes inside", a: []Column{record(integer, other)},
			b:             []Column{record(other, Column{Name: "a", Type: JSON, Mode: Nullable})},
			want:          []Column{record(integer, other)},
			wantConflicts: []Conflict{{Path: "r.a", Have: "INTEGER", Want: "JSON"}},
		},
		{
			name: "spelling changes", a: []Column{integer}, b: []Column{{Name: "A", Type: Integer, Mode: Nullable}},
			want: []Column{integer}, wantConflicts: []Conflict{{Path: "a", Have: "a", Want: "A"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, conflicts := Merge(tt.a, tt.b)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wantConflicts, conflicts); diff != "" {
				t.Errorf("conflicts (-want +got):\n%s", diff)
			}
		})
	}
}

// anyColumns draws columns whose names collide often.
func anyColumns(depth int) *rapid.Generator[[]Column] {
	return rapid.Custom(func(t *rapid.T) []Column {
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 1, 3, rapid.ID).Draw(t, "names")
		types := []string{Integer, Float, String}
		if depth > 0 {
			types = append(types, Record)
		}
		var columns []Column
		for _, name := range names {
			c := Column{
				Name: name,
				Type: rapid.SampledFrom(types).Draw(t, "type"),
				Mode: rapid.SampledFrom([]string{Nullable, Required, Repeated}).Draw(t, "mode"),
			}
			if c.Type == Record {
				c.Fields = anyColumns(depth-1).Draw(t, "fields")
			}
			columns = append(columns, c)
		}
		return columns
	})
}

func TestMergeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyColumns(2).Draw(t, "a"), anyColumns(2).Draw(t, "b")
		before := fmt.Sprint(a, b)
		merged, conflicts := Merge(a, b)
		if after := fmt.Sprint(a, b); after != before {
			t.Fatalf("Merge changed its arguments:\n%s\n%s", before, after)
		}
		for path, problem := range problems(merged) {
			t.Fatalf("%s: %s", path, problem)
		}
		// The table keeps its columns in place, or BigQuery would refuse the change.
		for i, c := range a {
			if merged[i].Name != c.Name || merged[i].shape() != c.shape() {
				t.Fatalf("column %d was %s %s and is %s %s", i, c.Name, c.shape(), merged[i].Name, merged[i].shape())
			}
		}
		// Once merged, the same version asks for nothing more, and has the same conflicts.
		again, sameConflicts := Merge(merged, b)
		if diff := cmp.Diff(merged, again); diff != "" {
			t.Fatalf("merged again (-once +twice):\n%s", diff)
		}
		if diff := cmp.Diff(conflicts, sameConflicts); diff != "" {
			t.Fatalf("conflicts (-once +twice):\n%s", diff)
		}
	})
}
