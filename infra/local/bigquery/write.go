package bigquery

import (
	"context"
	"errors"
	"io"
	"regexp"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/descriptorpb"

	"nightwire.dev/infra/local/bigquery/protorow"
)

// writeService is the Storage Write API, for default streams. The methods of
// the other streams answer Unimplemented.
type writeService struct {
	storagepb.UnimplementedBigQueryWriteServer
	*Server
}

var streamName = regexp.MustCompile(`^projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)(?:/streams/([^/]+)|/_default)?$`)

// stream resolves projects/P/datasets/D/tables/T/streams/_default.
func (w *writeService) stream(name string) (*table, error) {
	p := streamName.FindStringSubmatch(name)
	if p == nil {
		return nil, grpcstatus.Errorf(codes.InvalidArgument, "Invalid stream name: %q", name)
	}
	if p[4] != "" && p[4] != "_default" {
		return nil, grpcstatus.Errorf(codes.Unimplemented, "stream %s: only the stream _default is supported", name)
	}
	t, err := w.catalogue.table(p[2], p[3])
	if err := errors.Join(w.checkProject(p[1]), err); err != nil {
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
		s.TableSchema = storageSchema(t)
	}
	return s, nil
}

// writer is what one connection has said so far: which table its rows are for,
// and how they are written. Its first request says both; a later one may change
// them.
type writer struct {
	service    *writeService
	stream     string
	descriptor *descriptorpb.DescriptorProto
	plan       *protorow.Plan // for the table; nil until rows come
	table      *table
}

// pendingAppends bounds the requests of one connection that wait for a commit.
const pendingAppends = 32

// AppendRows stores rows and answers each request, in order, once its rows are
// with the operating system.
func (w *writeService) AppendRows(stream storagepb.BigQueryWrite_AppendRowsServer) error {
	answers := make(chan func() *storagepb.AppendRowsResponse, pendingAppends)
	sent := make(chan error, 1)
	go func() {
		var failed error
		for next := range answers {
			if response := next(); failed == nil {
				failed = stream.Send(response)
			}
		}
		sent <- failed
	}()
	to := &writer{service: w}
	for {
		request, err := stream.Recv()
		if err == nil {
			err = to.listen(request)
		}
		if err != nil {
			close(answers)
			if errors.Is(err, io.EOF) {
				return <-sent
			}
			return errors.Join(err, <-sent)
		}
		answers <- to.store(request.GetProtoRows().GetRows().GetSerializedRows())
	}
}

// listen takes up what a request says of the rows that follow. An error ends
// the connection.
func (w *writer) listen(r *storagepb.AppendRowsRequest) error {
	if name := r.GetWriteStream(); name != "" && name != w.stream {
		w.stream, w.plan = name, nil
	}
	if d := r.GetProtoRows().GetWriterSchema().GetProtoDescriptor(); d != nil {
		w.descriptor, w.plan = d, nil
	}
	switch {
	case r.GetOffset() != nil:
		return grpcstatus.Error(codes.InvalidArgument, "an offset cannot be given on the _default stream")
	case r.GetProtoRows() == nil:
		return grpcstatus.Error(codes.Unimplemented, "only proto rows are supported")
	case w.stream == "" || w.descriptor == nil:
		return grpcstatus.Error(codes.InvalidArgument, "the first request of a connection must name the stream and carry the writer schema")
	}
	_, err := w.service.stream(w.stream)
	return err
}

// store sends rows on their way. What it returns waits for them, and makes the
// answer, which tells of a schema that has changed since the request before.
func (w *writer) store(raw [][]byte) func() *storagepb.AppendRowsResponse {
	known := w.table
	if w.plan == nil {
		known = nil
	}
	pending := w.submit(raw)
	again := *w
	return func() *storagepb.AppendRowsResponse {
		err := <-pending.done
		for errors.Is(err, errStale) {
			if known == nil {
				known = pending.table
			}
			pending = again.submit(raw)
			err = <-pending.done
		}
		response := outcome(err)
		response.WriteStream = again.stream
		if now := pending.table; known != nil && now != nil && known != now && columnList(known.Schema.Fields, nil) != columnList(now.Schema.Fields, nil) {
			response.UpdatedSchema = storageSchema(now)
		}
		return response
	}
}

