package catalogue

import (
	"context"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
)

// TestWatch sees the matches of one filter that have an attribute, and leaves
// no subscription behind.
func TestWatch(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	f, content := file(t, young(1, "ada", "true"))
	if _, err := c.Publish(t.Context(), f, content, false); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	publisher := c.Topics.Publisher(resources.TopicPath("ztf-young"))
	defer publisher.Stop()
	watched := make(chan error, 1)
	var seen []string
	go func() {
		watched <- c.Watch(ctx, "young", `attributes.band = "r"`, func(m *pubsub.Message) bool {
			seen = append(seen, string(m.Data))
			return len(seen) < 2
		})
	}()
	for ended := false; !ended; { // what was sent before it subscribed is not for it
		for _, m := range []*pubsub.Message{
			{Data: []byte("another filter"), Attributes: map[string]string{"filter": "other", "band": "r"}},
			{Data: []byte("another band"), Attributes: map[string]string{"filter": "young", "band": "g"}},
			{Data: []byte("wanted"), Attributes: map[string]string{"filter": "young", "band": "r"}},
		} {
			if _, err := publisher.Publish(t.Context(), m).Get(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case err := <-watched:
			if ended = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	if diff := cmp.Diff([]string{"wanted", "wanted"}, seen); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	left := c.Topics.SubscriptionAdminClient.ListSubscriptions(t.Context(), &pubsubpb.ListSubscriptionsRequest{Project: "projects/p"})
	for s, err := range left.All() {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(s.GetName(), "watch") {
			t.Errorf("%s is left", s.GetName())
		}
	}
	if err := c.Watch(t.Context(), "nobody", "", nil); err == nil || !strings.Contains(err.Error(), "no filter nobody") {
		t.Errorf("of nothing: %v", err)
	}
	if err := c.Watch(t.Context(), "young", "band = r", nil); err == nil || !strings.Contains(err.Error(), "subscribe to topic ztf-young") {
		t.Errorf("a filter that is none: %v", err)
	}
}
