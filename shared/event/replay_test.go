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

// TestMarked has the news of a file whose raw message was sent again.
func TestMarked(t *testing.T) {
	t.Parallel()
	type answer struct{ Replay, Orphan, Nuclear bool }
	news := map[string]string{"eventType": "OBJECT_FINALIZE"}
	toNobody := map[string]string{names.AttributeReplay: "true"}
	toAll := map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "*"}
	toOne := map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "orphan"}
	cases := map[string]struct {
		attributes, metadata map[string]string
		want                 answer
	}{
		"news of a file of the survey's":            {news, map[string]string{"candid": "1"}, answer{false, true, true}},
		"news of a file of a replay":                {news, toNobody, answer{true, false, false}},
		"news of a file of a replay to all":         {news, toAll, answer{true, true, true}},
		"a storage event of a file of a replay":     {nil, toNobody, answer{true, false, false}},
		"a replay to one, of a file of a replay":    {toOne, toNobody, answer{true, true, false}},
		"a replay to nobody, of a file made to all": {toNobody, toAll, answer{true, false, false}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := (&Message{ID: "1", Attributes: c.attributes}).Marked(Object{Metadata: c.metadata})
			got := answer{m.Replay(), m.Notifies("orphan"), m.Notifies("nuclear")}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if m.ID != "1" || c.attributes != nil && m.Attributes["eventType"] != c.attributes["eventType"] {
				t.Errorf("the message is %+v", m)
			}
		})
	}
	if len(news) != 1 {
		t.Errorf("the message's own attributes became %v", news)
	}
}