// submit decodes rows and queues them for the next commit. Whatever goes wrong
// is their answer.
func (w *writer) submit(raw [][]byte) *rows {
	r := &rows{done: make(chan error, 1)}
	if err := w.decode(r, raw); err != nil {
		r.done <- err
		return r
	}
	w.service.committer.queue <- r
	return r
}

func (w *writer) decode(r *rows, raw [][]byte) (err error) {
	if r.table, err = w.service.stream(w.stream); err != nil {
		return err
	}
	if w.plan == nil || w.table != r.table {
		w.table = r.table
		if w.plan, err = protorow.Compile(w.descriptor, r.table.Schema.Fields); err != nil {
			return schemaMismatch(r.table, err)
		}
	}
	var bad rowErrors
	for i, b := range raw {
		row, err := w.plan.Row(b)
		if err != nil {
			bad = append(bad, &storagepb.RowError{Index: int64(i), Code: storagepb.RowError_FIELDS_ERROR, Message: err.Error()})
		}
		r.values = append(r.values, row)
	}
	if len(bad) > 0 {
		return bad
	}
	if len(raw) == 0 {
		return grpcstatus.Error(codes.InvalidArgument, "the request has no rows")
	}
	return nil
}

// rowErrors are the rows of a request that cannot be stored.
type rowErrors []*storagepb.RowError

func (e rowErrors) Error() string {
	return "Errors found while processing rows. Please refer to the row_errors field for details."
}

// schemaMismatch is a writer schema that does not fit the table.
func schemaMismatch(t *table, err error) error {
	s := grpcstatus.New(codes.InvalidArgument, err.Error())
	if extra := (*protorow.ExtraFieldError)(nil); errors.As(err, &extra) {
		s, _ = s.WithDetails(&storagepb.StorageError{
			Code: storagepb.StorageError_SCHEMA_MISMATCH_EXTRA_FIELDS, Entity: t.Id, ErrorMessage: err.Error(),
		})
	}
	return s.Err()
}

// outcome is the answer to one request. Its code tells rows that can never be
// stored from a server that could not store them now.
func outcome(err error) *storagepb.AppendRowsResponse {
	if err == nil {
		return &storagepb.AppendRowsResponse{Response: &storagepb.AppendRowsResponse_AppendResult_{
			AppendResult: &storagepb.AppendRowsResponse_AppendResult{},
		}}
	}
	var bad rowErrors
	s, ok := grpcstatus.FromError(err)
	if !ok {
		code := codes.InvalidArgument
		if !errors.As(err, &bad) {
			switch asFailure(err).reason {
			case "internalError":
				code = codes.Internal
			case "resourcesExceeded":
				code = codes.ResourceExhausted
			}
		}
		s = grpcstatus.New(code, err.Error())
	}
	return &storagepb.AppendRowsResponse{RowErrors: bad, Response: &storagepb.AppendRowsResponse_Error{Error: s.Proto()}}
}

var storageTypes = map[string]storagepb.TableFieldSchema_Type{
	"INTEGER": storagepb.TableFieldSchema_INT64, "FLOAT": storagepb.TableFieldSchema_DOUBLE,
	"BOOLEAN": storagepb.TableFieldSchema_BOOL, "RECORD": storagepb.TableFieldSchema_STRUCT,
}

func storageSchema(t *table) *storagepb.TableSchema {
	return &storagepb.TableSchema{Fields: storageFields(t.Schema.Fields)}
}

func storageFields(fields []*field) []*storagepb.TableFieldSchema {
	var out []*storagepb.TableFieldSchema
	for _, f := range fields {
		kind, ok := storageTypes[f.Type]
		if !ok {
			kind = storagepb.TableFieldSchema_Type(storagepb.TableFieldSchema_Type_value[f.Type])
		}
		out = append(out, &storagepb.TableFieldSchema{
			Name: f.Name, Type: kind, Description: f.Description, Fields: storageFields(f.Fields),
			Mode: storagepb.TableFieldSchema_Mode(storagepb.TableFieldSchema_Mode_value[f.Mode]),
		})
	}
	return out
}
