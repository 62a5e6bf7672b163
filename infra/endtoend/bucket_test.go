package endtoend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/shared/names"
)

// nobody takes no notification: none is waiting when a stack has settled.
type nobody struct{}

func (nobody) Publish(context.Context, *pubsubpb.PublishRequest, ...grpc.CallOption) (*pubsubpb.PublishResponse, error) {
	return nil, errors.New("a notification was still waiting")
}

// openBucket serves the archive of a stack that does not run.
func openBucket(t *testing.T, dir string) (*gcs.BucketHandle, func()) {
	t.Helper()
	server, err := storage.Open(storage.Options{Dir: filepath.Join(dir, "storage"), Publisher: nobody{}})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server.Handler())
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(front.URL+"/storage/v1/"),
		option.WithoutAuthentication(), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	r := names.Resources{Project: stack.Project, Stream: names.ZTF}
	return client.Bucket(r.AlertsBucket()), func() {
		_ = client.Close()
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

func readAll(t *testing.T, bucket *gcs.BucketHandle) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for objects := bucket.Objects(t.Context(), nil); ; {
		o, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		r, err := bucket.Object(o.Name).NewReader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if files[o.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
	}
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
