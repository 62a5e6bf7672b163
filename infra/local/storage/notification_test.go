package storage_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
)

var archived = gcs.Notification{TopicProjectID: "nightwire", TopicID: "ztf-archived", PayloadFormat: gcs.JSONPayload,
	EventTypes: []string{gcs.ObjectFinalizeEvent}}

func mustNotify(t *testing.T, bucket *gcs.BucketHandle, n gcs.Notification) *gcs.Notification {
	t.Helper()
	made, err := bucket.AddNotification(t.Context(), &n)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// told waits until nothing is pending and returns what was published, each
// message as its event and object.
func told(t *testing.T, s *service) []string {
	t.Helper()
	await(t, "all notifications to be accepted", func() bool { return s.Pending() == 0 })
	var events []string
	for _, m := range s.out.messages() {
		events = append(events, m.GetAttributes()["eventType"]+" "+m.GetAttributes()["objectId"])
	}
	return events
}

func testNotificationMessage(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	mustWrite(t, bucket.Object("before"), "not told", nil)
	made := mustNotify(t, bucket, archived)
	first := mustWrite(t, bucket.Object(alert), "first", func(w *gcs.Writer) { w.Metadata = map[string]string{"candid": "1"} })
	mustWrite(t, bucket.Object(alert), "second", nil)
	if diff := cmp.Diff([]string{"OBJECT_FINALIZE " + alert, "OBJECT_FINALIZE " + alert}, told(t, s)); diff != "" {
		t.Fatal(diff)
	}

	messages := s.out.messages()
	var resource struct {
		Kind, Name, Bucket, Generation, Size string
		Metadata                             map[string]string
	}
	if err := json.Unmarshal(messages[0].GetData(), &resource); err != nil {
		t.Fatal(err)
	}
	if resource.Kind != "storage#object" || resource.Name != alert || resource.Size != "5" ||
		resource.Generation != strconv.FormatInt(first.Generation, 10) || resource.Metadata["candid"] != "1" {
		t.Errorf("payload: %+v", resource)
	}
	attributes := maps.Clone(messages[0].GetAttributes())
	if attributes["eventTime"] == "" {
		t.Error("there is no eventTime")
	}
	delete(attributes, "eventTime")
	if diff := cmp.Diff(map[string]string{
		"notificationConfig": "projects/_/buckets/" + bucketName + "/notificationConfigs/" + made.ID,
		"eventType":          "OBJECT_FINALIZE",
		"payloadFormat":      "JSON_API_V1",
		"bucketId":           bucketName,
		"objectId":           alert,
		"objectGeneration":   strconv.FormatInt(first.Generation, 10),
	}, attributes); diff != "" {
		t.Error(diff)
	}
	if got := messages[1].GetAttributes()["overwroteGeneration"]; got != strconv.FormatInt(first.Generation, 10) {
		t.Errorf("overwroteGeneration %s", got)
	}
	if topic := s.out.topics[0]; topic != "projects/nightwire/topics/ztf-archived" {
		t.Errorf("topic %s", topic)
	}
}

// notificationFilters are the events that one of each kind of change brings, by
// the configuration that asks for them.
var notificationFilters = map[string]struct {
	change func(*gcs.Notification)
	want   []string
}{
	"of new objects": {func(*gcs.Notification) {},
		[]string{"OBJECT_FINALIZE a/1", "OBJECT_FINALIZE b/1"}},
	"by prefix": {func(n *gcs.Notification) { n.ObjectNamePrefix = "b/" },
		[]string{"OBJECT_FINALIZE b/1"}},
}

func testNotificationFilter(name string) func(*testing.T, *service, *gcs.BucketHandle) {
	c := notificationFilters[name]
	return func(t *testing.T, s *service, bucket *gcs.BucketHandle) {
		n := archived
		c.change(&n)
		mustNotify(t, bucket, n)
		mustWrite(t, bucket.Object("a/1"), "", nil)
		mustWrite(t, bucket.Object("b/1"), "", nil)
		if _, err := bucket.Object("a/1").Update(t.Context(), gcs.ObjectAttrsToUpdate{ContentType: "x/y"}); err != nil {
			t.Fatal(err)
		}
		if err := bucket.Object("a/1").Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, told(t, s)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestNotificationRetry: what Pub/Sub refuses stays pending, over a restart
// too, and is told once it is accepted.
func TestNotificationRetry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refusing := &outbox{refusals: 1 << 30}
	s := start(t, dir, refusing)
	bucket := s.client.Bucket(bucketName)
	if err := bucket.Create(t.Context(), "nightwire", nil); err != nil {
		t.Fatal(err)
	}
	mustNotify(t, bucket, archived)
	for _, name := range []string{"1", "2", "3"} {
		mustWrite(t, bucket.Object(name), name, nil)
	}
	if s.Pending() != 3 {
		t.Errorf("%d pending", s.Pending())
	}
	s.stop()

	out := &outbox{refusals: 2}
	s = start(t, dir, out)
	if diff := cmp.Diff([]string{"OBJECT_FINALIZE 1", "OBJECT_FINALIZE 2", "OBJECT_FINALIZE 3"}, told(t, s)); diff != "" {
		t.Error(diff)
	}
	s.stop()

	later := &outbox{}
	s = start(t, dir, later)
	mustWrite(t, s.client.Bucket(bucketName).Object("4"), "4", nil)
	if diff := cmp.Diff([]string{"OBJECT_FINALIZE 4"}, told(t, s)); diff != "" {
		t.Errorf("told twice: %s", diff)
	}
}

func testNotificationConfigurations(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	first := mustNotify(t, bucket, archived)
	second := mustNotify(t, bucket, archived)
	if err := bucket.DeleteNotification(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, bucket.DeleteNotification(t.Context(), first.ID), http.StatusNotFound, "notFound")
	wantConfigurations(t, bucket, second)
	for name, spoil := range map[string]func(*gcs.Notification){
		"a topic's name":   func(n *gcs.Notification) { n.TopicID = "a/b" },
		"a payload format": func(n *gcs.Notification) { n.PayloadFormat = gcs.NoPayload },
		"attributes":       func(n *gcs.Notification) { n.CustomAttributes = map[string]string{"stream": "ztf"} },
		"an event":         func(n *gcs.Notification) { n.EventTypes = []string{"OBJECT_SNEEZE"} },
	} {
		n := archived
		spoil(&n)
		if _, err := bucket.AddNotification(t.Context(), &n); code(err) != http.StatusBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// wantConfigurations checks which notification configurations there are.
func wantConfigurations(t *testing.T, bucket *gcs.BucketHandle, list ...*gcs.Notification) {
	t.Helper()
	want := map[string]*gcs.Notification{}
	for _, n := range list {
		want[n.ID] = n
	}
	got, err := bucket.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestReopen: a server that was closed finds everything as it was, and
// generations go on increasing.
func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, &outbox{})
	bucket := s.client.Bucket(bucketName)
	if err := bucket.Create(t.Context(), "nightwire", nil); err != nil {
		t.Fatal(err)
	}
	names := append(slices.Clone(strangeNames), alert)
	before := map[string]*gcs.ObjectAttrs{}
	var last int64
	for _, name := range names {
		mustWrite(t, bucket.Object(name), "first", nil)
		before[name] = mustWrite(t, bucket.Object(name), name, func(w *gcs.Writer) { w.Metadata = map[string]string{"a": "1"} })
		last = before[name].Generation
	}
	mustWrite(t, bucket.Object("deleted"), "", nil)
	if err := bucket.Object("deleted").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	configuration := mustNotify(t, bucket, archived)
	s.stop()

	s = start(t, dir, &outbox{})
	bucket = s.client.Bucket(bucketName)
	wantConfigurations(t, bucket, configuration)
	for _, name := range names {
		after, err := bucket.Object(name).Attrs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before[name], after); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
		if got := mustRead(t, bucket.Object(name)); got != name {
			t.Errorf("%q holds %q", name, got)
		}
	}
	if _, err := bucket.Object("deleted").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("deleted: %v", err)
	}
	if made := mustWrite(t, bucket.Object("new"), "", nil); made.Generation <= last {
		t.Errorf("generation %d after %d", made.Generation, last)
	}
}
