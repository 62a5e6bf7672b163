package functions

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"nightwire.dev/functions/archive"
	"nightwire.dev/functions/rows"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/warehouse"
)

// Instance is what the functions of one stream share within one process.
type Instance struct {
	stream    names.Stream
	resources names.Resources
	log       *slog.Logger
	decoder   *packet.Decoder
	pubsub    *pubsub.Client
	storage   *storage.Client
	warehouse *warehouse.Warehouse
	letters   *event.DeadLetters
}

// Open connects to the services. It outlives ctx's values, not its deadline.
func Open(ctx context.Context, c *Config, log *slog.Logger) (*Instance, error) {
	resources := c.Resources()
	topics, err := pubsub.NewClient(ctx, c.Project)
	if err != nil {
		return nil, fmt.Errorf("connect to Pub/Sub: %w", err)
	}
	buckets, err := storage.NewClient(ctx, storage.WithJSONReads())
	if err != nil {
		_ = topics.Close()
		return nil, fmt.Errorf("connect to Cloud Storage: %w", err)
	}
	tables, err := warehouse.Open(ctx, c.Warehouse, c.Project, resources.Dataset(), log)
	if err != nil {
		_, _ = topics.Close(), buckets.Close()
		return nil, err
	}
	return &Instance{
		stream: c.Stream, resources: resources, log: log,
		decoder: &packet.Decoder{Registry: registry(c)},
		pubsub:  topics, storage: buckets, warehouse: tables,
		letters: &event.DeadLetters{Publisher: topics.Publisher(resources.DeadLetterTopic())},
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

// Handler serves the events of one function.
func (i *Instance) Handler(ctx context.Context, name string) (http.Handler, error) {
	h, err := handlers[name](ctx, i)
	if err != nil {
		return nil, err
	}
	return &event.Handler{Function: name, Handle: h, DeadLetters: i.letters, Log: i.log}, nil
}

// Close disconnects once all handlers have returned.
func (i *Instance) Close() error {
	i.letters.Publisher.Stop()
	err := i.warehouse.Close()
	for _, client := range []interface{ Close() error }{i.storage, i.pubsub} {
		if cerr := client.Close(); err == nil {
			err = cerr
		}
	}
	return err
}

func (i *Instance) table(ctx context.Context, name string) (*warehouse.Table, error) {
	for _, t := range schemas.Tables(i.stream.Survey()) {
		if t.Name == name {
			return i.warehouse.Table(ctx, t)
		}
	}
	return nil, fmt.Errorf("no table %s is known", name)
}

func newArchive(ctx context.Context, i *Instance) (handle, error) {
	ledger, err := i.table(ctx, "ledger")
	if err != nil {
		return nil, err
	}
	f := &archive.Archive{
		Stream: i.stream, Decoder: i.decoder, Ledger: ledger, Log: i.log,
		Vault: &archive.Vault{Bucket: i.storage.Bucket(i.resources.AlertsBucket())},
	}
	return f.Handle, nil
}

func newRows(ctx context.Context, i *Instance) (handle, error) {
	alerts, err := i.table(ctx, "alerts_stream")
	if err != nil {
		return nil, err
	}
	f := &rows.Rows{Stream: i.stream, Decoder: i.decoder, Client: i.storage, Alerts: alerts}
	return f.Handle, nil
}
