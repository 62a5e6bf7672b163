package publish

import (
	"testing"

	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/telemetry/traceparent"
)

func TestMessageSaysItsTrace(t *testing.T) {
	t.Parallel()
	r := Record{Origin: origin.Origin{Topic: "ztf_20260901_programid1", Offset: 7}}
	cases := map[string]struct {
		oneIn int
		want  string
	}{
		"every record": {1, traceparent.Of(r.Origin, 1).String()},
		"none":         {0, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := r.message(names.ZTF, c.oneIn).Attributes[traceparent.Key]; got != c.want {
				t.Errorf("traceparent is %q, want %q", got, c.want)
			}
		})
	}
}
