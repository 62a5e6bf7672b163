package stack

import (
	"context"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/shared/names"
)

// TestBuiltIns has every stream have filters, each of them its own.
func TestBuiltIns(t *testing.T) {
	t.Parallel()
	for _, stream := range names.Streams() {
		all, err := builtIns(stream)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, f := range all {
			if seen[f.name] || f.topic == "" || len(f.text) == 0 {
				t.Errorf("%s: filter %+v", stream, f)
			}
			seen[f.name] = true
		}
		if !seen["everything"] {
			t.Errorf("%s has no filter everything", stream)
		}
	}
}

// nobody takes no notification.
type nobody struct{}

func (nobody) Publish(context.Context, string, ...*pubsubpb.PubsubMessage) error {
	return errors.New("nobody listens")
}

// TestUploadFilters uploads what is new or has changed, and nothing else.
func TestUploadFilters(t *testing.T) {
	t.Parallel()
	server, err := storage.Open(storage.Options{Dir: filepath.Join(t.TempDir(), "storage"), Publisher: nobody{}})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server.Handler())
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(front.URL+"/storage/v1/"), option.WithoutAuthentication(), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	bucket := client.Bucket("products")
	if err := bucket.Create(t.Context(), "p", nil); err != nil {
		t.Fatal(err)
	}
	generation := func(name string) int64 {
		attributes, err := bucket.Object(names.FilterObject(name)).Attrs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return attributes.Generation
	}
	upload := func(all ...builtIn) {
		if err := uploadFilters(t.Context(), bucket, all); err != nil {
			t.Fatal(err)
		}
	}
	a, b := builtIn{"a", "a", []byte("name: a")}, builtIn{"b", "b", []byte("name: b")}
	upload(a, b)
	firstA, firstB := generation("a"), generation("b")
	b.text = []byte("name: b, changed")
	upload(a, b)
	if generation("a") != firstA || generation("b") == firstB {
		t.Errorf("generations of a: %d, %d; of b: %d, %d", firstA, generation("a"), firstB, generation("b"))
	}
	upload(b)
	if generation("a") != firstA {
		t.Error("a filter that is not built in was changed")
	}
}
