package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/replay"
)

// TestMain looks for goroutines of ours; the clients leave some of their own.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// TestMessage makes what the functions take for the bucket's notification.
func TestMessage(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 9, 1, 5, 6, 7, 89e6, time.UTC)
	attrs := &storage.ObjectAttrs{
		Bucket: "b", Name: "v4.02/night=2026-09-01/ZTF21a/1.avro", Generation: 1788325200123456, Size: 70_001,
		Created: created, Metadata: map[string]string{"candid": "1", "quote": "\"<&>\xff"},
	}
	cases := map[string]struct {
		notify                 string
		one, another           bool
		wantReplay, wantNotify string
	}{
		"to nobody": {"", false, false, "true", ""},
		"to one":    {"orphan", true, false, "true", "orphan"},
		"to all":    {"*", true, true, "true", "*"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := replay.Message(attrs, c.notify)
			m := &event.Message{Data: sent.Data, Attributes: sent.Attributes}
			o, isNew, err := m.Object()
			if err != nil || !isNew {
				t.Fatalf("no notification: %v, %v", isNew, err)
			}
			want := event.Object{
				Bucket: "b", Name: attrs.Name, Generation: attrs.Generation, Size: attrs.Size, TimeCreated: created,
				Metadata: map[string]string{"candid": "1", "quote": "\"<&>\uFFFD"},
			}
			if diff := cmp.Diff(want, o); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
			if !m.Replay() || m.Notifies("orphan") != c.one || m.Notifies("nuclear") != c.another {
				t.Errorf("attributes are %v", sent.Attributes)
			}
			if diff := cmp.Diff([2]string{c.wantReplay, c.wantNotify},
				[2]string{sent.Attributes[names.AttributeReplay], sent.Attributes[names.AttributeNotify]}); diff != "" {
				t.Errorf("mark (-want +got):\n%s", diff)
			}
		})
	}
}

// stand is an archive with files, and the topic archived.
type stand struct {
	replay.Sender
	server *pstest.Server
	files  []string
}

