package bigquery

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/duckdb/duckdb-go/v2"
	bq "google.golang.org/api/bigquery/v2"
	"google.golang.org/api/option"

	"nightwire.dev/infra/local/bigquery/avrorow"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/packet"
)

// loading reads the files of a load job.
type loading struct {
	client     *storage.Client
	uris       []string // of the files, in order
	logical    bool     // whether Avro's logical types count
	decoder    packet.Decoder
	statistics bq.JobStatistics3
}

// newLoading finds the files that a job names.
func (s *Server) newLoading(ctx context.Context, job *bq.JobConfigurationLoad) (*loading, error) {
	client, err := storage.NewClient(ctx, option.WithEndpoint("http://"+s.options.Storage+"/storage/v1/"),
		option.WithHTTPClient(s.web), storage.WithJSONReads())
	if err != nil {
		return nil, err
	}
	client.SetRetry(storage.WithMaxAttempts(3))
	l := &loading{client: client, logical: job.UseAvroLogicalTypes}
	for _, uri := range job.SourceUris {
		if err := l.find(ctx, uri); err != nil {
			return nil, errors.Join(err, client.Close())
		}
	}
	slices.Sort(l.uris)
	return l, nil
}

// find takes up the objects that a URI covers, with its wildcard if it has one.
func (l *loading) find(ctx context.Context, uri string) error {
	from, object, err := splitURI(uri)
	if err != nil {
		return err
	}
	before, after, wild := strings.Cut(object, "*")
	known := len(l.uris)
	for found, err := range bucket.Objects(ctx, l.client.Bucket(from), &storage.Query{Prefix: before}) {
		if err != nil {
			return unavailable(uri, err)
		}
		if found.Name == object || wild && strings.HasSuffix(found.Name[len(before):], after) {
			l.uris = append(l.uris, "gs://"+from+"/"+found.Name)
		}
	}
	if len(l.uris) == known {
		return notFound("URI %s", uri)
	}
	return nil
}

func splitURI(uri string) (from, object string, err error) {
	path, ok := strings.CutPrefix(uri, "gs://")
	from, object, named := strings.Cut(path, "/")
	if !ok || !named || strings.Contains(from, "*") || strings.Count(object, "*") > 1 {
		return "", "", invalid("Source URI must be gs://bucket/object, with one wildcard in the object at most: %s", uri)
	}
	return from, object, nil
}

func unavailable(uri string, err error) error {
	if errors.Is(err, storage.ErrObjectNotExist) || errors.Is(err, storage.ErrBucketNotExist) {
		return notFound("URI %s", uri)
	}
	return fail(503, "backendError", "Error while reading %s: %v", uri, err)
}

func unreadable(uri string, err error) error {
	return invalid("Error while reading data, error message: %v File: %s", err, uri)
}

// maxFile bounds a file, since it is read as a whole.
const maxFile = 64 << 20

// open reads a file. Its records are checked one by one.
func (l *loading) open(ctx context.Context, uri string) (schema *packet.Schema, records iter.Seq2[packet.Value, error], size int64, err error) {
	from, object, err := splitURI(uri)
	if err != nil {
		return nil, nil, 0, err
	}
	r, err := l.client.Bucket(from).Object(object).NewReader(ctx)
	if err != nil {
		return nil, nil, 0, unavailable(uri, err)
	}
	defer r.Close()
	if r.Attrs.Size > maxFile {
		return nil, nil, 0, notImplemented("load jobs with files of more than %d MB, as %s is", maxFile>>20, uri)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, 0, unavailable(uri, err)
	}
	schema, records, err = l.decoder.Records(content)
	if err == nil && schema.Mended {
		err = errors.New("the header has a default value that does not fit the first type of its union")
	}
	if err != nil {
		return nil, nil, 0, unreadable(uri, err)
	}
	return schema, records, r.Attrs.Size, nil
}

// schema is that of the file whose name comes last, as with the service.
func (l *loading) schema(ctx context.Context) (*bq.TableSchema, error) {
	uri := l.uris[len(l.uris)-1]
	schema, _, _, err := l.open(ctx, uri)
	if err != nil {
		return nil, err
	}
	fields, err := avrorow.Columns(schema.Root, l.logical)
	if err != nil {
		return nil, unreadable(uri, err)
	}
	return &bq.TableSchema{Fields: fields}, nil
}

// flushAt is how many bytes of rows wait in memory.
const flushAt = 8 << 20

// read appends the records of all files to a table.
func (l *loading) read(ctx context.Context, into *table, appender *duckdb.Appender) error {
	waiting := int64(0)
	for _, uri := range l.uris {
		schema, records, size, err := l.open(ctx, uri)
		if err != nil {
			return err
		}
		plan, err := avrorow.Compile(schema.Root, into.Schema.Fields, l.logical)
		if err != nil {
			return invalid("Provided Schema does not match Table %s: %v. File: %s", into.Id, err, uri)
		}
		for record, err := range records {
			if err != nil {
				return unreadable(uri, err)
			}
			row, err := plan.Row(record)
			if err != nil {
				return unreadable(uri, err)
			}
			if err := appender.AppendRow(row...); err != nil {
				return err
			}
			bytes := avrorow.Size(row)
			l.statistics.OutputRows++
			l.statistics.OutputBytes += bytes
			if waiting += bytes; waiting > flushAt {
				if err := appender.Flush(); err != nil {
					return err
				}
				waiting = 0
			}
		}
		l.statistics.InputFiles++
		l.statistics.InputFileBytes += size
	}
	return nil
}
