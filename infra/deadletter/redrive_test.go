package deadletter

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
)

func ignore(int) {}

// dataOf are the contents of messages, in order.
func dataOf(messages []*pubsub.Message) []string {
	var list []string
	for _, m := range messages {
		list = append(list, string(m.Data))
	}
	slices.Sort(list)
	return list
}

// TestRedrive sends each message to where it came from, as it was.
func TestRedrive(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPacket(1, "decode")
	h.buryPacket(2, "programid")
	h.buryNews("rows", "a/1.avro", "decode")
	// What cannot be sent stays: a notice of the connector, an event that was
	// not understood, content that was too large, and what nobody knows.
	h.bury("connector", "", "gap", nil, map[string]string{"kafka.topic": "t", "kafka.partition": "0", "kafka.offset": "5"})
	h.bury("archive", resources.RawTopic(), "huge", make([]byte, 9_950_000), nil)
	h.bury("stranger", resources.RawTopic(), "decode", []byte("x"), nil)
	letters := event.DeadLetters{Publisher: h.publisher(resources.DeadLetterTopic())}
	if err := letters.Put(t.Context(), event.Letter{Function: "rows", Reason: "no event", Message: &event.Message{Data: []byte("{")}}); err != nil {
		t.Fatal(err)
	}

	want := &Redriven{
		Walked: Walked{Seen: 7}, Bytes: 35,
		Sent: map[string]int{resources.RawTopic(): 2, resources.ArchivedTopic(): 1},
		Stay: map[string]int{
			"its content was too large to keep: replay the record from Kafka":                      1,
			"it is a notice of what Kafka alone has, or has lost: replay what is there from Kafka": 1,
			`the deployment has no function "stranger"`:                                            1,
			"it is an event out of which no message could be read":                                 1,
		},
	}
	dry, err := h.Redrive(t.Context(), Choice{}, true, ignore)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, dry); diff != "" {
		t.Errorf("would send (-want +got):\n%s", diff)
	}
	if n := len(h.list(Choice{}).Letters); n != 7 {
		t.Errorf("a dry run left %d letters of 7", n)
	}
	got, err := h.Redrive(t.Context(), Choice{}, false, ignore)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	raw, news := h.take(resources.RawTopic(), 2), h.take(resources.ArchivedTopic(), 1)
	if diff := cmp.Diff([][]string{{"packet 1", "packet 2"}, {`{"name":"a/1.avro"}`}}, [][]string{dataOf(raw), dataOf(news)}); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	wantNews := map[string]string{"bucketId": "b", "objectId": "a/1.avro", "eventType": "OBJECT_FINALIZE"}
	if diff := cmp.Diff(wantNews, news[0].Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if raw[0].Attributes["kafka.topic"] != "t" {
		t.Errorf("attributes are %v", raw[0].Attributes)
	}
	if left := h.list(Choice{}).Letters; len(left) != 4 {
		t.Errorf("%d letters stay, want 4: %v", len(left), from(left))
	}
}

// TestRedriveForwarded sends again what Pub/Sub itself gave up, as it was.
func TestRedriveForwarded(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.giveUp(resources.RawTopic(), "archive")
	m := origin.Origin{Topic: "t", Offset: 7}.Message(names.ZTF, []byte("packet 7"))
	if _, err := h.publisher(resources.RawTopic()).Publish(t.Context(), m).Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := h.take(resources.RawTopic(), 1) // to the other subscription, which takes it
	list := h.list(Choice{})
	for len(list.Letters) == 0 && t.Context().Err() == nil { // it is refused five times before
		list = h.list(Choice{Function: "archive", Reason: "gave it up after 5 deliveries"})
	}
	if diff := cmp.Diff([]string{"t/0@7"}, from(list.Letters)); diff != "" {
		t.Fatalf("letters (-want +got):\n%s", diff)
	}
	if _, err := h.Redrive(t.Context(), Choice{}, false, ignore); err != nil {
		t.Fatal(err)
	}
	again := h.take(resources.RawTopic(), 1)
	if diff := cmp.Diff(first[0].Attributes, again[0].Attributes); diff != "" || string(again[0].Data) != "packet 7" {
		t.Errorf("%q, attributes (-first +again):\n%s", again[0].Data, diff)
	}
}

