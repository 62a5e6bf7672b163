package bigquery

import (
	"context"
	"errors"
	"io"
	"strings"

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

// stream resolves projects/P/datasets/D/tables/T/streams/_default.
func (w *writeService) stream(name string) (*table, error) {
	p := strings.Split(strings.TrimSuffix(name, "/_default"), "/")
	if len(p) == 8 {
		return nil, grpcstatus.Errorf(codes.Unimplemented, "stream %s: only the stream _default is supported", name)
	}
	if len(p) == 7 && p[6] == "streams" {
		p = p[:6]
	}
	if len(p) != 6 || p[0] != "projects" || p[2] != "datasets" || p[4] != "tables" {
		return nil, grpcstatus.Errorf(codes.InvalidArgument, "Invalid stream name: %q", name)
	}
	if err := w.checkProject(p[1]); err != nil {
		return nil, grpcstatus.Error(codes.NotFound, err.Error())
	}
	t, err := w.catalogue.table(p[3], p[5])
	if err != nil {
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
		s.TableSchema = storageSchema(t.Schema.Fields)
	}
	return s, nil
}

// connection is one stream of appends. Its first request names the table and
// the rows' descriptor; a later one may name others.
type connection struct {
	service    *writeService
	stream     string
	descriptor *descriptorpb.DescriptorProto
	table      *table
	plan       *protorow.Plan
}

// pendingAppends bounds the requests of one connection that wait for a commit.
const pendingAppends = 32

// AppendRows stores rows and answers each request, in order, once its rows are
// on disk.
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
	c := &connection{service: w}
	err := func() error {
		for {
			request, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			answer, err := c.receive(request)
			if err != nil {
				return err
			}
			answers <- answer
		}
	}()
	close(answers)
	return errors.Join(err, <-sent)
}

// receive takes one request, and gives what waits for its answer. An error
// ends the connection.
func (c *connection) receive(r *storagepb.AppendRowsRequest) (func() *storagepb.AppendRowsResponse, error) {
	changed, err := c.address(r)
	if err != nil {
		return nil, err
	}
	if r.GetOffset() != nil {
		return nil, grpcstatus.Error(codes.InvalidArgument, "an offset cannot be given on the _default stream")
	}
	proto := r.GetProtoRows()
	if proto == nil {
		return nil, grpcstatus.Error(codes.Unimplemented, "only proto rows are supported")
	}
	if d := proto.GetWriterSchema().GetProtoDescriptor(); d != nil {
		c.descriptor, changed = d, true
	}
	if c.descriptor == nil {
		return nil, grpcstatus.Error(codes.InvalidArgument, "the first request of a connection must carry the writer schema")
	}
	name := c.stream
	before := c.table
	raw := proto.GetRows().GetSerializedRows()
	pending, failed := c.submit(raw, changed)
	updated := before != nil && !changed && columnList(before.Schema.Fields, nil) != columnList(c.table.Schema.Fields, nil)
	columns := c.table.Schema.Fields
	again := *c
	return func() *storagepb.AppendRowsResponse {
		if failed == nil {
			failed = <-pending.done
		}
		for errors.Is(failed, errStale) {
			if pending, failed = again.submit(raw, false); failed == nil {
				failed = <-pending.done
			}
			updated, columns = true, again.table.Schema.Fields
		}
		response := outcome(failed)
		response.WriteStream = name
		if updated {
			response.UpdatedSchema = storageSchema(columns)
		}
		return response
	}, nil
}

// address reads the stream's name, which only some requests carry.
func (c *connection) address(r *storagepb.AppendRowsRequest) (changed bool, err error) {
	if name := r.GetWriteStream(); name != "" && name != c.stream {
		c.stream, changed = name, true
	}
	if c.stream == "" {
		return false, grpcstatus.Error(codes.InvalidArgument, "the first request of a connection must name the stream")
	}
	t, err := c.service.stream(c.stream)
	if err != nil {
		return false, err
	}
	if c.table == nil || changed {
		c.table, c.plan = t, nil
	}
	return changed, nil
}

// submit decodes rows and queues them for the next commit.
func (c *connection) submit(raw [][]byte, recompile bool) (*rows, error) {
	current, err := c.service.stream(c.stream)
	if err != nil {
		return nil, err
	}
	if c.plan == nil || recompile || current.version != c.table.version {
		c.table = current
		if c.plan, err = protorow.Compile(c.descriptor, current.Schema.Fields); err != nil {
			return nil, schemaMismatch(current, err)
		}
	}
	r := &rows{table: c.table, done: make(chan error, 1)}
	var bad rowErrors
	for i, b := range raw {
		row, err := c.plan.Row(b)
		if err != nil {
			bad = append(bad, &storagepb.RowError{Index: int64(i), Code: storagepb.RowError_FIELDS_ERROR, Message: err.Error()})
			continue
		}
		r.values = append(r.values, row)
	}
	if len(bad) > 0 {
		return nil, bad
	}
	if len(r.values) == 0 {
		return nil, grpcstatus.Error(codes.InvalidArgument, "the request has no rows")
	}
	c.service.committer.queue <- r
	return r, nil
}

// rowErrors are the rows of a request that cannot be stored.
type rowErrors []*storagepb.RowError

func (e rowErrors) Error() string {
	return "Errors found while processing rows. Please refer to the row_errors field for details."
}

// outcome is the answer to one request.
func outcome(err error) *storagepb.AppendRowsResponse {
	if err == nil {
		return &storagepb.AppendRowsResponse{Response: &storagepb.AppendRowsResponse_AppendResult_{
			AppendResult: &storagepb.AppendRowsResponse_AppendResult{},
		}}
	}
	var bad rowErrors
	s, ok := grpcstatus.FromError(err)
	switch {
	case ok:
	case errors.As(err, &bad):
		s = grpcstatus.New(codes.InvalidArgument, err.Error())
	default:
		s = grpcstatus.New(appendCode(asFailure(err)), err.Error())
	}
	return &storagepb.AppendRowsResponse{
		RowErrors: bad, Response: &storagepb.AppendRowsResponse_Error{Error: s.Proto()},
	}
}

// appendCode tells rows that can never be stored from a server that could not
// store them now.
func appendCode(f *failure) codes.Code {
	switch f.reason {
	case "internalError":
		return codes.Internal
	case "resourcesExceeded":
		return codes.ResourceExhausted
	default:
		return codes.InvalidArgument
	}
}

// schemaMismatch is a writer schema that does not fit the table.
func schemaMismatch(t *table, err error) error {
	s := grpcstatus.New(codes.InvalidArgument, err.Error())
	var extra *protorow.ExtraFieldError
	if !errors.As(err, &extra) {
		return s.Err()
	}
	detailed, failed := s.WithDetails(&storagepb.StorageError{
		Code: storagepb.StorageError_SCHEMA_MISMATCH_EXTRA_FIELDS, Entity: t.Id, ErrorMessage: err.Error(),
	})
	if failed != nil {
		return s.Err()
	}
	return detailed.Err()
}

var storageTypes = map[string]storagepb.TableFieldSchema_Type{
	"INTEGER": storagepb.TableFieldSchema_INT64, "FLOAT": storagepb.TableFieldSchema_DOUBLE,
	"BOOLEAN": storagepb.TableFieldSchema_BOOL, "RECORD": storagepb.TableFieldSchema_STRUCT,
}

func storageSchema(fields []*field) *storagepb.TableSchema {
	return &storagepb.TableSchema{Fields: storageFields(fields)}
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
