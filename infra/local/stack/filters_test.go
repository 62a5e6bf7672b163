package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
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

func (nobody) Publish(context.Context, *pubsubpb.PublishRequest, ...grpc.CallOption) (*pubsubpb.PublishResponse, error) {
	return nil, errors.New("nobody listens")
}

func filterText(name string, version int) []byte {
	return fmt.Appendf(nil, "name: %s\nversion: %d\nowner: o\ndescription: d\nstreams: [ztf]\nwhere: \"true\"\n", name, version)
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
	a, b := builtIn{"a", "a", 1, filterText("a", 1)}, builtIn{"b", "b", 1, filterText("b", 1)}
	upload(a, b)
	firstA, firstB := generation("a"), generation("b")
	b.text = append(b.text, "# changed\n"...)
	upload(a, b)
	if generation("a") != firstA || generation("b") == firstB {
		t.Errorf("generations of a: %d, %d; of b: %d, %d", firstA, generation("a"), firstB, generation("b"))
	}
	upload(b)
	if generation("a") != firstA {
		t.Error("a filter that is not built in was changed")
	}
	published := builtIn{"a", "a", 2, filterText("a", 2)}
	upload(published)
	second := generation("a")
	upload(a)
	if generation("a") != second {
		t.Error("a version that somebody has published was replaced by a lower one")
	}
	a.version, a.text = 3, filterText("a", 3)
	upload(a)
	if generation("a") == second {
		t.Error("a higher version did not replace a lower one")
	}
}
