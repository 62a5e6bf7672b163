package pubsub_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	pubsubclient "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"nightwire.dev/infra/local/pubsub"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		serveUntilKilled(dir)
	}
	goleak.VerifyTestMain(m,
		// The official client's: one of its metrics library for ever, and one of
		// each Receive that notices the end at its next tick.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreTopFunction("cloud.google.com/go/pubsub/v2.(*messageIterator).streamKeepAliveHandler"))
}

// names are the full names of a house's resources.
type names struct{ project, alerts, letters, archive, keeper string }

// newNames names resources of the project; the suffix keeps houses apart where
// many share a project.
func newNames(project, suffix string) names {
	project = "projects/" + project
	return names{
		project: project,
		alerts:  project + "/topics/ztf-alerts-raw" + suffix,
		letters: project + "/topics/ztf-dead-letter" + suffix,
		archive: project + "/subscriptions/archive" + suffix,
		keeper:  project + "/subscriptions/keeper" + suffix,
	}
}

// observatory is the local server's project.
const observatory = "observatory"

// house is a server, served, and the official client of it. Google's service
// is a remote house, which has no server here.
type house struct {
	names
	t       testing.TB
	remote  bool
	options pubsub.Options
	server  *pubsub.Server
	client  *pubsubclient.Client
	address string
}

// newHouse opens a server in a folder of its own. Both end with the test.
func newHouse(t testing.TB, adjust ...func(*pubsub.Options)) *house {
	t.Helper()
	h := &house{names: newNames(observatory, ""), t: t, options: pubsub.Options{
		Dir:    t.TempDir(),
		Logger: slog.New(slog.DiscardHandler),
	}}
	for _, f := range adjust {
		f(&h.options)
	}
	h.open()
	t.Cleanup(func() { h.close() })
	return h
}

