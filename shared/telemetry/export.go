package telemetry

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/contrib/detectors/gcp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/oauth"
)

// googleEndpoint takes OTLP for Cloud Monitoring and Cloud Trace.
const googleEndpoint = "telemetry.googleapis.com:443"

// outlet sends metrics and spans through OTLP. Nothing in it has a clock of its
// own that matters: see docs/decisions/001-export-within-events.md.
type outlet struct {
	resource   *resource.Resource
	connection *grpc.ClientConn
	reader     *sdkmetric.ManualReader
	metrics    sdkmetric.Exporter
	processor  sdktrace.SpanProcessor // holds spans until the next export, 2,048 at most
}

// connect opens the outlet; the connection is made at the first export.
func connect(ctx context.Context, c Config, project string, registry prometheus.Gatherer) (*outlet, error) {
	of := identity(c, project)
	if c.Export == Google {
		place, err := gcp.NewDetector().Detect(ctx)
		if err != nil {
			return nil, fmt.Errorf("find out where we run: %w", err)
		}
		if of, err = resource.Merge(place, of); err != nil {
			return nil, fmt.Errorf("say where we run: %w", err)
		}
	}
	connection, err := dial(ctx, c.Export, project)
	if err != nil {
		return nil, err
	}
	spans, err := otlptracegrpc.New(ctx, otlptracegrpc.WithGRPCConn(connection))
	if err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	metrics, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithGRPCConn(connection))
	if err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(bridge.NewMetricProducer(bridge.WithGatherer(registry))))
	// The provider makes no instruments; a reader collects only once it has one.
	_ = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(of))
	return &outlet{
		resource: of, connection: connection, reader: reader, metrics: metrics,
		processor: sdktrace.NewBatchSpanProcessor(spans),
	}, nil
}

// identity is which instance speaks: each has series of its own.
func identity(c Config, project string) *resource.Resource {
	_, span := identities{}.NewIDs(context.Background())
	return resource.NewSchemaless(
		attribute.String("gcp.project_id", project),
		attribute.String("service.namespace", "nightwire"),
		attribute.String("service.name", c.Service),
		attribute.String("service.instance.id", span.String()),
	)
}

func dial(ctx context.Context, export, project string) (*grpc.ClientConn, error) {
	if export != Google {
		return grpc.NewClient(export, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	account, err := oauth.NewApplicationDefault(ctx, "https://www.googleapis.com/auth/cloud-platform")
	if err != nil {
		return nil, fmt.Errorf("find credentials: %w", err)
	}
	return grpc.NewClient(googleEndpoint,
		grpc.WithTransportCredentials(credentials.NewTLS(nil)), grpc.WithPerRPCCredentials(account),
		grpc.WithPerRPCCredentials(billed{project}))
}

// billed names the project whose quota a request counts against.
type billed struct{ project string }

// GetRequestMetadata is the header that names it.
func (b billed) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"x-goog-user-project": b.project}, nil
}

// RequireTransportSecurity is for secrets, and it is none.
func (billed) RequireTransportSecurity() bool { return false }

// flush sends the spans that have ended, and every metric as it is now.
func (o *outlet) flush(ctx context.Context) error {
	var all metricdata.ResourceMetrics
	err := o.reader.Collect(ctx, &all)
	if err == nil {
		err = o.metrics.Export(ctx, &all)
	}
	return errors.Join(err, o.processor.ForceFlush(ctx))
}

func (o *outlet) close(ctx context.Context) error {
	return errors.Join(o.flush(ctx), o.processor.Shutdown(ctx), o.metrics.Shutdown(ctx), o.reader.Shutdown(ctx), o.connection.Close())
}
