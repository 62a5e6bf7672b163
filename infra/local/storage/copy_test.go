package storage_test

import (
	"errors"
	"net/http"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
)

func testCopy(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	source := mustWrite(t, bucket.Object(alert), "content", func(w *gcs.Writer) {
		w.ContentType, w.CacheControl, w.Metadata = "application/avro", "no-store", map[string]string{"candid": "1"}
	})
	other := s.client.Bucket(bucket.BucketName() + "-copies")
	if err := other.Create(t.Context(), s.project, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := remove(other); err != nil {
			t.Errorf("delete bucket %s: %v", other.BucketName(), err)
		}
	})
	for _, into := range []*gcs.ObjectHandle{bucket.Object("copies/a"), other.Object(alert), bucket.Object(alert)} {
		made, err := into.CopierFrom(bucket.Object(alert)).Run(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", into.ObjectName(), err)
		}
		got := []any{made.Bucket, made.Name, made.ContentType, made.CacheControl, made.Metadata, made.Size, made.MD5}
		want := []any{into.BucketName(), into.ObjectName(), "application/avro", "no-store", source.Metadata, source.Size, source.MD5}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if text := mustRead(t, into); text != "content" || made.Generation <= source.Generation {
			t.Errorf("%s has generation %d and holds %q", into.ObjectName(), made.Generation, text)
		}
	}
	c := bucket.Object("copies/b").CopierFrom(bucket.Object(alert))
	c.ContentType = "text/plain"
	made, err := c.Run(t.Context())
	if err != nil || made.ContentType != "text/plain" || made.CacheControl != "" || len(made.Metadata) > 0 {
		t.Errorf("with attributes of its own: %+v, %v", made, err)
	}
}

func testCopyConditions(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	there := mustWrite(t, bucket.Object("there"), "there", nil)
	source := mustWrite(t, bucket.Object("source"), "source", nil)
	for name, c := range map[string]struct {
		into, from *gcs.ObjectHandle
		want       int
	}{
		"the copy is there":     {bucket.Object("there").If(gcs.Conditions{DoesNotExist: true}), bucket.Object("source"), http.StatusPreconditionFailed},
		"the source is another": {bucket.Object("there"), bucket.Object("source").If(gcs.Conditions{GenerationMatch: source.Generation + 1}), http.StatusPreconditionFailed},
		"a generation is gone":  {bucket.Object("there"), bucket.Object("source").Generation(source.Generation - 1), http.StatusNotFound},
		"the source is missing": {bucket.Object("there"), bucket.Object("absent"), http.StatusNotFound},
		"the bucket is missing": {s.client.Bucket(bucket.BucketName() + "-absent").Object("there"), bucket.Object("source"), http.StatusNotFound},
	} {
		_, err := c.into.CopierFrom(c.from).Run(t.Context())
		if code(err) != c.want && (c.want != http.StatusNotFound || !errors.Is(err, gcs.ErrObjectNotExist)) {
			t.Errorf("%s: %v, want %d", name, err, c.want)
		}
	}
	if got := mustRead(t, bucket.Object("there")); got != "there" {
		t.Errorf("refused copies made of the object %q", got)
	}
	held := gcs.Conditions{GenerationMatch: there.Generation}
	_, err := bucket.Object("there").If(held).CopierFrom(bucket.Object("source").Generation(source.Generation)).Run(t.Context())
	if got := mustRead(t, bucket.Object("there")); err != nil || got != "source" {
		t.Errorf("with conditions that hold: %v, content %q", err, got)
	}
}
