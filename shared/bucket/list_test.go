package bucket_test

import (
	"errors"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/bucket"
)

// archive is a bucket of alerts with objects of these names.
func archive(t *testing.T, names ...string) *storage.BucketHandle {
	t.Helper()
	server := fakestorage.NewServer(nil)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "alerts"})
	for _, name := range names {
		server.CreateObject(fakestorage.Object{ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "alerts", Name: name}, Content: []byte("A")})
	}
	return server.Client().Bucket("alerts")
}

func TestNight(t *testing.T) {
	t.Parallel()
	alerts := archive(t,
		"v4.02/night=2026-09-01/ZTF21b/2.avro",
		"v4.02/night=2026-09-01/ZTF21a/1.avro",
		"v3.3/night=2026-09-01/ZTF21c/3.avro",
		"v4.02/night=2026-09-02/ZTF21a/4.avro",
		"v4.02/night=2026-09-011/ZTF21a/5.avro",
		"other/night=2026-09-01/ZTF21a/6.avro",
		"version",
	)
	cases := map[string]struct {
		night string
		want  []string
	}{
		"two schemas":   {"2026-09-01", []string{"v3.3/night=2026-09-01/ZTF21c/3.avro", "v4.02/night=2026-09-01/ZTF21a/1.avro", "v4.02/night=2026-09-01/ZTF21b/2.avro"}},
		"one schema":    {"2026-09-02", []string{"v4.02/night=2026-09-02/ZTF21a/4.avro"}},
		"without files": {"2026-09-03", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for file, err := range bucket.Night(t.Context(), alerts, c.night, "Name") {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, file.Name)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNightStops takes the first file and no more.
func TestNightStops(t *testing.T) {
	t.Parallel()
	alerts := archive(t, "v3.3/night=2026-09-01/a/1.avro", "v4.02/night=2026-09-01/a/2.avro")
	for file, err := range bucket.Night(t.Context(), alerts, "2026-09-01") {
		if err != nil || file.Name != "v3.3/night=2026-09-01/a/1.avro" || file.Size != 1 {
			t.Errorf("the first file is %+v, %v", file, err)
		}
		break
	}
}

// TestErrorEndsList says an error once, whatever the list is of.
func TestErrorEndsList(t *testing.T) {
	t.Parallel()
	server := fakestorage.NewServer(nil)
	t.Cleanup(server.Stop)
	absent := server.Client().Bucket("absent")
	said := map[string][]error{}
	for _, err := range bucket.Objects(t.Context(), absent, nil) {
		said["objects"] = append(said["objects"], err)
	}
	for _, err := range bucket.Schemas(t.Context(), absent) {
		said["schemas"] = append(said["schemas"], err)
	}
	for _, err := range bucket.Night(t.Context(), absent, "2026-09-01") {
		said["night"] = append(said["night"], err)
	}
	for _, list := range []string{"objects", "schemas", "night"} {
		if errs := said[list]; len(errs) != 1 || !errors.Is(errs[0], storage.ErrBucketNotExist) {
			t.Errorf("%s: errors are %v, want once that there is no bucket", list, errs)
		}
	}
}

// TestUnknownAttribute selects one that objects have not.
func TestUnknownAttribute(t *testing.T) {
	t.Parallel()
	alerts := archive(t, "v4.02/night=2026-09-01/a/1.avro")
	for _, err := range bucket.Night(t.Context(), alerts, "2026-09-01", "Colour") {
		if err == nil {
			t.Error("it was selected")
		}
	}
}
