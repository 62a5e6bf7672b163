package pubsub_test

import (
	"context"
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
)

// noRetry makes the official client report what the server said.
var noRetry = gax.WithRetry(func() gax.Retryer { return nil })

// Errors: each refusal carries the service's code and names its subject.
func TestErrors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	h.subscribe(&pubsubpb.Subscription{Name: keeper, Topic: alerts, PushConfig: &pubsubpb.PushConfig{PushEndpoint: "http://127.0.0.1:1/f"}})
	topics, subs := h.client.TopicAdminClient, h.client.SubscriptionAdminClient
	absent := project + "/topics/absent"
	publish := func(topic string, messages ...*pubsubpb.PubsubMessage) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := topics.Publish(ctx, &pubsubpb.PublishRequest{Topic: topic, Messages: messages}, noRetry)
			return err
		}
	}
	create := func(edit func(*pubsubpb.Subscription)) func(context.Context) error {
		return func(ctx context.Context) error {
			d := &pubsubpb.Subscription{Name: project + "/subscriptions/new", Topic: alerts}
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
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: alerts}, noRetry)
			return err
		}, codes.AlreadyExists, alerts},
		{"topic name malformed", func(ctx context.Context) error {
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: project + "/topics/9"}, noRetry)
			return err
		}, codes.InvalidArgument, "topics/9"},
		{"topic name of google", func(ctx context.Context) error {
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: project + "/topics/google"}, noRetry)
			return err
		}, codes.InvalidArgument, "google"},
		{"topic retention", func(ctx context.Context) error {
			_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: absent, MessageRetentionDuration: durationpb.New(1e12)}, noRetry)
			return err
		}, codes.Unimplemented, "message_retention_duration"},
		{"update topic", func(ctx context.Context) error {
			_, err := topics.UpdateTopic(ctx, &pubsubpb.UpdateTopicRequest{Topic: &pubsubpb.Topic{Name: alerts}}, noRetry)
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
		{"publish nothing", publish(alerts), codes.InvalidArgument, "0"},
		{"publish empty message", publish(alerts, &pubsubpb.PubsubMessage{}), codes.InvalidArgument, "message 0"},
		{"publish above 10 MB", publish(alerts, &pubsubpb.PubsubMessage{Data: make([]byte, 10_000_001)}), codes.InvalidArgument, "10000001"},
		{"subscription exists", create(func(d *pubsubpb.Subscription) { d.Name = archive }), codes.AlreadyExists, archive},
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
		}), codes.InvalidArgument, "2s to 1s"},
		{"dead-letter topic absent", create(func(d *pubsubpb.Subscription) {
			d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: absent}
		}), codes.NotFound, absent},
		{"too few attempts", create(func(d *pubsubpb.Subscription) {
			d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: alerts, MaxDeliveryAttempts: 4}
		}), codes.InvalidArgument, "4"},
		{"filter updated", func(ctx context.Context) error {
			_, err := subs.UpdateSubscription(ctx, &pubsubpb.UpdateSubscriptionRequest{
				Subscription: &pubsubpb.Subscription{Name: archive, Filter: "attributes:x"},
				UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"filter"}},
			}, noRetry)
			return err
		}, codes.InvalidArgument, "filter"},
		{"pull of push subscription", func(ctx context.Context) error {
			_, err := subs.Pull(ctx, &pubsubpb.PullRequest{Subscription: keeper, MaxMessages: 1}, noRetry)
			return err
		}, codes.FailedPrecondition, keeper},
		{"pull of nothing", func(ctx context.Context) error {
			_, err := subs.Pull(ctx, &pubsubpb.PullRequest{Subscription: archive}, noRetry)
			return err
		}, codes.InvalidArgument, "0"},
		{"foreign ack id", func(ctx context.Context) error {
			return subs.Acknowledge(ctx, &pubsubpb.AcknowledgeRequest{Subscription: archive, AckIds: []string{"999-1-1"}}, noRetry)
		}, codes.InvalidArgument, "999-1-1"},
		{"deadline too long", func(ctx context.Context) error {
			return subs.ModifyAckDeadline(ctx, &pubsubpb.ModifyAckDeadlineRequest{Subscription: archive, AckDeadlineSeconds: 601}, noRetry)
		}, codes.InvalidArgument, "601"},
		{"seek", func(ctx context.Context) error {
			_, err := subs.Seek(ctx, &pubsubpb.SeekRequest{Subscription: archive, Target: &pubsubpb.SeekRequest_Time{Time: timestamppb.Now()}}, noRetry)
			return err
		}, codes.Unimplemented, "Seek"},
		{"snapshot", func(ctx context.Context) error {
			_, err := subs.CreateSnapshot(ctx, &pubsubpb.CreateSnapshotRequest{Name: project + "/snapshots/s", Subscription: archive}, noRetry)
			return err
		}, codes.Unimplemented, "CreateSnapshot"},
		{"detach", func(ctx context.Context) error {
			_, err := topics.DetachSubscription(ctx, &pubsubpb.DetachSubscriptionRequest{Subscription: archive}, noRetry)
			return err
		}, codes.Unimplemented, "DetachSubscription"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := tc.call(context.Background())
			if got := status.Code(err); got != tc.code {
				t.Errorf("code %v, want %v (%v)", got, tc.code, err)
			}
			if err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %q does not name %q", err, tc.says)
			}
		})
	}
}

