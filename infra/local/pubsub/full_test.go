package pubsub_test

import (
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/infra/local/conformance/disk"
	"nightwire.dev/infra/local/pubsub"
)

// A full disk: a publish is refused with the code at which clients try again,
// what was published before is delivered meanwhile, and with room again all
// goes on. A restart finds what was published, and no more.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, address := startVictim(t, dir)
	t.Cleanup(func() {
		_ = victim.Process.Kill()
		_ = victim.Wait()
	})
	h := &house{names: newNames(observatory, ""), t: t, client: newClient(t, address)}
	defer h.client.Close()
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, numbered(3)...)

	free := disk.Fill(t, victim.Process)
	for range 3 {
		_, err := h.client.TopicAdminClient.Publish(t.Context(),
			&pubsubpb.PublishRequest{Topic: h.alerts, Messages: []*pubsubpb.PubsubMessage{{Data: []byte("no room")}}}, noRetry)
		if status.Code(err) != codes.Unavailable {
			t.Errorf("publish to a full disk: %v, want %v", err, codes.Unavailable)
		}
	}
	_, err := h.client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: h.letters}, noRetry)
	if status.Code(err) != codes.Unavailable {
		t.Errorf("topic on a full disk: %v, want %v", err, codes.Unavailable)
	}
	first := h.pull(h.archive, 1)
	err = h.client.SubscriptionAdminClient.Acknowledge(t.Context(),
		&pubsubpb.AcknowledgeRequest{Subscription: h.archive, AckIds: ackIDs(first)}, noRetry)
	if status.Code(err) != codes.Unavailable {
		t.Errorf("acknowledgement on a full disk: %v, want %v", err, codes.Unavailable)
	}
	free()

	h.topic(h.letters)
	h.publish(h.alerts, "room again")
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	again := newHouse(t, func(o *pubsub.Options) { o.Dir = dir })
	got := texts(again.pull(h.archive, again.server.Backlog()[0].Undelivered))
	if diff := cmp.Diff(append(numbered(3), "room again"), got); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}
