package bigquery

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"

	official "cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter/adapt"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/descriptorpb"

	"nightwire.dev/infra/local/bigquery/record"
)

// writeService is the Storage Write API, for default streams. The methods of
// the other streams answer Unimplemented.
type writeService struct {
	storagepb.UnimplementedBigQueryWriteServer
	*Server
}

var streamName = regexp.MustCompile(`^projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)(?:/streams/([^/]+)|/_default)?$`)

// stream resolves projects/P/datasets/D/tables/T/streams/_default.
func (s *Server) stream(name string) (*table, error) {
	p := streamName.FindStringSubmatch(name)
	if p == nil {
		return nil, grpcstatus.Errorf(codes.InvalidArgument, "Invalid stream name: %q", name)
	}
	if p[4] != "" && p[4] != "_default" {
		return nil, grpcstatus.Errorf(codes.Unimplemented, "stream %s: only the stream _default is supported", name)
	}
	t, err := s.catalogue.table(p[2], p[3])
	if err := errors.Join(s.checkProject(p[1]), err); err != nil {
		return nil, grpcstatus.Error(codes.NotFound, err.Error())
	}
	if t.view() {
		return nil, grpcstatus.Errorf(codes.InvalidArgument, "%s is a view: rows cannot be written to it", t.Id)
	}
	return t, nil
}

// GetWriteStream describes a table's default stream.
func (w *writeService) GetWriteStream(_ context.Context, r *storagepb.GetWriteStreamRequest) (*storagepb.WriteStream, error) {
	t, err := w.stream(r.GetName())
	if err != nil {
		return nil, err
	}
	s := &storagepb.WriteStream{
		Name: r.GetName(), Type: storagepb.WriteStream_COMMITTED,
		WriteMode: storagepb.WriteStream_INSERT, Location: w.options.Location,
	}
	if r.GetView() == storagepb.WriteStreamView_FULL {
		s.TableSchema, err = storageSchema(t)
	}
	return s, err
}

// storageSchema is a table's schema in the words of the Storage Write API.
func storageSchema(t *table) (*storagepb.TableSchema, error) {
	fields, err := json.Marshal(t.Schema.Fields)
	if err != nil {
		return nil, err
	}
	schema, err := official.SchemaFromJSON(fields)
	if err != nil {
		return nil, err
	}
	return adapt.BQSchemaToStorageTableSchema(schema)
}

// pendingAppends bounds the requests of one connection that wait for a commit.
const pendingAppends = 256

// AppendRows stores rows and answers each request, in order, once its rows are
// with the operating system.
func (w *writeService) AppendRows(stream storagepb.BigQueryWrite_AppendRowsServer) error {
	queued := make(chan *rows, pendingAppends)
	answered := make(chan error, 1)
	go func() { answered <- answer(stream, queued) }()
	err := w.receive(stream, queued)
	close(queued)
	return errors.Join(err, <-answered)
}

// receive queues what one connection sends, until it ends.
func (w *writeService) receive(stream storagepb.BigQueryWrite_AppendRowsServer, queued chan<- *rows) error {
	from := &writer{}
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			from, err = from.listen(request)
		}
		if err != nil {
			return err
		}
		r := &rows{from: from, encoded: request.GetProtoRows().GetRows().GetSerializedRows(), done: make(chan error, 1)}
		queued <- r
		w.committer.queue <- r
	}
}

// writer is what a connection has said of its rows: whose they are, and how they
// are written. Its first request says both; a later one may make another writer.
type writer struct {
	stream     string
	descriptor *descriptorpb.DescriptorProto

	// How the table reads the rows, once there were some: the committer's.
	table *table
	plan  *record.Proto
}

// listen is the writer of a request's rows: the same as before, unless the
// request says otherwise. An error ends the connection.
func (w *writer) listen(r *storagepb.AppendRowsRequest) (*writer, error) {
	next := &writer{stream: cmp.Or(r.GetWriteStream(), w.stream)}
	next.descriptor = cmp.Or(r.GetProtoRows().GetWriterSchema().GetProtoDescriptor(), w.descriptor)
	switch {
	case r.GetOffset() != nil:
		return nil, grpcstatus.Error(codes.InvalidArgument, "an offset cannot be given on the _default stream")
	case r.GetProtoRows() == nil:
		return nil, grpcstatus.Error(codes.Unimplemented, "only proto rows are supported")
	case next.stream == "" || next.descriptor == nil:
		return nil, grpcstatus.Error(codes.InvalidArgument, "the first request of a connection must name the stream and carry the writer schema")
	case next.stream == w.stream && next.descriptor == w.descriptor:
		return w, nil
	}
	return next, nil
}

// answer answers requests in their order. A schema that has changed since the
// request before is told.
func answer(stream storagepb.BigQueryWrite_AppendRowsServer, queued <-chan *rows) (failed error) {
	last := &rows{}
	for r := range queued {
		response := outcome(<-r.done)
		response.WriteStream, response.RowErrors = r.from.stream, r.bad
		if is := r.table; is != nil {
			if last.from == r.from && last.table != is &&
				columnList(last.table.Schema.Fields, nil) != columnList(is.Schema.Fields, nil) {
				response.UpdatedSchema, _ = storageSchema(is)
			}
			last = r
		}
		if failed == nil {
			failed = stream.Send(response)
		}
	}
	return failed
}

// outcome is the answer to a request.
func outcome(err error) *storagepb.AppendRowsResponse {
	if err == nil {
		return &storagepb.AppendRowsResponse{Response: &storagepb.AppendRowsResponse_AppendResult_{
			AppendResult: &storagepb.AppendRowsResponse_AppendResult{},
		}}
	}
	return &storagepb.AppendRowsResponse{Response: &storagepb.AppendRowsResponse_Error{Error: grpcstatus.Convert(err).Proto()}}
}