// Definitions: what was created is listed, with the service's defaults, also
// after a restart; what was deleted is not.
func TestDefinitionsPersist(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.topic(letters)
	h.topic(project + "/topics/gone")
	h.subscribe(&pubsubpb.Subscription{
		Name: archive, Topic: alerts, Filter: `attributes.stream = "ztf"`,
		DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters},
		RetryPolicy:      &pubsubpb.RetryPolicy{},
	})
	h.subscribe(&pubsubpb.Subscription{Name: keeper, Topic: alerts})
	if err := h.client.TopicAdminClient.DeleteTopic(t.Context(), &pubsubpb.DeleteTopicRequest{Topic: project + "/topics/gone"}); err != nil {
		t.Fatal(err)
	}
	if err := h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: keeper}); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"before restart", "after restart"} {
		var topics, subs []string
		for d, err := range h.client.TopicAdminClient.ListTopics(t.Context(), &pubsubpb.ListTopicsRequest{Project: project, PageSize: 1}).All() {
			if err != nil {
				t.Fatal(err)
			}
			topics = append(topics, d.GetName())
		}
		for d, err := range h.client.SubscriptionAdminClient.ListSubscriptions(t.Context(), &pubsubpb.ListSubscriptionsRequest{Project: project}).All() {
			if err != nil {
				t.Fatal(err)
			}
			subs = append(subs, d.GetName())
		}
		if diff := cmp.Diff([]string{alerts, letters}, topics); diff != "" {
			t.Errorf("%s, topics (-want +got):\n%s", when, diff)
		}
		if diff := cmp.Diff([]string{archive}, subs); diff != "" {
			t.Errorf("%s, subscriptions (-want +got):\n%s", when, diff)
		}
		d, err := h.client.SubscriptionAdminClient.GetSubscription(t.Context(), &pubsubpb.GetSubscriptionRequest{Subscription: archive})
		if err != nil {
			t.Fatal(err)
		}
		if d.GetAckDeadlineSeconds() != 10 || d.GetDeadLetterPolicy().GetMaxDeliveryAttempts() != 5 ||
			d.GetRetryPolicy().GetMinimumBackoff().GetSeconds() != 10 || d.GetRetryPolicy().GetMaximumBackoff().GetSeconds() != 600 {
			t.Errorf("%s, defaults: %v", when, d)
		}
		h.reopen()
	}
}

// Deleted topics: "subscriptions to the topic are not deleted", show
// _deleted-topic_, and keep their backlog; a new topic of the same name is
// another topic, and gives other ids.
func TestDeletedTopicLeavesBacklog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	old := h.publish(alerts, "left")
	if err := h.client.TopicAdminClient.DeleteTopic(t.Context(), &pubsubpb.DeleteTopicRequest{Topic: alerts}); err != nil {
		t.Fatal(err)
	}
	h.topic(alerts)
	if again := h.publish(alerts, "other"); again[0] == old[0] {
		t.Errorf("id %s given twice", old[0])
	}
	h.reopen()
	if b := h.server.Backlog()[0]; b.Topic != "_deleted-topic_" {
		t.Errorf("topic %q", b.Topic)
	}
	left := h.pull(archive, 1)
	if diff := cmp.Diff([]string{"left"}, texts(left)); diff != "" {
		t.Errorf("backlog (-want +got):\n%s", diff)
	}
	h.acknowledge(archive, left...)
	h.settled()
	if err := h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: archive}); err != nil {
		t.Fatal(err)
	}
	if n := h.logs(); n != 1 {
		t.Errorf("%d logs, want that of the new topic only", n)
	}
}