// TestRoute is what Pub/Sub forwarded, in a test deployment and from elsewhere.
func TestRoute(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		suffix, subscription string
		wantTopic, wantErr   string
	}{
		"a function's":            {"", "ztf-alerts-raw-archive", "ztf-alerts-raw", ""},
		"of the dawn":             {"", "ztf-dawn-night", "ztf-dawn", ""},
		"in a test deployment":    {"t1", "ztf-alerts-raw-t1-archive", "ztf-alerts-raw-t1", ""},
		"of another stream":       {"", "lsst-alerts-raw-archive", "", `the deployment has no subscription "lsst-alerts-raw-archive"`},
		"of another topic":        {"", "ztf-dawn-archive", "", `the deployment has no subscription "ztf-dawn-archive"`},
		"of a reader outside":     {"", "her-notebook", "", `the deployment has no function "notebook"`},
		"of nobody":               {"", "", "", `the deployment has no function ""`},
		"of one that has no dash": {"", "archive", "", `the deployment has no subscription "archive"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			route, err := NewRoute(names.Resources{Project: "p", Stream: names.ZTF, Suffix: c.suffix})
			if err != nil {
				t.Fatal(err)
			}
			l := read(&pubsubpb.ReceivedMessage{Message: &pubsubpb.PubsubMessage{Data: []byte("x"), Attributes: map[string]string{
				"stream": "ztf", "CloudPubSubDeadLetterSourceSubscription": c.subscription, "CloudPubSubDeadLetterSourceDeliveryCount": "100",
			}}})
			topic, m, err := route.Message(l)
			if err != nil {
				if err.Error() != c.wantErr {
					t.Errorf("error %q, want %q", err, c.wantErr)
				}
				return
			}
			if diff := cmp.Diff(map[string]string{"stream": "ztf"}, m.Attributes); diff != "" || topic != c.wantTopic || c.wantErr != "" {
				t.Errorf("topic %q, want %q and error %q; attributes (-want +got):\n%s", topic, c.wantTopic, c.wantErr, diff)
			}
		})
	}
}

// TestRedriveChosen leaves the others.
func TestRedriveChosen(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPacket(1, "decode")
	h.buryPacket(2, "programid")
	if _, err := h.Redrive(t.Context(), Choice{Reason: "programid"}, false, ignore); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"packet 2"}, dataOf(h.take(resources.RawTopic(), 1))); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"t/0@1"}, from(h.list(Choice{}).Letters)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestRedriveFails keeps the letter of each message that its topic did not take,
// and ends those of the others.
func TestRedriveFails(t *testing.T) {
	t.Parallel()
	h := newHome(t, resources.DeadLetterTopic(), resources.ArchivedTopic())
	h.buryPacket(1, "decode")
	h.buryNews("rows", "a/1.avro", "decode")
	_, err := h.Redrive(t.Context(), Choice{}, false, ignore)
	if err == nil || !strings.Contains(err.Error(), resources.RawTopic()) {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff([]string{"t/0@1"}, from(h.list(Choice{}).Letters)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	h.topics.Create(t, resources.RawTopic(), resources.RawTopic())
	if _, err := h.Redrive(t.Context(), Choice{}, false, ignore); err != nil {
		t.Fatal(err)
	}
	if n := len(h.list(Choice{}).Letters); n != 0 {
		t.Errorf("%d letters are left", n)
	}
	if diff := cmp.Diff([]string{"packet 1"}, dataOf(h.take(resources.RawTopic(), 1))); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestRedriveInterrupted loses nothing: what was not sent is a letter still.
func TestRedriveInterrupted(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPackets(300, "decode")
	ctx, interrupt := context.WithCancel(t.Context())
	done, err := h.Redrive(ctx, Choice{}, false, func(int) { interrupt() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	sent, left := done.Sent[resources.RawTopic()], len(h.list(Choice{}).Letters)
	if sent+left != 300 || sent == 0 || left == 0 {
		t.Errorf("%d were sent and %d are left, want 300 in all", sent, left)
	}
	if _, err := h.Redrive(t.Context(), Choice{}, false, ignore); err != nil {
		t.Fatal(err)
	}
	messages := dataOf(h.take(resources.RawTopic(), 300))
	if distinct := slices.Compact(messages); len(distinct) != 300 || len(h.list(Choice{}).Letters) != 0 {
		t.Errorf("%d of 300 were sent in the end", len(distinct))
	}
}

// TestRedriveOfWhatFailsAgain does not go round in circles.
func TestRedriveOfWhatFailsAgain(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPacket(1, "decode")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	failing, buried := make(chan error, 1), make(chan struct{}, 10)
	go func() {
		failing <- h.Client.Subscriber(resources.SubscriptionPath(resources.RawTopic())).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
			h.buryPacket(1, "decode again")
			m.Ack()
			buried <- struct{}{}
		})
	}()
	done, err := h.Redrive(t.Context(), Choice{}, false, ignore)
	<-buried
	stop()
	if err := errors.Join(err, <-failing); err != nil {
		t.Fatal(err)
	}
	if done.Sent[resources.RawTopic()] != 1 || done.Walked.Seen != 1 {
		t.Errorf("redriven %+v", done)
	}
	if list := h.list(Choice{Reason: "again"}); len(list.Letters) != 1 {
		t.Errorf("%d letters are left, want the new one", len(list.Letters))
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPacket(1, "decode")
	h.buryNews("rows", "a/1.avro", "gone")
	dir := filepath.Join(t.TempDir(), "letters")
	written, _, err := h.Export(t.Context(), Choice{}, dir, false, ignore)
	if err != nil || written != 2 || len(h.list(Choice{}).Letters) != 2 {
		t.Fatalf("%d were written, %d are left, %v", written, len(h.list(Choice{}).Letters), err)
	}
	l := h.list(Choice{Function: "archive"}).Letters[0]
	text, err := os.ReadFile(filepath.Join(dir, l.ID+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var got slip
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := slip{
		ID: l.ID, Published: l.Published, At: l.At, Function: "archive", Reason: "decode", From: "t/0@1", Bytes: 8, Attributes: l.Attributes,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("letter (-want +got):\n%s", diff)
	}
	if content, err := os.ReadFile(filepath.Join(dir, l.ID+".bin")); err != nil || string(content) != "packet 1" {
		t.Errorf("content is %q, %v", content, err)
	}
	if _, _, err := h.Export(t.Context(), Choice{Function: "archive"}, dir, true, ignore); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/1.avro"}, from(h.list(Choice{}).Letters)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 4 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}

// TestExportFails keeps the letters that the disk does not have.
func TestExportFails(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPacket(1, "decode")
	dir := filepath.Join(t.TempDir(), "letters")
	id := h.list(Choice{}).Letters[0].ID
	if err := os.MkdirAll(filepath.Join(dir, id+".bin"), 0o750); err != nil { // a folder in the file's place
		t.Fatal(err)
	}
	if _, _, err := h.Export(t.Context(), Choice{}, dir, true, ignore); err == nil || !strings.Contains(err.Error(), "export letter "+id) {
		t.Errorf("error is %v", err)
	}
	if n := len(h.list(Choice{}).Letters); n != 1 {
		t.Errorf("%d letters are left, want 1", n)
	}
}
