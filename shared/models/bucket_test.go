package models_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/models"
)

// newBucket is an empty products bucket.
func newBucket(t *testing.T) (*fakestorage.Server, *storage.BucketHandle) {
	t.Helper()
	server := fakestorage.NewServer(nil)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "products"})
	return server, server.Client().Bucket("products")
}

func fromBucket(t *testing.T, bucket *storage.BucketHandle) *models.Set {
	t.Helper()
	set, err := models.FromBucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// modelFolder is a folder of that name with a model, and one bandpass in it.
func modelFolder(t *testing.T, name string, more map[string]string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), name)
	write(t, folder, modelFiles())
	write(t, folder, map[string]string{"bandpasses/ztfg.dat": bandpass})
	write(t, folder, more)
	return folder
}

func TestFromBucket(t *testing.T) {
	t.Parallel()
	server, bucket := newBucket(t)
	server.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "products", Name: "filters/everything.yaml"}, Content: []byte("name: everything"),
	})
	if set := fromBucket(t, bucket); !set.Demonstration {
		t.Errorf("a bucket without a model gives %s", set)
	}

	folder := modelFolder(t, "first", map[string]string{"README": "not to be uploaded", "bandpasses/README.md": "nor this"})
	want, err := models.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := models.ToBucket(t.Context(), bucket, folder); err != nil {
		t.Fatal(err)
	}
	got := fromBucket(t, bucket)
	if got.Name != "first" || got.Demonstration || got.Hash != want.Hash || got.Model.Hash() != want.Model.Hash() {
		t.Errorf("the bucket has %s, the folder %s", got, want)
	}
	if diff := cmp.Diff(bandNames(want), bandNames(got)); diff != "" {
		t.Errorf("bands (-folder +bucket):\n%s", diff)
	}

	// Another model takes its place, with nothing of it left.
	if err := models.ToBucket(t.Context(), bucket, modelFolder(t, "second", nil)); err != nil {
		t.Fatal(err)
	}
	if got := fromBucket(t, bucket); got.Name != "second" {
		t.Errorf("after another upload the bucket has %s", got)
	}
	if err := models.Clear(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	if set := fromBucket(t, bucket); !set.Demonstration {
		t.Errorf("a cleared bucket gives %s", set)
	}
	if _, err := server.GetObject("products", "filters/everything.yaml"); err != nil {
		t.Errorf("the filters are gone: %v", err)
	}
}

// What is there as it is here stays: no object gets a new generation.
func TestToBucketLeavesWhatIsThere(t *testing.T) {
	t.Parallel()
	_, bucket := newBucket(t)
	folder := modelFolder(t, "mine", nil)
	generation := func(name string) int64 {
		if err := models.ToBucket(t.Context(), bucket, folder); err != nil {
			t.Fatal(err)
		}
		attributes, err := bucket.Object("models/mine/" + name).Attrs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return attributes.Generation
	}
	same, changed := generation("salt2_template_0.dat"), generation("bandpasses/ztfg.dat")
	write(t, folder, map[string]string{"bandpasses/ztfg.dat": bandpass + "5600 0\n"})
	if g := generation("salt2_template_0.dat"); g != same {
		t.Errorf("the model was uploaded again: generations %d and %d", same, g)
	}
	if g := generation("bandpasses/ztfg.dat"); g == changed {
		t.Error("the changed bandpass was not uploaded")
	}
}

func TestFromBucketRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		objects []string
		want    string
	}{
		"two models":      {[]string{"models/a/salt2_template_0.dat", "models/b/salt2_template_0.dat"}, "two models, models/a and models/b"},
		"no folder":       {[]string{"models/salt2_template_0.dat"}, "models/salt2_template_0.dat is in no model's folder"},
		"half of a model": {[]string{"models/a/salt2_template_0.dat"}, "salt2_template_1.dat"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, bucket := newBucket(t)
			for _, object := range c.objects {
				server.CreateObject(fakestorage.Object{
					ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "products", Name: object},
					Content:     []byte(modelFiles()["salt2_template_0.dat"]),
				})
			}
			_, err := models.FromBucket(t.Context(), bucket)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error that says %q", err, c.want)
			}
		})
	}
}

// A bucket that cannot be asked is not one without a model.
func TestFromBucketDoesNotGuess(t *testing.T) {
	t.Parallel()
	server, _ := newBucket(t)
	if set, err := models.FromBucket(t.Context(), server.Client().Bucket("absent")); err == nil {
		t.Errorf("without an answer it is %s", set)
	}
}
