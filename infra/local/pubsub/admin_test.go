package pubsub_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	gax "github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nightwire.dev/infra/local/pubsub"
)

// noRetry makes the official client report what the server said.
var noRetry = gax.WithRetry(func() gax.Retryer { return nil })

// testErrors asks for what cannot be. The local server's error names its subject
// too; Google's words are its own, and it does more.
func testErrors(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.alerts, PushConfig: &pubsubpb.PushConfig{PushEndpoint: "https://example.org/f"}})
	topics, subs := h.client.TopicAdminClient, h.client.SubscriptionAdminClient
	absent := h.project + "/topics/absent"
	publish := func(topic string, messages ...*pubsubpb.PubsubMessage) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := topics.Publish(ctx, &pubsubpb.PublishRequest{Topic: topic, Messages: messages}, noRetry)
			return err
		}
	}
	create := func(edit func(*pubsubpb.Subscription)) func(context.Context) error {
		return func(ctx context.Context) error {
			d := &pubsubpb.Subscription{Name: h.project + "/subscriptions/new", Topic: h.alerts}
			edit(d)
			_, err := subs.CreateSubscription(ctx, d, noRetry)
			return err
		}
	}
	for _, tc := range []struct {
		name string
		call func(context.Context) error
		code codes.Code
		says string
	}{
		{"topic exists", func(ctx context.Context) error {
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: h.alerts}, noRetry)
			return err
		}, codes.AlreadyExists, h.alerts},
		{"topic name malformed", func(ctx context.Context) error {
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: h.project + "/topics/9"}, noRetry)
			return err
		}, codes.InvalidArgument, "topics/9"},
		{"topic name of google", func(ctx context.Context) error {
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: h.project + "/topics/google"}, noRetry)
			return err
		}, codes.InvalidArgument, "google"},
		{"topic retention", func(ctx context.Context) error {
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: absent, MessageRetentionDuration: durationpb.New(1e12)}, noRetry)
			return err
		}, codes.Unimplemented, "message_retention_duration"},
		{"update topic", func(ctx context.Context) error {
			_, err := topics.UpdateTopic(ctx, &pubsubpb.UpdateTopicRequest{Topic: &pubsubpb.Topic{Name: h.alerts}}, noRetry)
			return err
		}, codes.Unimplemented, "UpdateTopic"},
		{"get absent topic", func(ctx context.Context) error {
			_, err := topics.GetTopic(ctx, &pubsubpb.GetTopicRequest{Topic: absent}, noRetry)
			return err
		}, codes.NotFound, absent},
		{"delete absent topic", func(ctx context.Context) error {
			return topics.DeleteTopic(ctx, &pubsubpb.DeleteTopicRequest{Topic: absent}, noRetry)
		}, codes.NotFound, absent},
		{"publish to absent topic", publish(absent, &pubsubpb.PubsubMessage{Data: []byte("x")}), codes.NotFound, absent},
		{"publish nothing", publish(h.alerts), codes.InvalidArgument, "0"},
		{"publish empty message", publish(h.alerts, &pubsubpb.PubsubMessage{}), codes.InvalidArgument, "a message: 0"},
		{"publish above 10 MB", publish(h.alerts, &pubsubpb.PubsubMessage{Data: make([]byte, 10_000_001)}), codes.InvalidArgument, "10000001"},
		{"publish request above 10 MB", publish(h.alerts, sized(6_000_000), sized(6_000_000)), codes.InvalidArgument, "120000"},
		{"more than 1,000 messages", publish(h.alerts, slices.Repeat([]*pubsubpb.PubsubMessage{sized(1)}, 1001)...), codes.InvalidArgument, "1001"},
		{"subscription exists", create(func(d *pubsubpb.Subscription) { d.Name = h.archive }), codes.AlreadyExists, h.archive},
		{"subscription of absent topic", create(func(d *pubsubpb.Subscription) { d.Topic = absent }), codes.NotFound, absent},
		{"ack deadline too short", create(func(d *pubsubpb.Subscription) { d.AckDeadlineSeconds = 9 }), codes.InvalidArgument, "9"},
		{"ordering", create(func(d *pubsubpb.Subscription) { d.EnableMessageOrdering = true }), codes.Unimplemented, "enable_message_ordering"},
		{"exactly once", create(func(d *pubsubpb.Subscription) { d.EnableExactlyOnceDelivery = true }), codes.Unimplemented, "enable_exactly_once_delivery"},
		{"to BigQuery", create(func(d *pubsubpb.Subscription) { d.BigqueryConfig = &pubsubpb.BigQueryConfig{Table: "a.b.c"} }), codes.Unimplemented, "bigquery_config"},
		{"push with a token", create(func(d *pubsubpb.Subscription) {
			d.PushConfig = &pubsubpb.PushConfig{PushEndpoint: "http://127.0.0.1/f", AuthenticationMethod: &pubsubpb.PushConfig_OidcToken_{OidcToken: &pubsubpb.PushConfig_OidcToken{}}}
		}), codes.Unimplemented, "oidc_token"},
		{"push to no URL", create(func(d *pubsubpb.Subscription) { d.PushConfig = &pubsubpb.PushConfig{PushEndpoint: "archive"} }), codes.InvalidArgument, "archive"},
		{"filter malformed", create(func(d *pubsubpb.Subscription) { d.Filter = "data = 1" }), codes.InvalidArgument, "data = 1"},
		{"retry policy reversed", create(func(d *pubsubpb.Subscription) {
			d.RetryPolicy = &pubsubpb.RetryPolicy{MinimumBackoff: durationpb.New(2e9), MaximumBackoff: durationpb.New(1e9)}
		}), codes.InvalidArgument, "1000, want 2000 to 600000"},
		{"dead-letter topic absent", create(func(d *pubsubpb.Subscription) {
			d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: absent}
		}), codes.NotFound, absent},
		{"too few attempts", create(func(d *pubsubpb.Subscription) {
			d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.alerts, MaxDeliveryAttempts: 4}
		}), codes.InvalidArgument, "4"},
		{"filter updated", func(ctx context.Context) error {
			_, err := subs.UpdateSubscription(ctx, &pubsubpb.UpdateSubscriptionRequest{
				Subscription: &pubsubpb.Subscription{Name: h.archive, Filter: "attributes:x"},
				UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"filter"}},
			}, noRetry)
			return err
		}, codes.InvalidArgument, "filter"},
		{"pull of push subscription", func(ctx context.Context) error {
			_, err := subs.Pull(ctx, &pubsubpb.PullRequest{Subscription: h.keeper, MaxMessages: 1}, noRetry)
			return err
		}, codes.FailedPrecondition, h.keeper},
		{"pull of nothing", func(ctx context.Context) error {
			_, err := subs.Pull(ctx, &pubsubpb.PullRequest{Subscription: h.archive}, noRetry)
			return err
		}, codes.InvalidArgument, "0"},
		{"foreign ack id", func(ctx context.Context) error {
			return subs.Acknowledge(ctx, &pubsubpb.AcknowledgeRequest{Subscription: h.archive, AckIds: []string{"999-1-1"}}, noRetry)
		}, codes.InvalidArgument, "999-1-1"},
		{"deadline too long", func(ctx context.Context) error {
			return subs.ModifyAckDeadline(ctx, &pubsubpb.ModifyAckDeadlineRequest{Subscription: h.archive, AckDeadlineSeconds: 601}, noRetry)
		}, codes.InvalidArgument, "601"},
		{"seek", func(ctx context.Context) error {
			_, err := subs.Seek(ctx, &pubsubpb.SeekRequest{Subscription: h.archive, Target: &pubsubpb.SeekRequest_Time{Time: timestamppb.Now()}}, noRetry)
			return err
		}, codes.Unimplemented, "Seek"},
		{"modify push config", func(ctx context.Context) error {
			return subs.ModifyPushConfig(ctx, &pubsubpb.ModifyPushConfigRequest{Subscription: h.archive}, noRetry)
		}, codes.Unimplemented, "ModifyPushConfig"},
		{"nothing to update", func(ctx context.Context) error {
			_, err := subs.UpdateSubscription(ctx, &pubsubpb.UpdateSubscriptionRequest{Subscription: &pubsubpb.Subscription{Name: h.archive}}, noRetry)
			return err
		}, codes.InvalidArgument, "0"},
		{"topics by the page", func(ctx context.Context) error {
			_, err := topics.ListTopics(ctx, &pubsubpb.ListTopicsRequest{Project: h.project, PageSize: 1}, noRetry).Next()
			return err
		}, codes.Unimplemented, "page_size"},
		{"snapshot", func(ctx context.Context) error {
			_, err := subs.CreateSnapshot(ctx, &pubsubpb.CreateSnapshotRequest{Name: h.project + "/snapshots/s", Subscription: h.archive}, noRetry)
			return err
		}, codes.Unimplemented, "CreateSnapshot"},
		{"detach", func(ctx context.Context) error {
			_, err := topics.DetachSubscription(ctx, &pubsubpb.DetachSubscriptionRequest{Subscription: h.archive}, noRetry)
			return err
		}, codes.Unimplemented, "DetachSubscription"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if h.remote && tc.code == codes.Unimplemented {
				t.Skip("Google's service does it")
			}
			err := tc.call(context.Background())
			if got := status.Code(err); got != tc.code {
				t.Errorf("code %v, want %v (%v)", got, tc.code, err)
			}
			if err != nil && !h.remote && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %q does not name %q", err, tc.says)
			}
		})
	}
}

