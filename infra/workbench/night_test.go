package workbench

import (
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/names"
)

// archive is a bucket of alerts with these objects.
func archive(t *testing.T, objects map[string]string) *gcs.BucketHandle {
	t.Helper()
	alerts := house.Storage(t, names.Resources{Project: "p", Stream: names.ZTF}).Alerts
	for name, content := range objects {
		if _, err := bucket.Write(t.Context(), alerts.Object(name), "application/avro", []byte(content), nil); err != nil {
			t.Fatal(err)
		}
	}
	return alerts
}

func TestNight(t *testing.T) {
	t.Parallel()
	alerts := archive(t, map[string]string{
		"v4.02/night=2026-09-01/ZTF21b/2.avro":              "B",
		"v4.02/night=2026-09-01/ZTF21a/1.avro":              "A",
		"v3.3/night=2026-09-01/ZTF21c/3.avro":               "C",
		"v4.02/night=2026-09-01/ZTF21a/1.0123456789ab.avro": "another packet of the same identity",
		"v4.02/night=2026-09-02/ZTF21a/4.avro":              "another night",
		"v4.02/night=2026-09-011/ZTF21a/5.avro":             "no night",
		"other/night=2026-09-01/ZTF21a/6.avro":              "no alert",
	})
	night, err := Night(t.Context(), alerts, "2026-09-01")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"C", "A", "B"}
	for range 2 { // a source can be read again
		var got []string
		for p, err := range night.Packets {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(p.Bytes))
		}
		if diff := cmp.Diff(want, got); diff != "" || night.Count != len(want) {
			t.Errorf("packets (-want +got), %d announced:\n%s", night.Count, diff)
		}
	}
	for p, err := range night.Packets {
		if err != nil || string(p.Bytes) != "C" {
			t.Errorf("first packet is %s, %v", p.Bytes, err)
		}
		break
	}
	if err := alerts.Object("v4.02/night=2026-09-01/ZTF21a/1.avro").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, last = range night.Packets {
	}
	if last == nil || !strings.Contains(last.Error(), "ZTF21a/1.avro") {
		t.Errorf("a file that is gone: %v, want an error that names it", last)
	}
	if _, err := Night(t.Context(), alerts, "2026-09-03"); err == nil || !strings.Contains(err.Error(), "has no alerts of it") {
		t.Errorf("a night without alerts: %v", err)
	}
}
