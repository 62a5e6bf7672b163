package event

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

const published = "2026-09-01T04:05:06.789Z"

func pushBody(data []byte, attributes map[string]string) []byte {
	body, err := json.Marshal(map[string]any{
		"subscription": "projects/p/subscriptions/s",
		"message": map[string]any{
			"attributes": attributes, "data": base64.StdEncoding.EncodeToString(data),
			"messageId": "17", "publishTime": published,
		},
	})
	if err != nil {
		panic(err)
	}
	return body
}

func request(t testing.TB, body []byte, headers map[string]string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return r
}

func TestParse(t *testing.T) {
	t.Parallel()
	at, err := time.Parse(time.RFC3339, published)
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]string{"stream": "ztf", "data": `"data":"not this"`}
	want := &Message{
		ID: "17", Data: []byte("bytes \x00\xff"), Attributes: attributes, PublishTime: at,
		Subscription: "projects/p/subscriptions/s", kind: messagePublished,
	}
	body := pushBody(want.Data, attributes)
	structured := fmt.Appendf(nil, `{"specversion":"1.0","id":"17","source":"//pubsub","type":%q,"data":%s}`, messagePublished, body)
	object := []byte(`{"bucket":"b","name":"n","generation":"1","size":"2"}`)
	cases := map[string]struct {
		body    []byte
		headers map[string]string
		want    *Message
	}{
		"binary":          {body, map[string]string{"Ce-Type": messagePublished}, want},
		"plain push":      {body, nil, want},
		"structured":      {structured, map[string]string{"Content-Type": "application/cloudevents+json; charset=utf-8"}, want},
		"indented":        {indent(t, body), nil, want},
		"storage, binary": {object, map[string]string{"Ce-Type": objectFinalized, "Ce-Id": "18"}, &Message{ID: "18", Data: object, kind: objectFinalized}},
		"counted": {
			[]byte(`{"message":{"messageId":"1","publishTime":"` + published + `"},"deliveryAttempt":7}`), nil,
			&Message{ID: "1", PublishTime: at, Attempt: 7, kind: messagePublished},
		},
		"without any data": {[]byte(`{"message":{"messageId":"1","publishTime":"` + published + `"}}`), nil, &Message{ID: "1", PublishTime: at, kind: messagePublished}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(request(t, c.body, c.headers))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(Message{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func indent(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		body    string
		headers map[string]string
	}{
		"not JSON":         {"{", nil},
		"not base64":       {`{"message":{"data":"***"}}`, nil},
		"another type":     {"{}", map[string]string{"Ce-Type": "google.cloud.audit.log.v1.written"}},
		"bad structure":    {"[]", map[string]string{"Content-Type": "application/cloudevents+json"}},
		"too large a body": {string(make([]byte, maxBody+1)), nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(request(t, []byte(c.body), c.headers))
			if !IsPermanent(err) {
				t.Errorf("error is %v, want a permanent one", err)
			}
		})
	}
}

// TestParseAnyPush compares the lifting parser with encoding/json alone.
func TestParseAnyPush(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(r, "data")
		attributes := rapid.MapOf(rapid.String(), rapid.String()).Draw(r, "attributes")
		message, err := Parse(request(t, pushBody(data, attributes), nil))
		if err != nil {
			r.Fatal(err)
		}
		// JSON replaces what is not UTF-8, so the attributes are compared as JSON has them.
		wanted := map[string]string{}
		text, _ := json.Marshal(attributes)
		_ = json.Unmarshal(text, &wanted)
		if !bytes.Equal(message.Data, data) || !cmp.Equal(wanted, message.Attributes, cmpopts.EquateEmpty()) {
			r.Errorf("data %q, attributes %q became %q, %q", data, wanted, message.Data, message.Attributes)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(pushBody([]byte("data"), map[string]string{"a": "b"}))
	f.Add([]byte(`{"message":{"data":"\"","x":[{"data":"]"}]}}`))
	f.Add([]byte(`{"message":{"data`))
	f.Fuzz(func(t *testing.T, body []byte) {
		message, err := Parse(request(t, body, nil))
		if err != nil {
			return
		}
		var whole struct {
			Message struct {
				Data []byte `json:"data"`
			} `json:"message"`
		}
		if json.Unmarshal(body, &whole) == nil && !bytes.Equal(whole.Message.Data, message.Data) {
			t.Errorf("data %q, encoding/json reads %q", message.Data, whole.Message.Data)
		}
	})
}

func TestObject(t *testing.T) {
	t.Parallel()
	resource := []byte(`{"bucket":"b","name":"v1/night=2026-09-01/a/1.avro","generation":"12","size":"34","metadata":{"sha256":"x"},"timeCreated":"` + published + `"}`)
	finalize := map[string]string{"eventType": "OBJECT_FINALIZE"}
	cases := map[string]struct {
		message       Message
		ok, permanent bool
	}{
		"notification":       {Message{Data: resource, Attributes: finalize, kind: messagePublished}, true, false},
		"storage event":      {Message{Data: resource, kind: objectFinalized}, true, false},
		"deletion":           {Message{Attributes: map[string]string{"eventType": "OBJECT_DELETE"}, kind: messagePublished}, false, false},
		"not a notification": {Message{Data: resource, kind: messagePublished}, false, true},
		"not an object":      {Message{Data: []byte(`{}`), Attributes: finalize, kind: messagePublished}, false, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, ok, err := c.message.Object()
			if ok != c.ok || IsPermanent(err) != c.permanent || !c.permanent && err != nil {
				t.Fatalf("ok is %v, error %v", ok, err)
			}
			if ok && (o.Bucket != "b" || o.Generation != 12 || o.Size != 34 || o.Metadata["sha256"] != "x") {
				t.Errorf("object is %+v", o)
			}
		})
	}
}

type permanentError struct{}

func (permanentError) Error() string   { return "never" }
func (permanentError) Permanent() bool { return true }

// letterBox keeps the letters that it is given.
type letterBox struct {
	letters []Letter
	err     error
}

func (b *letterBox) Put(_ context.Context, l Letter) error {
	if b.err == nil {
		b.letters = append(b.letters, l)
	}
	return b.err
}

func TestHandler(t *testing.T) {
	t.Parallel()
	body := pushBody([]byte("alert"), map[string]string{"a": "b"})
	cases := map[string]struct {
		body    []byte
		err     error
		boxErr  error
		status  int
		letters int
	}{
		"accepted":                      {body, nil, nil, http.StatusNoContent, 0},
		"may pass":                      {body, errors.New("busy"), nil, http.StatusInternalServerError, 0},
		"will never pass":               {body, fmt.Errorf("wrapped: %w", permanentError{}), nil, http.StatusNoContent, 1},
		"dead letters are out of reach": {body, permanentError{}, errors.New("no route"), http.StatusInternalServerError, 0},
		"no event at all":               {[]byte("{"), nil, nil, http.StatusNoContent, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &letterBox{err: c.boxErr}
			h := &Handler{
				Function: "test", DeadLetters: box, Log: slog.New(slog.DiscardHandler),
				Handle: func(context.Context, *Message) error { return c.err },
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request(t, c.body, nil))
			for _, l := range box.letters {
				if len(l.Message.Data) == 0 || l.Reason == "" || l.Function != "test" {
					t.Errorf("dead letter %+v: want the bytes, the reason and the function", l)
				}
			}
			if w.Code != c.status || len(box.letters) != c.letters {
				t.Errorf("status %d with %d dead letters, want %d with %d", w.Code, len(box.letters), c.status, c.letters)
			}
		})
	}
}

// waitingError takes longer than one try.
type waitingError struct{}

func (waitingError) Error() string { return "not all is there" }
func (waitingError) Waiting() bool { return true }

// TestWaiting asks for the event again, and does not call that a fault.
func TestWaiting(t *testing.T) {
	t.Parallel()
	for severity, err := range map[string]error{"INFO": fmt.Errorf("wrapped: %w", waitingError{}), "WARN": errors.New("busy")} {
		var log bytes.Buffer
		h := &Handler{
			Function: "test", DeadLetters: &letterBox{}, Log: slog.New(slog.NewJSONHandler(&log, nil)),
			Handle: func(context.Context, *Message) error { return err },
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, pushBody([]byte("dawn"), nil), nil))
		if w.Code != http.StatusInternalServerError || !bytes.Contains(log.Bytes(), []byte(`"level":"`+severity+`"`)) {
			t.Errorf("%v: status %d, log %s; want 500 and %s", err, w.Code, &log, severity)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	body := pushBody(bytes.Repeat([]byte("alert "), 12000), map[string]string{"kafka.topic": "ztf_20260901_programid1"})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(request(b, body, nil)); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMessagesKeepTheirData reads requests one after the other: what one held is
// not written over by the next.
func TestMessagesKeepTheirData(t *testing.T) {
	t.Parallel()
	storage := map[string]string{"Ce-Type": objectFinalized, "Ce-Id": "7"}
	structured := map[string]string{"Content-Type": "application/cloudevents+json"}
	object := func(c byte) []byte { return fmt.Appendf(nil, `{"bucket":"%c","name":"%c"}`, c, c) }
	cases := map[string]struct {
		headers map[string]string
		body    func(c byte) []byte
	}{
		"push":          {nil, func(c byte) []byte { return pushBody(bytes.Repeat([]byte{c}, 100), map[string]string{"k": string(c)}) }},
		"escaped push":  {nil, func(c byte) []byte { return fmt.Appendf(nil, `{"message":{"data":"\u0059%cYQ"}}`, c) }},
		"storage event": {storage, object},
		"structured": {structured, func(c byte) []byte {
			return fmt.Appendf(nil, `{"id":"7","type":%q,"data":%s}`, objectFinalized, object(c))
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 { // the pool may give each another body
				first, err := Parse(request(t, c.body('A'), c.headers))
				if err != nil {
					t.Fatal(err)
				}
				before, attribute := string(first.Data), first.Attributes["k"]
				if _, err := Parse(request(t, c.body('B'), c.headers)); err != nil {
					t.Fatal(err)
				}
				if string(first.Data) != before || first.Attributes["k"] != attribute {
					t.Fatalf("the first message is now %q %v, was %q", first.Data, first.Attributes, before)
				}
			}
		})
	}
}
