package storage_test

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
)

func testChecksum(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	for name, set := range map[string]func(*gcs.Writer){
		"crc32c": func(w *gcs.Writer) { w.SendCRC32C, w.CRC32C = true, 1 },
		"md5":    func(w *gcs.Writer) { w.MD5 = make([]byte, md5.Size) },
		"crc32c of a resumable upload": func(w *gcs.Writer) {
			w.SendCRC32C, w.CRC32C, w.ChunkSize = true, 1, googleapi.MinUploadChunkSize
		},
	} {
		_, err := write(t.Context(), bucket.Object(name), make([]byte, 300<<10), set)
		wantCode(t, err, http.StatusBadRequest, "invalid")
		if _, err := bucket.Object(name).Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
			t.Errorf("%s: the object exists: %v", name, err)
		}
	}
}

func testResumable(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	for _, size := range []int{googleapi.MinUploadChunkSize + 1, 4 * googleapi.MinUploadChunkSize, 1<<20 + 12345} {
		content := bytes.Repeat([]byte("nightwire"), size/9+1)[:size]
		object := bucket.Object(fmt.Sprint(size))
		if _, err := write(t.Context(), object, content, func(w *gcs.Writer) { w.ChunkSize = googleapi.MinUploadChunkSize }); err != nil {
			t.Fatal(err)
		}
		if got := mustRead(t, object); got != string(content) {
			t.Errorf("%d bytes became %d", size, len(got))
		}
	}
	created := bucket.Object("1").If(gcs.Conditions{DoesNotExist: true})
	mustWrite(t, created, "first", nil)
	_, err := write(t.Context(), created, make([]byte, 1<<20), func(w *gcs.Writer) { w.ChunkSize = googleapi.MinUploadChunkSize })
	wantCode(t, err, http.StatusPreconditionFailed, "conditionNotMet")
}

// testInterrupted speaks the protocol of resumable uploads itself: a client that
// lost an answer asks how much has arrived, and sends some of it again.
func testInterrupted(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	begin := func(name string) string {
		t.Helper()
		_, response := send(t, http.MethodPost, s.url+"/upload/storage/v1/b/"+bucketName+"/o?uploadType=resumable&name="+name, "", "")
		if response.StatusCode != http.StatusOK {
			t.Fatalf("begin: %s", response.Status)
		}
		return response.Header.Get("Location")
	}
	upload := begin("tarball")
	for _, step := range []struct {
		contentRange, body string
		code               int
		arrived            string
	}{
		{"bytes */*", "", 308, ""},
		{"bytes 0-3/*", "0123", 308, "bytes=0-3"},
		{"bytes */10", "", 308, "bytes=0-3"},
		{"bytes 0-3/*", "0123", 308, "bytes=0-3"},
		{"bytes 2-5/*", "2345", 308, "bytes=0-5"},
		{"bytes 0-9/5", "0123456789", 400, ""},
		{"bytes 8-9/10", "89", 400, ""},
		{"nonsense", "", 400, ""},
		{"bytes 6-9/10", "6789", 200, ""},
		{"bytes 6-9/10", "6789", 200, ""}, // whose answer was lost
		{"bytes */10", "", 200, ""},
	} {
		body, response := send(t, http.MethodPut, upload, step.contentRange, step.body)
		if response.StatusCode != step.code || response.Header.Get("Range") != step.arrived {
			t.Errorf("%s: %s %q %s", step.contentRange, response.Status, response.Header.Get("Range"), body)
		}
	}
	if got := mustRead(t, bucket.Object("tarball")); got != "0123456789" {
		t.Errorf("read %q", got)
	}

	if body, response := send(t, http.MethodDelete, begin("cancelled"), "", ""); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "DELETE") {
		t.Errorf("cancel: %s %s", response.Status, body)
	}
	if body, response := send(t, http.MethodPut, begin("long"), "bytes 0-*/5", "0123456789"); response.StatusCode != http.StatusBadRequest {
		t.Errorf("more than the total: %s %s", response.Status, body)
	}

	streamed := begin("streamed") // by one request, whose sender does not know the length
	if body, response := send(t, http.MethodPut, streamed, "bytes 0-*/*", "0123456789"); response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	if got := mustRead(t, bucket.Object("streamed")); got != "0123456789" {
		t.Errorf("read %q", got)
	}
}

