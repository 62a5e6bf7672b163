package functions

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/supernova"
	"nightwire.dev/shared/telemetry"
	"nightwire.dev/shared/warehouse"
)

// instance is what the functions of one stream share within one process.
type instance struct {
	config    *Config
	resources names.Resources
	log       *slog.Logger
	decoder   *packet.Decoder
	storage   *storage.Client
	topics    *pubsub.Client
	warehouse *warehouse.Warehouse
	letters   *event.DeadLetters
	telemetry *telemetry.Telemetry
}

// open connects to the services.
func open(ctx context.Context, c *Config, log *slog.Logger) (*instance, error) {
	resources := c.Resources()
	topics, err := pubsub.NewClient(ctx, c.Project, option.WithTelemetryDisabled())
	if err != nil {
		return nil, fmt.Errorf("connect to Pub/Sub: %w", err)
	}
	buckets, err := bucket.Open(ctx)
	if err != nil {
		_ = topics.Close()
		return nil, fmt.Errorf("connect to Cloud Storage: %w", err)
	}
	tables, err := warehouse.Open(ctx, c.Warehouse, c.Project, resources.Dataset(), log)
	if err != nil {
		_, _ = topics.Close(), buckets.Close()
		return nil, err
	}
	watch, err := telemetry.Open(ctx, c.Telemetry, c.Project, c.Stream, log)
	if err != nil {
		_, _, _ = topics.Close(), buckets.Close(), tables.Close()
		return nil, err
	}
	flushAtEnd(watch, log)
	return &instance{
		config: c, resources: resources, log: log,
		decoder: &packet.Decoder{Registry: registry(c)},
		storage: buckets, topics: topics, warehouse: tables,
		letters:   &event.DeadLetters{Publisher: topics.Publisher(resources.DeadLetterTopic())},
		telemetry: watch,
	}, nil
}

// registry finds schemas by id, at the survey's registry and among our own.
func registry(c *Config) *packet.Registry {
	survey := c.Stream.Survey()
	return &packet.Registry{
		URL: c.SchemaRegistry, Username: c.SchemaRegistryUsername, Password: c.SchemaRegistryPassword,
		Shipped: func(id uint32) ([]byte, bool) {
			schema, ok := schemas.FindConfluent(survey, int(id))
			return schema.JSON, ok
		},
	}
}

// handler serves the events of one function.
func (i *instance) handler(ctx context.Context, name string) (http.Handler, error) {
	handle, err := functions[name](ctx, i)
	if err != nil {
		return nil, err
	}
	stage := i.telemetry.Stage(name, outcomes[name]...)
	return &event.Handler{Function: name, Handle: stage.Watch(handle), DeadLetters: stage.Letters(i.letters), Log: i.log}, nil
}

// archive reads the alerts of the stream.
func (i *instance) archive() *archived.Reader {
	return &archived.Reader{Stream: i.resources.Stream, Decoder: i.decoder, Client: i.storage}
}

// fitter fits with the model of a folder, or of the bucket of products.
func (i *instance) fitter(ctx context.Context) (*supernova.Fitter, error) {
	set, err := i.model(ctx)
	if err != nil {
		return nil, err
	}
	survey := i.resources.Stream.Survey()
	i.log.InfoContext(ctx, "supernova fits", "model", set.String())
	if !set.Sees(survey) {
		i.log.WarnContext(ctx, "supernova fits are without SALT: the model has no bandpasses of the survey", "model", set.String(), "survey", survey)
	}
	return supernova.New(set, survey, i.config.Supernova)
}

func (i *instance) model(ctx context.Context) (*models.Set, error) {
	if folder := i.config.Models; folder != "" {
		return models.Open(folder)
	}
	return models.FromBucket(ctx, i.storage.Bucket(i.resources.ProductsBucket()))
}

func (i *instance) table(ctx context.Context, name string) (*warehouse.Table, error) {
	for _, t := range schemas.Tables(i.resources.Stream.Survey()) {
		if t.Name == name {
			return i.warehouse.Table(ctx, t)
		}
	}
	return nil, fmt.Errorf("no table %s is known", name)
}
