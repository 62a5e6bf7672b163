package endtoend

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/schemas"
)

// taps are what topics have carried since they were tapped.
type taps map[string][]*pubsubpb.PubsubMessage

// tapTopics subscribes to topics, or, without any, to all. What it returns hands
// out all that has come since, once no alert is on its way any more.
func tapTopics(t *testing.T, e stack.Endpoints, topics ...string) func() taps {
	t.Helper()
	client, err := pubsub.NewClient(t.Context(), e.Resources().Project, option.WithEndpoint(e.PubSub), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if len(topics) == 0 {
		list := client.TopicAdminClient.ListTopics(t.Context(), &pubsubpb.ListTopicsRequest{Project: "projects/" + e.Resources().Project})
		for topic, err := range list.All() {
			if err != nil {
				t.Fatal(err)
			}
			topics = append(topics, filepath.Base(topic.GetName()))
		}
	}
	for _, topic := range topics {
		if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
			Name: e.Resources().SubscriptionPath("tap-" + topic), Topic: e.Resources().TopicPath(topic), AckDeadlineSeconds: 600,
		}); err != nil {
			t.Fatal(err)
		}
	}
	heard := taps{}
	drainAll := func() {
		for _, topic := range topics {
			heard[topic] = append(heard[topic], drain(t, client, e.Resources().SubscriptionPath("tap-"+topic))...)
		}
	}
	return func() taps {
		t.Helper()
		await(t, func() bool {
			drainAll() // what waits for the taps counts as well
			waiting, err := e.Waiting(t.Context())
			return err == nil && waiting.Total() == 0
		})
		drainAll()
		return heard
	}
}

// drain takes what there is now.
func drain(t *testing.T, client *pubsub.Client, subscription string) (messages []*pubsubpb.PubsubMessage) {
	t.Helper()
	for {
		response, err := client.SubscriptionAdminClient.Pull(t.Context(), &pubsubpb.PullRequest{
			Subscription: subscription, MaxMessages: 20, ReturnImmediately: true, //nolint:staticcheck // deprecated, and exact here
		})
		if err != nil {
			t.Fatalf("pull %s: %v", subscription, err)
		}
		var taken []string
		for _, received := range response.GetReceivedMessages() {
			messages, taken = append(messages, received.GetMessage()), append(taken, received.GetAckId())
		}
		if len(taken) == 0 {
			return messages
		}
		acknowledged := &pubsubpb.AcknowledgeRequest{Subscription: subscription, AckIds: taken}
		if err := client.SubscriptionAdminClient.Acknowledge(t.Context(), acknowledged); err != nil {
			t.Fatalf("acknowledge %s: %v", subscription, err)
		}
	}
}

// needle is an alert's identity, in each way in which bytes may hold it.
type needle struct{ forms [][]byte }

func needleOf(objectID string, candid int64) needle {
	return needle{[][]byte{
		[]byte(objectID), []byte(strconv.FormatInt(candid, 10)),
		binary.AppendVarint(nil, candid), // Avro
		binary.LittleEndian.AppendUint64(nil, uint64(candid)),
	}}
}

// in says whether bytes hold the identity, also within gzip.
func (n needle) in(hay []byte) bool {
	if slices.ContainsFunc(n.forms, func(form []byte) bool { return bytes.Contains(hay, form) }) {
		return true
	}
	packed, err := gzip.NewReader(bytes.NewReader(hay))
	if err != nil {
		return false
	}
	content, err := io.ReadAll(packed)
	return err == nil && n.in(content)
}

// haystack is all that one place holds, by name.
type haystack map[string][]byte

// outputs are everything that leaves the system: each object of each bucket
// with its metadata, each row of each table and view, each message of the taps,
// each log, and the metrics.
func outputs(t *testing.T, e stack.Endpoints, heard taps) map[string]haystack {
	t.Helper()
	all := map[string]haystack{"buckets": {}, "tables": {}, "topics": {}, "logs": {}, "metrics": {}}
	searchBuckets(t, e, all["buckets"])
	survey := e.Stream.Survey()
	var tables []string
	for _, table := range schemas.Tables(survey) {
		tables = append(tables, table.Name)
	}
	for _, view := range schemas.Views(survey) {
		tables = append(tables, view.Name)
	}
	for _, table := range tables {
		for i, row := range ask(t, e, "SELECT * FROM `"+table+"`") {
			text, err := json.Marshal(row)
			if err != nil {
				text = []byte(fmt.Sprint(row)) // JSON has no NaN
			}
			all["tables"][fmt.Sprintf("%s row %d", table, i)] = text
		}
	}
	for topic, messages := range heard {
		for i, message := range messages {
			attributes, err := proto.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			all["topics"][fmt.Sprintf("%s message %d", topic, i)] = attributes
		}
	}
	paths, err := filepath.Glob(filepath.Join(e.Dir, "log", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if all["logs"][filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, address := range map[string]string{"functions": e.Functions, "connector": e.Connector} {
		page := get(t, "http://"+address+"/metrics")
		if page == "" {
			t.Errorf("the metrics of the %s cannot be read", name)
		}
		all["metrics"][name] = []byte(page)
	}
	return all
}

func openStorage(t *testing.T, e stack.Endpoints) *storage.Client {
	t.Helper()
	client, err := storage.NewClient(t.Context(), option.WithEndpoint("http://"+e.Storage+"/storage/v1/"),
		option.WithoutAuthentication(), storage.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func searchBuckets(t *testing.T, e stack.Endpoints, found haystack) {
	t.Helper()
	client := openStorage(t, e)
	for buckets := client.Buckets(t.Context(), e.Resources().Project); ; {
		b, err := buckets.Next()
		if errors.Is(err, iterator.Done) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		bucket := client.Bucket(b.Name)
		for name, content := range readAll(t, bucket) {
			o, err := bucket.Object(name).Attrs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			found[b.Name+"/"+name] = content
			found[b.Name+"/"+name+" attributes"] = []byte(fmt.Sprintln(name, o.ContentType, o.Metadata))
		}
	}
}
