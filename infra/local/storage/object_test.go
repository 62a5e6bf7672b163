package storage_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"
)

const alert = "v3.3/night=2021-07-01/ZTF21abiuvdk/1642404680815015001.avro"

// code is the HTTP status inside an error of the client; 0 if there is none.
func code(err error) int {
	var api *googleapi.Error
	if errors.As(err, &api) {
		return api.Code
	}
	return 0
}

func wantCode(t *testing.T, err error, want int, reason string) {
	t.Helper()
	var api *googleapi.Error
	if !errors.As(err, &api) || api.Code != want || (reason != "" && api.Errors[0].Reason != reason) {
		t.Fatalf("want %d %s, got %v", want, reason, err)
	}
}

func testWriteRead(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	object := bucket.Object(alert)
	for _, content := range []string{"Obj\x01", "", strings.Repeat("0123456789abcdef", 40<<10)} {
		attrs := mustWrite(t, object, content, nil)
		sum := md5.Sum([]byte(content))
		if attrs.Size != int64(len(content)) || !bytes.Equal(attrs.MD5, sum[:]) ||
			attrs.CRC32C != crc32.Checksum([]byte(content), crc32.MakeTable(crc32.Castagnoli)) {
			t.Errorf("size %d, MD5 %x, CRC32C %08x of a content of %d bytes", attrs.Size, attrs.MD5, attrs.CRC32C, len(content))
		}
		if got := mustRead(t, object); got != content {
			t.Errorf("read %d bytes, wrote %d", len(got), len(content))
		}
	}
}

func testAttributes(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	metadata := map[string]string{"objectId": "ZTF21abiuvdk", "candid": "1642404680815015001", "kafka.offset": "7"}
	mustWrite(t, bucket.Object(alert), "content", func(w *gcs.Writer) {
		w.ContentType = "application/avro"
		w.CacheControl = "no-store"
		w.Metadata = metadata
	})
	attrs, err := bucket.Object(alert).Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := []string{attrs.Bucket, attrs.Name, attrs.ContentType, attrs.CacheControl, attrs.StorageClass}
	want := []string{bucket.BucketName(), alert, "application/avro", "no-store", "STANDARD"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(metadata, attrs.Metadata); diff != "" {
		t.Error(diff)
	}
	if attrs.Generation == 0 || attrs.Metageneration != 1 || attrs.Created.IsZero() || attrs.Updated.IsZero() || attrs.Etag == "" {
		t.Errorf("incomplete: %+v", attrs)
	}
	reader, err := bucket.Object(alert).NewReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if reader.Attrs.ContentType != "application/avro" || reader.Attrs.Generation != attrs.Generation || reader.Attrs.CacheControl != "no-store" {
		t.Errorf("reader: %+v", reader.Attrs)
	}
}

func testRange(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	mustWrite(t, bucket.Object(alert), "0123456789", nil)
	for _, c := range []struct {
		offset, length int64
		want           string
	}{{2, 3, "234"}, {7, -1, "789"}, {-4, -1, "6789"}, {8, 100, "89"}, {0, 0, ""}} {
		r, err := bucket.Object(alert).NewRangeReader(t.Context(), c.offset, c.length)
		if err != nil {
			t.Fatalf("range %d %d: %v", c.offset, c.length, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != c.want {
			t.Errorf("range %d %d: %q, %v", c.offset, c.length, got, err)
		}
		r.Close()
	}
	if _, err := bucket.Object(alert).NewRangeReader(t.Context(), 10, 5); code(err) != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("behind the end: %v", err)
	}
}

func testGzip(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "plain text")
	z.Close()
	object := bucket.Object("notes.txt")
	mustWrite(t, object, packed.String(), func(w *gcs.Writer) { w.ContentEncoding = "gzip" })
	if got := mustRead(t, object.ReadCompressed(true)); got != packed.String() {
		t.Errorf("compressed: %q", got)
	}
	if got := mustRead(t, object); got != "plain text" {
		t.Errorf("unpacked by the client: %q", got)
	}
}

// fetch makes a request without the client, as a browser or curl would.
func fetch(t *testing.T, request *http.Request) (string, *http.Response) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), response
}

func get(t *testing.T, url string) (string, *http.Response) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fetch(t, request)
}

