package bigquery_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"cloud.google.com/go/bigquery/storage/managedwriter/adapt"
	"cloud.google.com/go/storage"
	"go.uber.org/goleak"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	local "nightwire.dev/infra/local/bigquery"
	"nightwire.dev/infra/local/conformance"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/names"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		slog.Error("child stopped", "error", serveChild(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m,
		// The client's statistics worker lives as long as the process.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		// A writer that reconnects lets its old connection drain for 20 seconds.
		goleak.IgnoreAnyFunction("cloud.google.com/go/bigquery/storage/managedwriter.(*connection).getStream.func1"))
}

const project = "sky"

// running is a server and the official clients that talk to it.
type running struct {
	*bigquery.Client
	writer   *managedwriter.Client
	address  string                // of REST
	accepted string                // address of the Storage Write API
	suffix   string                // of datasets' names, where many share a project
	bucket   *storage.BucketHandle // of the Cloud Storage beside it; nil with Google's
}

// startRemote is Google's service.
func startRemote(tb testing.TB, project string) *running {
	tb.Helper()
	client, err := bigquery.NewClient(tb.Context(), project)
	if err != nil {
		tb.Fatal(err)
	}
	writer, err := managedwriter.NewClient(tb.Context(), project)
	if err != nil {
		tb.Fatal(err)
	}
	r := &running{Client: client, writer: writer, suffix: "_" + conformance.Suffix()}
	tb.Cleanup(r.close)
	return r
}

// Dataset is a dataset of the case's own.
func (r *running) Dataset(name string) *bigquery.Dataset { return r.Client.Dataset(name + r.suffix) }

// Query is a query of the case's own datasets.
func (r *running) Query(sql string) *bigquery.Query { return r.Client.Query(r.text(sql)) }

// text is SQL on the dataset ztf of the project sky, put on the case's own.
func (r *running) text(sql string) string {
	if r.suffix == "" {
		return sql
	}
	dataset := "ztf" + r.suffix + "."
	return strings.NewReplacer("sky.ztf.", r.Project()+"."+dataset, "ztf.", dataset).Replace(sql)
}

func start(tb testing.TB) *running { return startIn(tb, tb.TempDir()) }

func startIn(tb testing.TB, dir string) *running {
	tb.Helper()
	buckets := house.Storage(tb, names.Resources{Project: project, Stream: names.ZTF})
	r := startBeside(tb, dir, buckets.Address)
	r.bucket = buckets.Alerts
	return r
}

// startBeside starts a server with the Cloud Storage at an address.
func startBeside(tb testing.TB, dir, storage string) *running {
	tb.Helper()
	// Some tests have a dozen wide tables appended to at once, each with a chunk
	// of rows in memory.
	r, _ := startWith(tb, local.Options{Dir: dir, Storage: storage, MemoryMB: 1000})
	return r
}

