package archived_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
)

const path = "v4.02/night=2026-09-01/ZTF21abiuvdk/1.avro"

// open serves one file, generation 7, as Cloud Storage does.
func open(t *testing.T, serve http.HandlerFunc) *archived.Reader {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/b/alerts/o/"+path || r.URL.Query().Get("generation") != "7" {
			http.NotFound(w, r)
			return
		}
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := storage.NewClient(t.Context(), option.WithEndpoint(server.URL+"/"), option.WithoutAuthentication(), storage.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	client.SetRetry(storage.WithPolicy(storage.RetryNever))
	return &archived.Reader{Stream: names.ZTF, Decoder: &packet.Decoder{}, Client: client}
}

func object(content []byte) event.Object {
	return event.Object{Bucket: "alerts", Name: path, Generation: 7, Size: int64(len(content))}
}

// sent serves the content, with the checksum of what was stored.
func sent(content, stored []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(stored, crc32.MakeTable(crc32.Castagnoli)))
		w.Header().Set("X-Goog-Hash", "crc32c="+base64.StdEncoding.EncodeToString(sum))
		_, _ = w.Write(content)
	}
}

func alertFile(t *testing.T) (map[string]any, []byte) {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 1})
	if err != nil {
		t.Fatal(err)
	}
	record := night.Alert(0)
	file, err := night.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	return record, file
}

func TestRead(t *testing.T) {
	t.Parallel()
	record, file := alertFile(t)
	p, a, err := open(t, sent(file, file)).Read(t.Context(), object(file))
	if err != nil {
		t.Fatal(err)
	}
	if a.ObjectID != record["objectId"] || a.Candid != record["candid"] || p.Record.Get("candid").Int() != a.Candid {
		t.Errorf("alert is %s %d, want %v %v", a.ObjectID, a.Candid, record["objectId"], record["candid"])
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	_, file := alertFile(t)
	other := event.Object{Bucket: "alerts", Name: path, Generation: 8}
	cases := map[string]struct {
		serve     http.HandlerFunc
		object    event.Object
		permanent bool
		want      string
	}{
		"another generation":   {sent(file, file), other, true, "the file is gone"},
		"no alert":             {sent([]byte("hello"), []byte("hello")), object(nil), true, "decode"},
		"bytes that were lost": {sent(file[:len(file)-1], file), object(file), false, "read"},
		"out of reach": {
			func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusServiceUnavailable) }, object(nil), false, "open",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := open(t, c.serve).Read(t.Context(), c.object)
			if err == nil || event.IsPermanent(err) != c.permanent || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one that says %q, permanent: %v", err, c.want, c.permanent)
			}
			var gone *archived.GoneError
			if errors.As(err, &gone) != (c.object.Generation == other.Generation) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
