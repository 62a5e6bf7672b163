package endtoend

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/certificate"
)

// surveyRegistry is the survey's schema registry, which is down at first.
type surveyRegistry struct {
	up    atomic.Bool
	asked atomic.Int64
}

func (r *surveyRegistry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.asked.Add(1)
	if !r.up.Load() || q.URL.Path != fmt.Sprintf("/schemas/ids/%d", unknownSchema) {
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		return
	}
	latest, _ := schemas.Find(schemas.ZTF, "4.02")
	_ = json.NewEncoder(w).Encode(map[string]string{"schema": string(latest.JSON)})
}

// TestHostileNight sends a hostile night while the schema registry is down, then
// lets the registry come back, searches every output for the private alert, and
// has the whole night sent again in the morning.
func TestHostileNight(t *testing.T) {
	t.Parallel()
	const topic = "ztf_20260901_programid1"
	registry := new(surveyRegistry)
	front := httptest.NewServer(registry)
	t.Cleanup(front.Close)
	dir, h := t.TempDir(), newHostile(t)
	// No instance dies here whose matches another would have to notify.
	e := startFaulty(t, dir, "SCHEMA_REGISTRY_URL="+front.URL, "NIGHTWIRE_TRACE_ONE_IN=1", "NIGHTWIRE_CLAIM_LEASE=2m").Endpoints
	heard := tapTopics(t, e)

	feed(t, dir, h.folder, "--topic", topic)
	awaitLedger(t, e, int64(wantHostile.Records)-1)
	await(t, func() bool { return registry.asked.Load() >= 3 })
	want := wantHostile
	want.Stored, want.Files, want.Rows, want.Missing = want.Stored-1, want.Files-1, want.Rows-1, 1
	c := dawn(t, dir, false, closed)
	if diff := cmp.Diff(want, countsOf(c)); diff != "" || c.State != certificate.Missing || c.Lost(certificate.Unrecorded).Count != 1 {
		t.Fatalf("the registry is down, and the night %s (-want +got):\n%s", c.State, diff)
	}
	t.Logf("registry down: asked %d times, in vain; %d records, %d missing, which the certificate names", registry.asked.Load(), c.Records, c.Missing)

	registry.up.Store(true)
	awaitLedger(t, e, int64(wantHostile.Records))
	c = dawn(t, dir, true, closed)
	if diff := cmp.Diff(wantHostile, countsOf(c)); diff != "" || c.Evaluated != c.Files {
		t.Errorf("%d evaluated; certificate (-want +got):\n%s", c.Evaluated, diff)
	}
	t.Logf("registry up: %d records, %d stored, %d conflict, %d rejected, %d files, %d rows, %d missing",
		c.Records, c.Stored, c.Conflicts, c.Rejected, c.Files, c.Rows, c.Missing)
	for _, reason := range []string{"programid 3 does not belong", "the packet is empty", "packet, byte"} {
		if !slices.ContainsFunc(c.Rejections, func(r certificate.Rejection) bool { return strings.Contains(r.Reason, reason) }) {
			t.Errorf("no rejection says %q: %+v", reason, c.Rejections)
		}
	}
	if n := ask(t, e, "SELECT COUNT(*) FROM alerts")[0][0]; n != int64(wantHostile.Stored) {
		t.Errorf("the view shows %v alerts, want %d: one of the two of one candid", n, wantHostile.Stored)
	}
	awaitTarball(t, e)
	seen := heard()
	places := outputs(t, e, seen)
	checkFiles(t, h, places["buckets"])
	checkPrivate(t, h, e, places, seen)

	// The next morning the survey sends the whole night again.
	files, notified := digests(places["buckets"]), len(seen[e.Resources().Topic("everything")])
	tables := []string{
		`SELECT DISTINCT candid, objectId, nightwire.object, nightwire.sha256 FROM alerts_stream ORDER BY 3`,
		`SELECT candid, filter, version FROM matches ORDER BY candid, filter`,
		`SELECT DISTINCT object FROM evaluations ORDER BY 1`,
	}
	before := answers(t, e, tables)
	feed(t, dir, h.folder, "--topic", topic)
	awaitLedger(t, e, 2*int64(wantHostile.Records))
	c = dawn(t, dir, true, closed)
	want = wantHostile
	want.Records, want.Rejected, want.Duplicates = 2*want.Records, 2*want.Rejected, want.Files
	if diff := cmp.Diff(want, countsOf(c)); diff != "" {
		t.Errorf("sent again in the morning (-want +got):\n%s", diff)
	}
	seen = heard()
	places = outputs(t, e, seen)
	if diff := cmp.Diff(files, digests(places["buckets"])); diff != "" {
		t.Errorf("files of alerts (-before the morning +after):\n%s", diff)
	}
	if diff := cmp.Diff(before, answers(t, e, tables)); diff != "" {
		t.Errorf("tables (-before the morning +after):\n%s", diff)
	}
	if n := len(seen[e.Resources().Topic("everything")]); n != notified || notified != wantHostile.Stored {
		t.Errorf("the readers of a filter heard of %d alerts, want %d, and again of %d in the morning", notified, wantHostile.Stored, n-notified)
	}
	checkPrivate(t, h, e, places, seen)
	t.Logf("sent again: %d records, %d stored, %d duplicates, %d conflict, %d rejected, %d files, %d missing; 0 of %d notifications again",
		c.Records, c.Stored, c.Duplicates, c.Conflicts, c.Rejected, c.Files, c.Missing, notified)
}

// awaitTarball waits until the night has its tarball.
func awaitTarball(t *testing.T, e stack.Endpoints) {
	t.Helper()
	tarball := openStorage(t, e).Bucket(e.Resources().ProductsBucket()).Object(e.Resources().TarballObject(closed))
	await(t, func() bool {
		_, err := tarball.Attrs(t.Context())
		return err == nil
	})
}