// startWith starts a server, which stop ends before the test does.
func startWith(tb testing.TB, o local.Options) (r *running, stop func()) {
	tb.Helper()
	o.Project, o.Logger = project, slog.New(slog.DiscardHandler)
	s, err := local.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	rest, write := house.Listen(tb), house.Listen(tb)
	served := make(chan error, 1)
	go func() { served <- s.Serve(rest, write) }()
	r = dial(tb, rest.Addr().String(), write.Addr().String())
	stop = sync.OnceFunc(func() {
		r.close()
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
		if err := <-served; err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	tb.Cleanup(stop)
	return r, stop
}

func dial(tb testing.TB, rest, write string) *running {
	tb.Helper()
	ctx := context.Background()
	web := &http.Client{Transport: &http.Transport{}}
	client, err := bigquery.NewClient(ctx, project, option.WithEndpoint("http://"+rest), option.WithHTTPClient(web))
	if err != nil {
		tb.Fatal(err)
	}
	writer, err := managedwriter.NewClient(ctx, project, option.WithEndpoint(write), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(web.CloseIdleConnections)
	return &running{Client: client, writer: writer, address: rest, accepted: write}
}

func (r *running) close() {
	_ = r.writer.Close()
	_ = r.Client.Close()
}

func (r *running) dataset(tb testing.TB, name string) {
	tb.Helper()
	if err := r.Dataset(name).Create(tb.Context(), nil); err != nil {
		tb.Fatal(err)
	}
	if r.suffix == "" {
		return
	}
	tb.Cleanup(func() {
		err := r.Dataset(name).DeleteWithContents(context.Background())
		if code, _ := status(err); err != nil && code != http.StatusNotFound {
			tb.Errorf("delete dataset %s: %v", name+r.suffix, err)
		}
	})
}

// table makes a table in the dataset ztf.
func (r *running) table(tb testing.TB, name string, schema bigquery.Schema) *bigquery.Table {
	tb.Helper()
	t := r.Dataset("ztf").Table(name)
	if err := t.Create(tb.Context(), &bigquery.TableMetadata{Schema: schema}); err != nil {
		tb.Fatal(err)
	}
	return t
}

// rows runs a query and reads it to the end.
func (r *running) rows(ctx context.Context, sql string, parameters ...bigquery.QueryParameter) ([][]bigquery.Value, error) {
	q := r.Query(sql)
	q.Parameters = parameters
	it, err := q.Read(ctx)
	if err != nil {
		return nil, err
	}
	return readAll(it)
}

func readAll(it *bigquery.RowIterator) ([][]bigquery.Value, error) {
	var rows [][]bigquery.Value
	for {
		var row []bigquery.Value
		err := it.Next(&row)
		if errors.Is(err, iterator.Done) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

func (r *running) must(tb testing.TB, sql string, parameters ...bigquery.QueryParameter) [][]bigquery.Value {
	tb.Helper()
	rows, err := r.rows(tb.Context(), sql, parameters...)
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// status is the HTTP status and reason of a client's error.
func status(err error) (int, string) {
	var failed *googleapi.Error
	if !errors.As(err, &failed) || len(failed.Errors) == 0 {
		return 0, ""
	}
	return failed.Code, failed.Errors[0].Reason
}

// rowWriter writes rows, given as JSON, to a table's default stream.
type rowWriter struct {
	stream     *managedwriter.ManagedStream
	descriptor protoreflect.MessageDescriptor
}

func (r *running) stream(tb testing.TB, t *bigquery.Table, schema bigquery.Schema) *rowWriter {
	tb.Helper()
	message, normal := descriptor(tb, schema)
	name := "projects/" + t.ProjectID + "/datasets/" + t.DatasetID + "/tables/" + t.TableID
	stream, err := r.writer.NewManagedStream(context.Background(), managedwriter.WithDestinationTable(name),
		managedwriter.WithType(managedwriter.DefaultStream), managedwriter.WithSchemaDescriptor(normal))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = stream.Close() })
	return &rowWriter{stream, message}
}

func descriptor(tb testing.TB, schema bigquery.Schema) (protoreflect.MessageDescriptor, *descriptorpb.DescriptorProto) {
	tb.Helper()
	storage, err := adapt.BQSchemaToStorageTableSchema(schema)
	if err != nil {
		tb.Fatal(err)
	}
	d, err := adapt.StorageSchemaToProto2Descriptor(storage, "root")
	if err != nil {
		tb.Fatal(err)
	}
	message := d.(protoreflect.MessageDescriptor)
	normal, err := adapt.NormalizeDescriptor(message)
	if err != nil {
		tb.Fatal(err)
	}
	return message, normal
}

func (w *rowWriter) encode(tb testing.TB, rows ...string) [][]byte {
	tb.Helper()
	var out [][]byte
	for _, row := range rows {
		m := dynamicpb.NewMessage(w.descriptor)
		if err := (protojson.UnmarshalOptions{AllowPartial: true}).Unmarshal([]byte(row), m); err != nil {
			tb.Fatal(err)
		}
		b, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func (w *rowWriter) append(tb testing.TB, rows ...string) *managedwriter.AppendResult {
	tb.Helper()
	result, err := w.stream.AppendRows(context.Background(), w.encode(tb, rows...))
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

func (w *rowWriter) must(tb testing.TB, rows ...string) {
	tb.Helper()
	if response, err := w.append(tb, rows...).FullResponse(tb.Context()); err != nil {
		tb.Fatal(err, response.GetRowErrors())
	}
}