func (h *house) open() {
	h.t.Helper()
	var err error
	h.server, err = pubsub.Open(h.options)
	if err != nil {
		h.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.address = listener.Addr().String()
	go func() {
		if err := h.server.Serve(listener); err != nil {
			h.t.Errorf("serve: %v", err)
		}
	}()
	h.client = newClient(h.t, h.address)
}

func (h *house) close() {
	h.t.Helper()
	if h.server == nil {
		return
	}
	if err := h.client.Close(); err != nil {
		h.t.Errorf("close client: %v", err)
	}
	if err := h.server.Close(); err != nil {
		h.t.Errorf("close server: %v", err)
	}
	h.server = nil
}

// reopen ends the server and starts it again on the same folder.
func (h *house) reopen() {
	h.t.Helper()
	h.close()
	h.open()
}

func newClient(t testing.TB, address string) *pubsubclient.Client {
	t.Helper()
	client, err := pubsubclient.NewClient(context.Background(), observatory,
		option.WithEndpoint(address), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (h *house) topic(name string) {
	h.t.Helper()
	if _, err := h.client.TopicAdminClient.CreateTopic(context.Background(), &pubsubpb.Topic{Name: name}); err != nil {
		h.t.Fatal(err)
	}
	h.remove("topic "+name, func(ctx context.Context) error {
		return h.client.TopicAdminClient.DeleteTopic(ctx, &pubsubpb.DeleteTopicRequest{Topic: name})
	})
}

func (h *house) subscribe(d *pubsubpb.Subscription) {
	h.t.Helper()
	if _, err := h.client.SubscriptionAdminClient.CreateSubscription(context.Background(), d); err != nil {
		h.t.Fatal(err)
	}
	h.remove("subscription "+d.GetName(), func(ctx context.Context) error {
		return h.client.SubscriptionAdminClient.DeleteSubscription(ctx, &pubsubpb.DeleteSubscriptionRequest{Subscription: d.GetName()})
	})
}

// publish sends one message a text and returns their ids.
func (h *house) publish(topic string, texts ...string) []string {
	h.t.Helper()
	var messages []*pubsubpb.PubsubMessage
	for _, text := range texts {
		messages = append(messages, &pubsubpb.PubsubMessage{Data: []byte(text)})
	}
	return h.send(topic, messages...)
}

func (h *house) send(topic string, messages ...*pubsubpb.PubsubMessage) []string {
	h.t.Helper()
	r, err := h.client.TopicAdminClient.Publish(context.Background(), &pubsubpb.PublishRequest{Topic: topic, Messages: messages})
	if err != nil {
		h.t.Fatal(err)
	}
	return r.GetMessageIds()
}

// pull waits for n messages.
func (h *house) pull(subscription string, n int) []*pubsubpb.ReceivedMessage {
	h.t.Helper()
	var list []*pubsubpb.ReceivedMessage
	for len(list) < n {
		r, err := h.client.SubscriptionAdminClient.Pull(context.Background(),
			&pubsubpb.PullRequest{Subscription: subscription, MaxMessages: int32(n - len(list))})
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, r.GetReceivedMessages()...)
	}
	return list
}

// empty checks that nothing is due.
func (h *house) empty(subscription string) {
	h.t.Helper()
	r, err := h.client.SubscriptionAdminClient.Pull(context.Background(),
		&pubsubpb.PullRequest{Subscription: subscription, MaxMessages: 1, ReturnImmediately: true}) //nolint:staticcheck // deprecated, and what is asked here
	if err != nil {
		h.t.Fatal(err)
	}
	if left := texts(r.GetReceivedMessages()); len(left) > 0 {
		h.t.Errorf("%s still delivers %q", subscription, left)
	}
}

func (h *house) acknowledge(subscription string, messages ...*pubsubpb.ReceivedMessage) {
	h.t.Helper()
	err := h.client.SubscriptionAdminClient.Acknowledge(context.Background(),
		&pubsubpb.AcknowledgeRequest{Subscription: subscription, AckIds: ackIDs(messages)})
	if err != nil {
		h.t.Fatal(err)
	}
}

// refuse makes the messages come again.
func (h *house) refuse(subscription string, messages ...*pubsubpb.ReceivedMessage) {
	h.t.Helper()
	h.modify(subscription, 0, messages...)
}

// modify moves the deadlines of the messages.
func (h *house) modify(subscription string, seconds int32, messages ...*pubsubpb.ReceivedMessage) {
	h.t.Helper()
	err := h.client.SubscriptionAdminClient.ModifyAckDeadline(context.Background(), &pubsubpb.ModifyAckDeadlineRequest{
		Subscription: subscription, AckIds: ackIDs(messages), AckDeadlineSeconds: seconds,
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// settled waits until no subscription owes a message. Google tells its backlog
// minutes later, as a metric: there a pull must find nothing.
func (h *house) settled() {
	h.t.Helper()
	if h.remote {
		h.empty(h.archive)
		return
	}
	h.await("an empty backlog", func() bool {
		for _, b := range h.server.Backlog() {
			if b.Undelivered > 0 {
				return false
			}
		}
		return true
	})
}

// await waits for the condition.
func (h *house) await(what string, met func() bool) {
	h.t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-tick.C:
		case <-deadline:
			h.t.Fatalf("no %s; backlog %+v", what, h.server.Backlog())
		}
	}
}

// logs counts the files of messages.
func (h *house) logs() int {
	paths, err := filepath.Glob(filepath.Join(h.options.Dir, "projects", "*", "subscriptions", "*", "messages", "*.log"))
	if err != nil {
		h.t.Fatal(err)
	}
	return len(paths)
}

func ackIDs(messages []*pubsubpb.ReceivedMessage) []string {
	var ids []string
	for _, m := range messages {
		ids = append(ids, m.GetAckId())
	}
	return ids
}

func texts(messages []*pubsubpb.ReceivedMessage) []string {
	var list []string
	for _, m := range messages {
		list = append(list, string(m.GetMessage().GetData()))
	}
	return list
}

func numbered(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("alert %04d", i)
	}
	return list
}
