package house

import (
	"context"
	"net/http/httptest"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/shared/names"
)

// Buckets is a Cloud Storage with the two buckets of a stream.
type Buckets struct {
	Address          string // host:port
	Client           *gcs.Client
	Alerts, Products *gcs.BucketHandle
}

// Storage opens a Cloud Storage with the stream's buckets, which are empty and
// notify nobody.
func Storage(t testing.TB, r names.Resources) *Buckets {
	t.Helper()
	server, err := storage.Open(storage.Options{Dir: t.TempDir(), Publisher: nobody{}, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	// The test's own context ends before its cleanup.
	client, err := gcs.NewClient(context.Background(),
		option.WithEndpoint(web.URL+"/storage/v1/"), option.WithoutAuthentication(), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	s := &Buckets{
		Address: web.Listener.Addr().String(), Client: client,
		Alerts: client.Bucket(r.AlertsBucket()), Products: client.Bucket(r.ProductsBucket()),
	}
	for _, bucket := range []*gcs.BucketHandle{s.Alerts, s.Products} {
		if err := bucket.Create(t.Context(), r.Project, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// nobody takes the buckets' notifications.
type nobody struct{}

func (nobody) Publish(context.Context, *pubsubpb.PublishRequest, ...grpc.CallOption) (*pubsubpb.PublishResponse, error) {
	return &pubsubpb.PublishResponse{}, nil
}
