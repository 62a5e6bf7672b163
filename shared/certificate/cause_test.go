package certificate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/certificate"
)

// TestCommands names what a person can do: what is fetched from Kafka again is
// news to the filters' readers, and a command that kept it from them would keep
// it for good.
func TestCommands(t *testing.T) {
	t.Parallel()
	spans := []certificate.Span{{Topic: "ztf_20260901_programid1", Partition: 3, First: 5, Last: 9}}
	fetch := []string{"nightwire replay --kafka ztf_20260901_programid1 --partition 3 --from 5 --to 10 --notify --stream ztf"}
	look := []string{"nightwire dawn 2026-09-01 --stream ztf"}
	want := map[certificate.Cause][]string{
		certificate.Expired: fetch, certificate.Unrecorded: fetch, certificate.NoFile: fetch,
		certificate.Unread: look, certificate.Unledgered: look, certificate.NoRow: look, certificate.Unjudged: look,
		certificate.Unsent: nil, certificate.FileGone: nil,
	}
	for _, cause := range certificate.Causes() {
		l := certificate.Loss{Cause: cause, Count: 5, Spans: spans}
		c := certificate.Certificate{Stream: "ztf", Night: "2026-09-01"}
		if diff := cmp.Diff(want[cause], c.Commands(l)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cause, diff)
		}
		c.Project, c.Suffix = "sky", "t1"
		var deployed []string
		for _, command := range want[cause] {
			deployed = append(deployed, command+" --project sky --suffix t1")
		}
		if diff := cmp.Diff(deployed, c.Commands(l)); diff != "" {
			t.Errorf("%s of a deployment (-want +got):\n%s", cause, diff)
		}
		if l.Remedy() == "" || cause.Meaning() == "" {
			t.Errorf("%s says nothing to people", cause)
		}
	}
}
