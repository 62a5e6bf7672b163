package deadletter

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
)

// never is a fault that no repetition cures.
type never struct{ error }

func (never) Permanent() bool { return true }

// TestDeadLetterTopicOutOfReach has a function refuse messages for good while
// their letters cannot be written: Pub/Sub keeps the messages, and sends them
// until the letters are.
func TestDeadLetterTopicOutOfReach(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]codes.Code{"no topic": codes.NotFound, "no permission": codes.PermissionDenied} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, everything...)
			var back atomic.Bool
			client := h.connect(
				func(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
					if !back.Load() {
						return status.Error(code, "out of reach")
					}
					return invoke(ctx, method, request, reply, c, options...)
				})
			letters := client.Publisher(resources.TopicPath(resources.DeadLetterTopic()))
			t.Cleanup(func() { letters.Stop(); _ = client.Close() })
			tried := make(chan struct{}, 50)
			function := httptest.NewServer(&event.Handler{
				Function: "archive", Log: slog.New(slog.DiscardHandler), DeadLetters: &event.DeadLetters{Publisher: letters},
				Handle: func(context.Context, *event.Message) error {
					select {
					case tried <- struct{}{}:
					default: // nobody counts any more
					}
					return never{errors.New("no alert")}
				},
			})
			t.Cleanup(function.Close)
			want := h.pushTo(function.URL, 10)
			for range 50 { // each message comes again, since none is acknowledged
				<-tried
			}
			if list := h.list(Choice{}); len(list.Letters) > 0 {
				t.Errorf("there are %d letters while nobody can write one", len(list.Letters))
			}
			back.Store(true)
			var got []string
			for deadline := time.Now().Add(2 * time.Minute); len(got) < len(want) && time.Now().Before(deadline); {
				got = slices.Compact(from(h.list(Choice{}).Letters))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("letters (-want +got):\n%s", diff)
			}
		})
	}
}

// connect is another client, whose calls pass through the interceptor.
func (h *home) connect(through grpc.UnaryClientInterceptor) *pubsub.Client {
	h.t.Helper()
	client, err := pubsub.NewClient(context.Background(), resources.Project,
		option.WithEndpoint(h.topics.Address), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		option.WithGRPCDialOption(grpc.WithUnaryInterceptor(through)))
	if err != nil {
		h.t.Fatal(err)
	}
	return client
}

// pushTo has Pub/Sub push so many raw packets to a function, and returns what
// their letters will say that they are from.
func (h *home) pushTo(url string, packets int) []string {
	h.t.Helper()
	push := &pubsubpb.Subscription{
		Name: resources.SubscriptionPath(resources.Subscription(resources.RawTopic(), "archive")), Topic: resources.TopicPath(resources.RawTopic()),
		PushConfig:  &pubsubpb.PushConfig{PushEndpoint: url},
		RetryPolicy: &pubsubpb.RetryPolicy{MinimumBackoff: durationpb.New(time.Millisecond), MaximumBackoff: durationpb.New(20 * time.Millisecond)},
	}
	if _, err := h.Client.SubscriptionAdminClient.CreateSubscription(h.t.Context(), push); err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for offset := range int64(packets) {
		m := origin.Origin{Topic: "t", Offset: offset}.Message(names.ZTF, []byte("no alert"))
		if _, err := h.publisher(resources.RawTopic()).Publish(h.t.Context(), m).Get(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, "t/0@"+m.Attributes["kafka.offset"])
	}
	return list
}
