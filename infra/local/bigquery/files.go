package bigquery

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/duckdb/duckdb-go/v2"
	bq "google.golang.org/api/bigquery/v2"
	"google.golang.org/api/option"

	"nightwire.dev/infra/local/bigquery/record"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/packet"
)

// files are what a load job reads.
type files struct {
	client     *storage.Client
	found      []*storage.ObjectAttrs // in the order of their names
	decoder    packet.Decoder
	schema     *packet.Schema // of the last file that was opened
	columns    []*field       // which it makes
	statistics bq.JobStatistics3
}

// maxFile bounds a file, since it is read as a whole.
const maxFile = 64 << 20

// findFiles finds the files that a job names.
func (s *Server) findFiles(ctx context.Context, job *bq.JobConfigurationLoad) (*files, error) {
	client, err := storage.NewClient(ctx, option.WithEndpoint("http://"+s.options.Storage+"/storage/v1/"),
		option.WithHTTPClient(s.web), option.WithoutAuthentication(), storage.WithJSONReads())
	if err != nil {
		return nil, err
	}
	client.SetRetry(storage.WithMaxAttempts(3))
	f := &files{client: client}
	for _, uri := range job.SourceUris {
		if err := f.find(ctx, uri); err != nil {
			return nil, errors.Join(err, client.Close())
		}
	}
	slices.SortFunc(f.found, func(a, b *storage.ObjectAttrs) int { return cmp.Compare(address(a), address(b)) })
	return f, nil
}

// find takes up the objects that a URI covers, with its wildcard if it has one.
func (f *files) find(ctx context.Context, uri string) error {
	path, ok := strings.CutPrefix(uri, "gs://")
	from, object, named := strings.Cut(path, "/")
	if !ok || !named || strings.Contains(from, "*") || strings.Count(object, "*") > 1 {
		return invalid("Source URI must be gs://bucket/object, with one wildcard in the object at most: %s", uri)
	}
	before, after, wild := strings.Cut(object, "*")
	known := len(f.found)
	for found, err := range bucket.Objects(ctx, f.client.Bucket(from), &storage.Query{Prefix: before}) {
		if err != nil {
			return unavailable(uri, err)
		}
		covered := found.Name == object || wild && strings.HasSuffix(found.Name[len(before):], after)
		switch {
		case covered && found.Size > maxFile:
			return notImplemented("load jobs with files of more than %d MB, as %s is", maxFile>>20, address(found))
		case covered:
			f.found = append(f.found, found)
		}
	}
	if len(f.found) == known {
		return notFound("URI %s", uri)
	}
	return nil
}

func address(file *storage.ObjectAttrs) string { return "gs://" + file.Bucket + "/" + file.Name }

func unavailable(uri string, err error) error {
	if errors.Is(err, storage.ErrObjectNotExist) || errors.Is(err, storage.ErrBucketNotExist) {
		return notFound("URI %s", uri)
	}
	return fail(503, "backendError", "Error while reading %s: %v", uri, err)
}

func unreadable(file *storage.ObjectAttrs, err error) error {
	return invalid("Error while reading data, error message: %v. File: %s", err, address(file))
}

// open reads a file. Its records are checked one by one.
func (f *files) open(ctx context.Context, file *storage.ObjectAttrs) (iter.Seq2[packet.Value, error], error) {
	r, err := f.client.Bucket(file.Bucket).Object(file.Name).NewReader(ctx)
	if err != nil {
		return nil, unavailable(address(file), err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, unavailable(address(file), err)
	}
	schema, records, err := f.decoder.Records(content)
	switch {
	case err != nil:
	case schema.Mended:
		err = errors.New("the header has a default value that does not fit the first type of its union")
	case schema != f.schema:
		f.schema = schema
		f.columns, err = record.Columns(schema.Root)
	}
	if err != nil {
		return nil, unreadable(file, err)
	}
	return records, nil
}

// fill reads the files into a table, of the columns of into.
func (f *files) fill(ctx context.Context, into *table, to *duckdb.Appender) error {
	for _, file := range f.found {
		if err := f.read(ctx, file, into, to); err != nil {
			return err
		}
	}
	return nil
}

// rowsAtOnce are those that wait in memory: of alerts with their stamps, 9 MB.
const rowsAtOnce = 128

// read appends the records of a file.
func (f *files) read(ctx context.Context, file *storage.ObjectAttrs, into *table, to *duckdb.Appender) error {
	records, err := f.open(ctx, file)
	if err != nil {
		return err
	}
	if _, err := widen(into.Id, "", side{address(file), f.columns}, side{"the table", into.Schema.Fields}); err != nil {
		return err
	}
	for one, err := range records {
		var row []driver.Value
		if err == nil {
			row, err = record.FromAvro(one, into.Schema.Fields)
		}
		if err != nil {
			return unreadable(file, err)
		}
		err = to.AppendRow(row...)
		if f.statistics.OutputRows++; f.statistics.OutputRows%rowsAtOnce == 0 {
			err = errors.Join(err, to.Flush())
		}
		if err != nil {
			return err
		}
	}
	f.statistics.InputFiles++
	f.statistics.InputFileBytes += file.Size
	return nil
}
