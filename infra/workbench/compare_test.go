package workbench

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	a := where(t, "mag() < 17.5", "faint: mag() > 16.5", "mine: 1.0", "rate: mag() + 1.0")
	b := where(t, "mag() < 18.5", "rate: mag() + 1.0", "faint: mag() > 17.0")
	c, err := Compare(t.Context(), synthetic(t), a, b, Options{Examples: 2})
	if err != nil {
		t.Fatal(err)
	}
	both, onlyB, differ := 0, 0, 0
	for _, one := range truth(t) {
		switch {
		case one.Mag < 17.5:
			both++
			if one.Mag > 16.5 && one.Mag <= 17 {
				differ++
			}
		case one.Mag < 18.5:
			onlyB++
		}
	}
	if diff := cmp.Diff([]int{both, 0, onlyB}, []int{c.Both.Count, c.OnlyA.Count, c.OnlyB.Count}); diff != "" || differ == 0 {
		t.Errorf("both, only A, only B (-want +got):\n%s", diff)
	}
	if len(c.Differing) != 1 || c.Differing[0].Column != "faint" || c.Differing[0].Count != differ || c.Differing[0].A != true || c.Differing[0].B != false {
		t.Errorf("differing are %+v, want faint in %d", c.Differing, differ)
	}
	if len(c.OnlyA.Examples) != 0 || len(c.OnlyB.Examples) != 2 || len(c.OnlyB.Examples[0].Columns) != 2 {
		t.Errorf("examples are %+v and %+v", c.OnlyA.Examples, c.OnlyB.Examples)
	}
	var printed strings.Builder
	c.Print(&printed)
	for _, want := range []string{"A = tried@1", "both match", "column faint differs in", "it is true in A, false in B", "column mine is in one of them only", "only B:"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("%q is not in:\n%s", want, printed.String())
		}
	}
}