func newStand(t *testing.T, files int) *stand {
	t.Helper()
	buckets := fakestorage.NewServer(nil)
	t.Cleanup(buckets.Stop)
	buckets.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: resources.AlertsBucket()})
	s := &stand{server: pstest.NewServer()}
	t.Cleanup(func() { _ = s.server.Close() })
	for i := range files {
		name := fmt.Sprintf("v4.02/night=2026-09-01/ZTF21a/%d.avro", i)
		buckets.CreateObject(fakestorage.Object{
			ObjectAttrs: fakestorage.ObjectAttrs{BucketName: resources.AlertsBucket(), Name: name}, Content: []byte("an alert"),
		})
		s.files = append(s.files, name)
	}
	client, err := pubsub.NewClient(context.Background(), resources.Project,
		option.WithEndpoint(s.server.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	topic := &pubsubpb.Topic{Name: resources.TopicPath(resources.ArchivedTopic())}
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	s.Sender = replay.Sender{Resources: resources, Archive: buckets.Client().Bucket(resources.AlertsBucket()), Topics: client}
	return s
}

// named are the files as somebody knows them who has no listing.
func (s *stand) named(more ...string) iter.Seq2[replay.Object, error] {
	return func(yield func(replay.Object, error) bool) {
		for _, name := range append(s.files, more...) {
			if !yield(replay.Object{Name: name}, nil) {
				return
			}
		}
	}
}

// sent are the files whose notifications came, and how often.
func (s *stand) sent() map[string]int {
	sent := map[string]int{}
	for _, m := range s.server.Messages() {
		sent[m.Attributes["objectId"]]++
	}
	return sent
}

func TestSend(t *testing.T) {
	t.Parallel()
	s := newStand(t, 100)
	var told replay.Report
	report, err := s.Send(t.Context(), s.named("v4.02/night=2026-09-01/ZTF21a/gone.avro"), func(r replay.Report) { told = r })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(replay.Report{Sent: 100, Gone: 1, Bytes: 800}, report); diff != "" || told != report {
		t.Errorf("the last report was %+v, the end's (-want +got):\n%s", told, diff)
	}
	want := map[string]int{}
	for _, name := range s.files {
		want[name] = 1
	}
	if diff := cmp.Diff(want, s.sent()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestSendListed takes a listing's word, and does not ask the bucket.
func TestSendListed(t *testing.T) {
	t.Parallel()
	s := newStand(t, 0)
	listed := func(yield func(replay.Object, error) bool) {
		yield(replay.Listed(&storage.ObjectAttrs{Bucket: "b", Name: "nowhere.avro", Generation: 7, Size: 5}), nil)
	}
	report, err := s.Send(t.Context(), listed, nil)
	if err != nil || report != (replay.Report{Sent: 1, Bytes: 5}) || s.sent()["nowhere.avro"] != 1 {
		t.Errorf("report %+v, error %v, sent %v", report, err, s.sent())
	}
}

// TestSendMarked has the mark of a file that is itself a replay stand in place of
// the sender's, if it is told so.
func TestSendMarked(t *testing.T) {
	t.Parallel()
	muted := map[string]string{names.AttributeReplay: "true", "candid": "1"}
	cases := map[string]struct {
		metadata map[string]string
		keep     bool
		want     string
	}{
		"news, by a person":           {map[string]string{"candid": "1"}, false, "*"},
		"news, by a repair":           {map[string]string{"candid": "1"}, true, "*"},
		"without metadata":            {nil, true, "*"},
		"a muted replay, by a person": {muted, false, "*"},
		"a muted replay, by a repair": {muted, true, ""},
		"a replay for one, by a repair": {
			map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "orphan"}, true, "orphan",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, 0)
			s.Notify, s.KeepMarks = names.NotifyAll, c.keep
			listed := func(yield func(replay.Object, error) bool) {
				yield(replay.Listed(&storage.ObjectAttrs{Bucket: "b", Name: "n.avro", Generation: 7, Metadata: c.metadata}), nil)
			}
			if _, err := s.Send(t.Context(), listed, nil); err != nil {
				t.Fatal(err)
			}
			sent := s.server.Messages()[0].Attributes
			if sent[names.AttributeReplay] != "true" || sent[names.AttributeNotify] != c.want {
				t.Errorf("attributes are %v, want %q to be notified", sent, c.want)
			}
		})
	}
}

// TestSendInterrupted stops in the middle, and sends all again.
func TestSendInterrupted(t *testing.T) {
	t.Parallel()
	s := newStand(t, 300)
	ctx, interrupt := context.WithCancel(t.Context())
	report, err := s.Send(ctx, s.named(), func(r replay.Report) {
		if r.Sent == 10 {
			interrupt()
		}
	})
	if !errors.Is(err, context.Canceled) || report.Sent < 10 || report.Sent >= 300 {
		t.Fatalf("%+v were sent, and the error is %v", report, err)
	}
	if report, err = s.Send(t.Context(), s.named(), nil); err != nil || report.Sent != 300 {
		t.Fatalf("repeated: %+v, %v", report, err)
	}
	if sent := s.sent(); len(sent) != 300 {
		t.Errorf("%d files were sent in the end, want 300", len(sent))
	}
}

func TestSendFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("the listing broke")
	cases := map[string]struct {
		objects iter.Seq2[replay.Object, error]
		topic   bool
		want    error
	}{
		"the listing": {func(yield func(replay.Object, error) bool) { yield(replay.Object{}, broken) }, true, broken},
		"the topic":   {nil, false, cmpopts.AnyError},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, 3)
			if c.objects == nil {
				c.objects = s.named()
			}
			if !c.topic {
				path := resources.TopicPath(resources.ArchivedTopic())
				if err := s.Topics.TopicAdminClient.DeleteTopic(t.Context(), &pubsubpb.DeleteTopicRequest{Topic: path}); err != nil {
					t.Fatal(err)
				}
			}
			report, err := s.Send(t.Context(), c.objects, nil)
			if diff := cmp.Diff(c.want, err, cmpopts.EquateErrors()); diff != "" || report.Sent != 0 {
				t.Errorf("%d sent, error (-want +got):\n%s", report.Sent, diff)
			}
		})
	}
}