// sized is a message of so many bytes.
func sized(n int) *pubsubpb.PubsubMessage { return &pubsubpb.PubsubMessage{Data: make([]byte, n)} }

// define makes one subscription that leaves all to the defaults, and another
// and a topic that it deletes again.
func (h *house) define() {
	h.t.Helper()
	gone := h.alerts + "-gone"
	h.topic(h.alerts)
	h.topic(h.letters)
	h.topic(gone)
	h.subscribe(&pubsubpb.Subscription{
		Name: h.archive, Topic: h.alerts, Filter: `attributes.stream = "ztf"`,
		DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters},
		RetryPolicy:      &pubsubpb.RetryPolicy{},
	})
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.alerts})
	if err := h.client.TopicAdminClient.DeleteTopic(context.Background(), &pubsubpb.DeleteTopicRequest{Topic: gone}); err != nil {
		h.t.Fatal(err)
	}
	if err := h.client.SubscriptionAdminClient.DeleteSubscription(context.Background(), &pubsubpb.DeleteSubscriptionRequest{Subscription: h.keeper}); err != nil {
		h.t.Fatal(err)
	}
}

// defined checks what define left.
func (h *house) defined(when string) {
	h.t.Helper()
	ctx := context.Background()
	// Others' topics may be in the project too.
	ours := []string{h.alerts, h.letters, h.alerts + "-gone", h.archive, h.keeper}
	var got []string
	for d, err := range h.client.TopicAdminClient.ListTopics(ctx, &pubsubpb.ListTopicsRequest{Project: h.project}).All() {
		if err != nil {
			h.t.Fatal(err)
		}
		if slices.Contains(ours, d.GetName()) {
			got = append(got, d.GetName())
		}
	}
	for d, err := range h.client.SubscriptionAdminClient.ListSubscriptions(ctx, &pubsubpb.ListSubscriptionsRequest{Project: h.project}).All() {
		if err != nil {
			h.t.Fatal(err)
		}
		if slices.Contains(ours, d.GetName()) {
			got = append(got, d.GetName())
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(slices.Values([]string{h.alerts, h.letters, h.archive})), got); diff != "" {
		h.t.Errorf("%s, topics and subscriptions (-want +got):\n%s", when, diff)
	}
	d, err := h.client.SubscriptionAdminClient.GetSubscription(ctx, &pubsubpb.GetSubscriptionRequest{Subscription: h.archive})
	if err != nil {
		h.t.Fatal(err)
	}
	if d.GetAckDeadlineSeconds() != 10 || d.GetDeadLetterPolicy().GetMaxDeliveryAttempts() != 5 ||
		d.GetRetryPolicy().GetMinimumBackoff().GetSeconds() != 10 || d.GetRetryPolicy().GetMaximumBackoff().GetSeconds() != 600 {
		h.t.Errorf("%s, defaults: %v", when, d)
	}
}

func testDefinitions(_ *testing.T, h *house) {
	h.define()
	h.defined("as made")
}

// Definitions outlive the server.
func TestDefinitionsPersist(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.define()
	h.reopen()
	h.defined("after a restart")
}

func testDeletedTopic(t *testing.T, h *house) {
	remove := func() {
		t.Helper()
		if err := h.client.TopicAdminClient.DeleteTopic(t.Context(), &pubsubpb.DeleteTopicRequest{Topic: h.alerts}); err != nil {
			t.Fatal(err)
		}
	}
	h.topic(h.alerts)
	old := h.publish(h.alerts, "of the first")
	remove()
	_, err := h.client.TopicAdminClient.GetTopic(t.Context(), &pubsubpb.GetTopicRequest{Topic: h.alerts})
	if status.Code(err) != codes.NotFound {
		t.Errorf("error %v, want %v", err, codes.NotFound)
	}
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	if again := h.publish(h.alerts, "of the second"); again[0] == old[0] {
		t.Errorf("id %s given twice", old[0])
	}
	left := h.pull(h.archive, 1)
	if diff := cmp.Diff([]string{"of the second"}, texts(left)); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	h.acknowledge(h.archive, left...)
	h.settled()
}

// A topic with a backlog is not deleted under its readers, and with its last
// subscription its messages go.
func TestTopicWithSubscriptionsStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.SegmentBytes = 1 })
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "left")
	h.publish(h.alerts, "left, too")
	remove := func() error {
		return h.client.TopicAdminClient.DeleteTopic(t.Context(), &pubsubpb.DeleteTopicRequest{Topic: h.alerts}, noRetry)
	}
	if err := remove(); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), h.archive) {
		t.Errorf("delete a topic with a subscription: %v, want %v", err, codes.FailedPrecondition)
	}
	h.reopen()
	left := h.pull(h.archive, 2)
	if diff := cmp.Diff([]string{"left", "left, too"}, texts(left)); diff != "" {
		t.Errorf("backlog (-want +got):\n%s", diff)
	}
	err := h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: h.archive})
	if err != nil {
		t.Fatal(err)
	}
	if n := h.logs(); n != 0 {
		t.Errorf("%d files of messages of a deleted subscription", n)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
}
