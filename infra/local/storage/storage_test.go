package storage_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"

	"nightwire.dev/infra/local/storage"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		serveUntilKilled(dir)
		return
	}
	// A dependency starts it when the program does, and never ends it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

const bucketName = "nightwire-ztf-alerts"

// outbox is a publisher that keeps what it accepts, and can be made to refuse.
type outbox struct {
	mu       sync.Mutex
	refusals int // calls still to be refused
	accepted []*pubsubpb.PubsubMessage
	topics   []string
}

func (o *outbox) Publish(_ context.Context, r *pubsubpb.PublishRequest, _ ...grpc.CallOption) (*pubsubpb.PublishResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refusals > 0 {
		o.refusals--
		return nil, errors.New("refused on purpose")
	}
	o.accepted = append(o.accepted, r.GetMessages()...)
	for range r.GetMessages() {
		o.topics = append(o.topics, r.GetTopic())
	}
	return &pubsubpb.PublishResponse{}, nil
}

func (o *outbox) messages() []*pubsubpb.PubsubMessage {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.accepted)
}

// service is a running server and the official client on it. Google's has no
// server here, and no outbox.
type service struct {
	*storage.Server
	url     string
	project string
	client  *gcs.Client
	out     *outbox
	stop    func()
}

// start serves a folder, with an outbox for a publisher.
func start(t testing.TB, dir string, out *outbox) *service {
	t.Helper()
	s := startWith(t, storage.Options{Dir: dir, Publisher: out, Logger: slog.New(slog.DiscardHandler)})
	s.out = out
	return s
}

// startWith serves until stop is called or the test ends.
func startWith(t testing.TB, options storage.Options) *service {
	t.Helper()
	server, err := storage.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(web.URL+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	s := &service{Server: server, url: web.URL, project: "nightwire", client: client}
	s.stop = sync.OnceFunc(func() {
		client.Close()
		web.Close()
		if err := server.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// startWithBucket is start on an empty folder, with one bucket.
func startWithBucket(t testing.TB) (*service, *gcs.BucketHandle) {
	t.Helper()
	s := start(t, t.TempDir(), &outbox{})
	bucket := s.client.Bucket(bucketName)
	if err := bucket.Create(t.Context(), "nightwire", nil); err != nil {
		t.Fatal(err)
	}
	return s, bucket
}

// write creates an object as Nightwire does, in one request.
func write(ctx context.Context, object *gcs.ObjectHandle, content []byte, set func(*gcs.Writer)) (*gcs.ObjectAttrs, error) {
	w := object.NewWriter(ctx)
	w.ChunkSize = 0
	if set != nil {
		set(w)
	}
	if _, err := w.Write(content); err != nil {
		w.Close()
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return w.Attrs(), nil
}

func mustWrite(t testing.TB, object *gcs.ObjectHandle, content string, set func(*gcs.Writer)) *gcs.ObjectAttrs {
	t.Helper()
	attrs, err := write(t.Context(), object, []byte(content), set)
	if err != nil {
		t.Fatalf("write %s: %v", object.ObjectName(), err)
	}
	return attrs
}

func mustRead(t testing.TB, object *gcs.ObjectHandle) string {
	t.Helper()
	r, err := object.NewReader(t.Context())
	if err != nil {
		t.Fatalf("read %s: %v", object.ObjectName(), err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", object.ObjectName(), err)
	}
	return string(content)
}

// await waits until a condition holds; the deadline is for a test that fails.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
