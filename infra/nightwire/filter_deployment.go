package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/workbench/catalogue"
	"nightwire.dev/shared/config"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// deployment are the flags that say whose filters, or tables, are meant.
type deployment struct {
	state
	Stream  names.Stream `help:"${stream} ${stream_default}" placeholder:"STREAM"`
	Project string       `help:"Google Cloud project, with the machine's credentials. Without it, the local stack." placeholder:"ID"`
	Suffix  string       `help:"Suffix of a test deployment, with --project." placeholder:"SUFFIX"`
}

// again is the flags with which other commands find the same deployment, each
// with a space before it; nothing where they do without.
func (d *deployment) again() string {
	if d.Project == "" {
		return d.state.again()
	}
	flags := " --project " + typed(d.Project) + " --stream " + typed(string(d.Stream))
	if d.Suffix != "" {
		flags += " --suffix " + typed(d.Suffix)
	}
	return flags
}

// open connects to the stream's part of a deployment. What it returns besides
// has to be called in the end.
func (d *deployment) open(ctx context.Context) (*catalogue.Catalogue, func(), error) {
	if d.Project != "" {
		return d.openProject(ctx)
	}
	e, running := stack.Running(d.Dir)
	switch {
	case d.Suffix != "":
		return nil, func() {}, errors.New("--suffix is of a project's test deployment: name the project with --project")
	case !running:
		return nil, func() {}, fmt.Errorf("no stack runs here: start one with nightwire up%s, or name a project with --project", d.state.again())
	case d.Stream != "" && d.Stream != e.Stream:
		return nil, func() {}, fmt.Errorf("--stream %s: the stack that runs here serves %s", d.Stream, e.Stream)
	}
	d.Stream = e.Stream
	return connect(ctx, e.Resources(), endpoints{
		storage: []option.ClientOption{
			option.WithEndpoint("http://" + e.Storage + "/storage/v1/"), option.WithoutAuthentication(), storage.WithJSONReads(),
		},
		pubsub: []option.ClientOption{
			option.WithEndpoint(e.PubSub), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		},
		bigquery: warehouse.Config{Endpoint: "http://" + e.BigQuery, WriteEndpoint: e.BigQueryWrite},
	})
}

// openProject finds a project's services where the clients do, and BigQuery
// where the functions do.
func (d *deployment) openProject(ctx context.Context) (*catalogue.Catalogue, func(), error) {
	r := names.Resources{Project: d.Project, Stream: d.Stream, Suffix: d.Suffix}
	if d.Stream == "" {
		return nil, func() {}, errors.New("say which stream of the project: --stream ztf, ztf-partnership or lsst")
	}
	if err := r.Validate(); err != nil {
		return nil, func() {}, err
	}
	bigquery, err := config.Load[warehouse.Config](ctx)
	if err != nil {
		return nil, func() {}, err
	}
	return connect(ctx, r, endpoints{bigquery: *bigquery})
}

// endpoints are where services are, if not at Google's.
type endpoints struct {
	storage, pubsub []option.ClientOption
	bigquery        warehouse.Config
}

func connect(ctx context.Context, r names.Resources, at endpoints) (*catalogue.Catalogue, func(), error) {
	var closers []func() error
	done := func() {
		for _, c := range closers {
			_ = c()
		}
	}
	buckets, err := storage.NewClient(ctx, at.storage...)
	if err != nil {
		return nil, done, fmt.Errorf("connect to storage: %w", err)
	}
	closers = append(closers, buckets.Close)
	topics, err := pubsub.NewClient(ctx, r.Project, at.pubsub...)
	if err != nil {
		return nil, done, fmt.Errorf("connect to Pub/Sub: %w", err)
	}
	closers = append(closers, topics.Close)
	tables, err := warehouse.Open(ctx, at.bigquery, r.Project, r.Dataset(), slog.Default())
	if err != nil {
		return nil, done, err
	}
	closers = append(closers, tables.Close)
	return &catalogue.Catalogue{
		Resources: r, Products: buckets.Bucket(r.ProductsBucket()), Archive: buckets.Bucket(r.AlertsBucket()),
		Topics: topics, Tables: tables,
	}, done, nil
}
