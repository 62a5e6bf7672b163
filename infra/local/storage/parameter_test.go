package storage

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParameterFalse: a parameter that a request does not have, and that asks for
// nothing, has no effect; one that it has may have that value.
func TestParameterFalse(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	mustCreate(t, b, "first", "first")
	const objects = "/storage/v1/b/bucket/o"
	for _, ask := range []struct{ target, body string }{
		{objects + "/composed/compose?name=false", `{"sourceObjects": [{"name": "first"}]}`},
		{objects + "/first/rewriteTo/b/bucket/o/copied?name=False", ""},
		{"/upload" + objects + "?uploadType=media&name=false", "content"},
	} {
		if w := request(t, b, http.MethodPost, ask.target, "", strings.NewReader(ask.body)); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", ask.target, w.Code, w.Body)
		}
	}
	names := slices.Sorted(maps.Keys(b.entries))
	if diff := cmp.Diff([]string{"composed", "copied", "false", "first"}, names); diff != "" {
		t.Error(diff)
	}
}