func testBrowser(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	mustWrite(t, bucket.Object(alert), "content", func(w *gcs.Writer) { w.ContentType = "application/avro" })
	got, response := get(t, s.url+"/"+bucketName+"/"+alert)
	if got != "content" || response.Header.Get("Content-Type") != "application/avro" || response.ContentLength != 7 {
		t.Errorf("%q %v", got, response.Header)
	}
	if got, response := get(t, s.url+"/"+bucketName+"/absent"); response.StatusCode != http.StatusNotFound || !strings.Contains(got, "notFound") {
		t.Errorf("absent: %d %s", response.StatusCode, got)
	}

	mustWrite(t, bucket.Object("a/b"), "one slash", nil)
	for _, name := range []string{"a//b", "a/./b", "c/../a/b"} {
		if got, response := get(t, s.url+"/"+bucketName+"/"+name); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s, which is not there: %s %s", name, response.Status, got)
		}
		mustWrite(t, bucket.Object(name), name, nil)
		if got, response := get(t, s.url+"/"+bucketName+"/"+name); got != name {
			t.Errorf("%s: %s %s", name, response.Status, got)
		}
	}
	for _, path := range []string{"", "/", "/absent", "/absent/", "//absent"} {
		if got, response := get(t, s.url+path); response.StatusCode < 300 || response.StatusCode > 404 {
			t.Errorf("%s: %s %s", path, response.Status, got)
		}
	}

	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "plain text")
	z.Close()
	mustWrite(t, bucket.Object("notes.txt"), packed.String(), func(w *gcs.Writer) { w.ContentEncoding = "gzip" })
	if got, response := get(t, s.url+"/"+bucketName+"/notes.txt"); got != "plain text" || !response.Uncompressed {
		t.Errorf("of a gzip content: %q %v", got, response.Header)
	}

	if _, err := bucket.Object("both").ComposerFrom(bucket.Object(alert), bucket.Object(alert)).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, response = get(t, s.url+"/"+bucketName+"/both")
	if hash := response.Header.Get("X-Goog-Hash"); strings.Contains(hash, "md5") {
		t.Errorf("of a composition: %v", response.Header)
	}
}

func testMissing(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	if _, err := bucket.Object("absent").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("attributes: %v", err)
	}
	if _, err := bucket.Object("absent").NewReader(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("content: %v", err)
	}
	if err := bucket.Object("absent").Delete(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("deletion: %v", err)
	}
	if _, err := write(t.Context(), s.client.Bucket(bucket.BucketName()+"-absent").Object(alert), nil, nil); code(err) != http.StatusNotFound {
		t.Errorf("write into a missing bucket: %v", err)
	}
}

func testDelete(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	object := bucket.Object(alert)
	first := mustWrite(t, object, "first", nil)
	if err := object.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := object.Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("after deletion: %v", err)
	}
	second := mustWrite(t, object.If(gcs.Conditions{DoesNotExist: true}), "second", nil)
	if second.Generation <= first.Generation {
		t.Errorf("generation %d after %d", second.Generation, first.Generation)
	}
}

func testOpenReader(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	long := strings.Repeat("x", 8<<20)
	mustWrite(t, bucket.Object(alert), long, nil)
	r, err := bucket.Object(alert).NewReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	mustWrite(t, bucket.Object(alert), "short", nil)
	if got, err := io.ReadAll(r); err != nil || string(got) != long {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func testUpdate(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	object := bucket.Object(alert)
	before := mustWrite(t, object, "content", func(w *gcs.Writer) { w.Metadata = map[string]string{"a": "1", "b": "2"} })
	after, err := object.Update(t.Context(), gcs.ObjectAttrsToUpdate{
		ContentType: "text/plain", Metadata: map[string]string{"b": "3", "c": "4"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "3", "c": "4"}, after.Metadata); diff != "" {
		t.Error(diff)
	}
	if after.Generation != before.Generation || after.Metageneration != 2 || after.ContentType != "text/plain" {
		t.Errorf("generation %d -> %d, metageneration %d, content type %q",
			before.Generation, after.Generation, after.Metageneration, after.ContentType)
	}
	emptied, err := object.Update(t.Context(), gcs.ObjectAttrsToUpdate{Metadata: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(emptied.Metadata) != 0 || emptied.ContentType != "text/plain" {
		t.Errorf("after emptying the metadata: %v, %q", emptied.Metadata, emptied.ContentType)
	}
	less, err := object.Update(t.Context(), gcs.ObjectAttrsToUpdate{ContentType: ""})
	if err != nil || less.ContentType != "" || less.Metageneration != 4 {
		t.Errorf("without its type: %+v, error %v", less, err)
	}
	if got := mustRead(t, object); got != "content" {
		t.Errorf("the content became %q", got)
	}
}
