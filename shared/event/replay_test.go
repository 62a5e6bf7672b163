package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/names"
)

func TestReplay(t *testing.T) {
	t.Parallel()
	type answer struct{ Replay, Orphan, Nuclear bool }
	cases := map[string]struct {
		attributes map[string]string
		want       answer
	}{
		"news":                     {nil, answer{false, true, true}},
		"news that says so":        {map[string]string{names.AttributeReplay: "false"}, answer{false, true, true}},
		"for nobody":               {map[string]string{names.AttributeReplay: "true"}, answer{true, false, false}},
		"for one":                  {map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "orphan"}, answer{true, true, false}},
		"for one, which says it":   {map[string]string{names.AttributeNotify: "orphan"}, answer{true, true, false}},
		"for two":                  {map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "nuclear, orphan"}, answer{true, true, true}},
		"for all":                  {map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "*"}, answer{true, true, true}},
		"for a part of its name":   {map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "orphans,nucl"}, answer{true, false, false}},
		"for a name that is empty": {map[string]string{names.AttributeReplay: "true", names.AttributeNotify: ","}, answer{true, false, false}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &Message{Attributes: c.attributes}
			got := answer{m.Replay(), m.Notifies("orphan"), m.Notifies("nuclear")}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}
