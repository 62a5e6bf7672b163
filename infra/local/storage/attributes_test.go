package storage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// TestLongAttributes: what an object says of itself is bounded, whoever says it.
func TestLongAttributes(t *testing.T) {
	t.Parallel()
	const source = "/storage/v1/b/bucket/o/first"
	for name, c := range map[string]struct {
		attributes string
		code       int
		says       string
	}{
		"metadata as much as may be": {fmt.Sprintf(`{"metadata": {"key": %q}}`, strings.Repeat("v", 8<<10-3)), http.StatusOK, ""},
		"a byte more":                {fmt.Sprintf(`{"metadata": {"key": %q}}`, strings.Repeat("v", 8<<10-2)), http.StatusBadRequest, "8193 bytes"},
		"the same in the key":        {fmt.Sprintf(`{"metadata": {%q: ""}}`, strings.Repeat("k", 8<<10+1)), http.StatusBadRequest, "8193 bytes"},
		"a long type":                {fmt.Sprintf(`{"contentType": %q}`, strings.Repeat("t", 1025)), http.StatusBadRequest, "contentType"},
	} {
		b := reopen(t, t.TempDir())
		mustCreate(t, b, "first", "first")
		for what, w := range map[string]*httptest.ResponseRecorder{
			"an upload": request(t, b, http.MethodPost, "/upload/storage/v1/b/bucket/o?uploadType=resumable&name=second", "", strings.NewReader(c.attributes)),
			"a copy":    request(t, b, http.MethodPost, source+"/rewriteTo/b/bucket/o/second", "", strings.NewReader(c.attributes)),
			"a composition": request(t, b, http.MethodPost, "/storage/v1/b/bucket/o/second/compose", "",
				strings.NewReader(`{"sourceObjects": [{"name": "first"}], "destination": `+c.attributes+`}`)),
			"a patch": patch(t, b, strings.NewReader(c.attributes)),
		} {
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%s by %s: %d %.200s", name, what, w.Code, w.Body)
			}
		}
	}
}

// TestLargestNotifications: a call of the largest that there can be, in letters
// that JSON writes with six bytes, is one that Pub/Sub takes.
func TestLargestNotifications(t *testing.T) {
	t.Parallel()
	const limit = 10_000_000
	o := object{Bucket: "bucket", Name: strings.Repeat("<", maxNameBytes)}
	o.ContentType = strings.Repeat("<", maxHeaderBytes)
	o.Metadata = map[string]string{"": strings.Repeat("<", maxMetadataBytes)}
	o.ID = o.Bucket + "/" + o.Name
	if err := o.attributes.check(); err != nil {
		t.Fatal(err)
	}
	m, err := newSender(reopen(t, t.TempDir()), notification{}).message(change{Object: o})
	if err != nil {
		t.Fatal(err)
	}
	if size := proto.Size(m); size*maxBatch > limit {
		t.Errorf("%d notifications of %d bytes", maxBatch, size)
	}
}