func send(t *testing.T, method, url, contentRange, body string) (string, *http.Response) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentRange != "" {
		request.Header.Set("Content-Range", contentRange)
	}
	return fetch(t, request)
}

func testMedia(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		s.url+"/upload/storage/v1/b/"+bucketName+"/o?uploadType=media&name=a%2Fb.png", strings.NewReader("png"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "image/png")
	if body, response := fetch(t, request); response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	for _, prefix := range []string{"/storage/v1", ""} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+prefix+"/b/"+bucketName+"/o/a%2Fb.png?alt=media", nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, response := fetch(t, request); response.StatusCode != http.StatusOK || body != "png" {
			t.Errorf("with prefix %q: %s %q", prefix, response.Status, body)
		}
	}
	attrs, err := bucket.Object("a/b.png").Attrs(t.Context())
	if err != nil || attrs.ContentType != "image/png" || attrs.Size != 3 {
		t.Errorf("%+v, %v", attrs, err)
	}
}

// testGcloud sends what the command line gcloud sends, which differs from the
// other clients in its habits.
func testGcloud(t *testing.T, s *service, _ *gcs.BucketHandle) {
	multipart := "--=_1\r\nContent-Type: application/json\r\n\r\n{\"name\": \"a/note.txt\"}\r\n" +
		"--=_1\r\nContent-Type: text/plain\r\n\r\nseeing 0.8\r\n--=_1--"
	for _, c := range []struct{ method, path, kind, body, want string }{
		{http.MethodPost, "/storage/v1/b?enableObjectRetention=False", "", `{"name": "gcloud"}`, `"name":"gcloud"`},
		{http.MethodPost, "/upload/storage/v1/b/gcloud/o?uploadType=multipart", "multipart/related; boundary='=_1'", multipart, `"size":"10"`},
		{http.MethodGet, "/storage/v1/b/gcloud/o?fields=prefixes%2Citems%2Fname&includeFoldersAsPrefixes=True", "", "", `{"items":[{"name":"a/note.txt"}]}`},
		{http.MethodPatch, "/storage/v1/b/gcloud/o/a%2Fnote.txt", "", `{"bucket": "gcloud", "size": "10", "metadata": {"site": "Palomar"}}`, `"metageneration":"2"`},
		{http.MethodPost, "/storage/v1/b/gcloud/o/a%2Fnote.txt/rewriteTo/b/gcloud/o/b%2Fnote.txt?maxBytesRewrittenPerCall=31457280", "",
			`{"bucket": "gcloud", "name": "b/note.txt", "contentType": "text/plain", "crc32c": "a5hcVA=="}`, `"done":true`},
		{http.MethodGet, "/storage/v1/b/gcloud/storageLayout", "", "", `"location":"US"`},
		{http.MethodGet, "/storage/v1/b/gcloud/o?versions=True&fields=items(name)", "", "", `{"items":[{"name":"a/note.txt"},{"name":"b/note.txt"}]}`},
		{http.MethodPost, "/resumable/upload/storage/v1/b/gcloud/o?uploadType=resumable", "", `{"name": "big"}`, ""},
		{http.MethodPost, "/storage/v1/b/gcloud/notificationConfigs", "",
			`{"topic": "projects/p/topics/t", "event_types": ["OBJECT_FINALIZE"], "payload_format": "JSON_API_V1"}`, `"//pubsub.googleapis.com/projects/p/topics/t"`},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, s.url+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", c.kind)
		if body, response := fetch(t, request); response.StatusCode != http.StatusOK || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %s %s", c.method, c.path, response.Status, body)
		}
	}
}
