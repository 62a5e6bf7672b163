package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"nightwire.dev/infra/terraform"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// How the local stack delivers events to functions. A deployment waits longer
// between tries; here the other end is on the same machine.
const (
	ackDeadline    = 60 * time.Second
	minimumBackoff = 200 * time.Millisecond
	maximumBackoff = 10 * time.Second
)

// attempts is how often a message is delivered before it is a dead letter: the
// most that Pub/Sub takes, and what a deployment has.
const attempts = 100

// provision makes what terraform makes in a deployment: topics, a push
// subscription a function, buckets, the notification, tables. What is there
// stays as it is, but for the model, the subscriptions' addresses and those
// built-in filters whose version in the bucket is not higher than here.
func provision(ctx context.Context, e Endpoints, model string) error {
	r := e.Resources()
	functions, err := terraform.Functions()
	if err != nil {
		return err
	}
	ours, err := builtIns(r.Stream)
	if err != nil {
		return err
	}
	if err := provisionTopics(ctx, e, r, functions, ours); err != nil {
		return fmt.Errorf("make topics: %w", err)
	}
	if err := provisionBuckets(ctx, e, r, ours); err != nil {
		return fmt.Errorf("make buckets: %w", err)
	}
	if err := provisionModel(ctx, e, model); err != nil {
		return err
	}
	if err := provisionTables(ctx, e, r); err != nil {
		return fmt.Errorf("make tables: %w", err)
	}
	return nil
}

func provisionTopics(ctx context.Context, e Endpoints, r names.Resources, functions []terraform.Function, ours []builtIn) error {
	client, err := pubsub.NewClient(ctx, r.Project, e.pubsubOptions()...)
	if err != nil {
		return err
	}
	defer client.Close()
	topics := []string{r.RawTopic(), r.ArchivedTopic(), r.DeadLetterTopic(), r.SupernovaTopic()}
	for _, f := range functions {
		topics = append(topics, r.Topic(f.Trigger))
	}
	for _, f := range ours {
		topics = append(topics, r.Topic(f.topic))
	}
	for _, topic := range topics {
		_, err := client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: r.TopicPath(topic)})
		if err := ignoreExisting(err); err != nil {
			return err
		}
	}
	// Dead letters are kept for whoever looks at them.
	if err := subscribe(ctx, client, &pubsubpb.Subscription{
		Name:  r.SubscriptionPath(r.DeadLetterTopic()),
		Topic: r.TopicPath(r.DeadLetterTopic()),
	}); err != nil {
		return err
	}
	for _, f := range functions {
		topic := r.Topic(f.Trigger)
		if err := subscribe(ctx, client, &pubsubpb.Subscription{
			Name:               r.SubscriptionPath(r.Subscription(topic, f.Name)),
			Topic:              r.TopicPath(topic),
			AckDeadlineSeconds: int32(ackDeadline / time.Second),
			PushConfig:         &pubsubpb.PushConfig{PushEndpoint: "http://" + e.Functions + "/" + f.Name},
			RetryPolicy: &pubsubpb.RetryPolicy{
				MinimumBackoff: durationpb.New(minimumBackoff), MaximumBackoff: durationpb.New(maximumBackoff),
			},
			DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{
				DeadLetterTopic: r.TopicPath(r.DeadLetterTopic()), MaxDeliveryAttempts: attempts,
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// subscribe makes a subscription. One that is there may push to where the
// functions listened the last time: it is told where they are now, and what of
// its policies an older version did not set.
func subscribe(ctx context.Context, client *pubsub.Client, s *pubsubpb.Subscription) error {
	_, err := client.SubscriptionAdminClient.CreateSubscription(ctx, s)
	if status.Code(err) != codes.AlreadyExists || s.GetPushConfig() == nil {
		return ignoreExisting(err)
	}
	_, err = client.SubscriptionAdminClient.UpdateSubscription(ctx, &pubsubpb.UpdateSubscriptionRequest{
		Subscription: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"push_config", "retry_policy", "dead_letter_policy"}},
	})
	return err
}

func ignoreExisting(err error) error {
	if status.Code(err) == codes.AlreadyExists {
		return nil
	}
	return err
}

func provisionBuckets(ctx context.Context, e Endpoints, r names.Resources, ours []builtIn) error {
	client, err := storage.NewClient(ctx, e.storageOptions()...)
	if err != nil {
		return err
	}
	defer client.Close()
	for _, name := range []string{r.AlertsBucket(), r.ProductsBucket()} {
		err := client.Bucket(name).Create(ctx, r.Project, nil)
		var api *googleapi.Error
		if errors.As(err, &api) && api.Code == http.StatusConflict {
			continue // it is there
		}
		if err != nil {
			return err
		}
	}
	if err := uploadFilters(ctx, client.Bucket(r.ProductsBucket()), ours); err != nil {
		return err
	}
	return notify(ctx, client.Bucket(r.AlertsBucket()), r)
}

// notify has the bucket tell of each new file.
func notify(ctx context.Context, alerts *storage.BucketHandle, r names.Resources) error {
	there, err := alerts.Notifications(ctx)
	if err != nil {
		return err
	}
	for _, n := range there {
		if n.TopicID == r.ArchivedTopic() {
			return nil
		}
	}
	_, err = alerts.AddNotification(ctx, &storage.Notification{
		TopicProjectID: r.Project, TopicID: r.ArchivedTopic(),
		EventTypes: []string{storage.ObjectFinalizeEvent}, PayloadFormat: storage.JSONPayload,
	})
	return err
}

func provisionTables(ctx context.Context, e Endpoints, r names.Resources) error {
	w, err := e.Warehouse(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.CreateDataset(ctx); err != nil {
		return err
	}
	for _, t := range schemas.Tables(r.Stream.Survey()) {
		if err := w.Create(ctx, t); err != nil {
			return err
		}
	}
	for _, v := range schemas.Views(r.Stream.Survey()) {
		if err := w.CreateView(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// Warehouse opens the stream's dataset.
func (e Endpoints) Warehouse(ctx context.Context, log *slog.Logger) (*warehouse.Warehouse, error) {
	c := warehouse.Config{Endpoint: "http://" + e.BigQuery, WriteEndpoint: e.BigQueryWrite}
	return warehouse.Open(ctx, c, Project, e.Resources().Dataset(), log)
}

func (e Endpoints) pubsubOptions() []option.ClientOption {
	return []option.ClientOption{
		option.WithEndpoint(e.PubSub), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
}

func (e Endpoints) storageOptions() []option.ClientOption {
	return []option.ClientOption{
		option.WithEndpoint("http://" + e.Storage + "/storage/v1/"), option.WithoutAuthentication(),
		storage.WithJSONReads(),
	}
}

// Bucket opens the stream's bucket of alerts.
func (e Endpoints) Bucket(ctx context.Context) (*storage.BucketHandle, func() error, error) {
	client, err := storage.NewClient(ctx, e.storageOptions()...)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to storage: %w", err)
	}
	return client.Bucket(e.Resources().AlertsBucket()), client.Close, nil
}
