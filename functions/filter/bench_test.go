package filter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/warehouse"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// OpenCensus, which the Pub/Sub client brings in, starts this at import.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

var resources = names.Resources{Project: "p", Stream: names.ZTF}

const (
	lease   = 20 * time.Second
	refresh = time.Minute
)

// sky is what all instances of the function share: fakes of Cloud Storage and
// Pub/Sub, the tables, and the time.
type sky struct {
	*tables
	*clock
	storage *fakestorage.Server
	pubsub  *pstest.Server
	topics  *pubsub.Client
	down    atomic.Pointer[func(topic string) bool] // whose publishes fail
}

func newSky(t *testing.T) *sky {
	t.Helper()
	s := &sky{
		tables:  &tables{},
		clock:   &clock{at: time.Date(2026, 9, 1, 5, 10, 0, 0, time.UTC)},
		storage: fakestorage.NewServer(nil),
	}
	s.pubsub = pstest.NewServer(pstest.ServerReactorOption{FuncName: "Publish", Reactor: s})
	for _, bucket := range []string{resources.AlertsBucket(), resources.ProductsBucket()} {
		s.storage.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	}
	var err error
	s.topics, err = pubsub.NewClient(t.Context(), resources.Project,
		option.WithEndpoint(s.pubsub.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = s.topics.Close(), s.pubsub.Close()
		s.storage.Stop()
	})
	return s
}

// outage has publishes to some topics fail.
func (s *sky) outage(of func(topic string) bool) { s.down.Store(&of) }

// React fails a publish, in a way that the client does not try again itself.
func (s *sky) React(request any) (handled bool, response any, err error) {
	publish, ok := request.(*pubsubpb.PublishRequest)
	if down := s.down.Load(); ok && down != nil && (*down)(publish.GetTopic()) {
		return true, nil, status.Error(codes.DataLoss, "out of order")
	}
	return false, nil, nil
}

// publish puts filters into the bucket, with their topics.
func (s *sky) publish(t *testing.T, filters ...string) {
	t.Helper()
	for _, text := range filters {
		name := nameOf(text)
		s.put(names.FilterObject(name), text)
		s.createTopic(t, name)
	}
}

func (s *sky) createTopic(t *testing.T, kind string) {
	t.Helper()
	_, err := s.topics.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: resources.TopicPath(resources.Topic(kind))})
	if err != nil && !strings.Contains(err.Error(), "AlreadyExists") {
		t.Fatal(err)
	}
}

// put writes an object of the products bucket.
func (s *sky) put(name, content string) {
	s.storage.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: resources.ProductsBucket(), Name: name}, Content: []byte(content),
	})
}

func (s *sky) remove(t *testing.T, name string) {
	t.Helper()
	if err := s.storage.Client().Bucket(resources.ProductsBucket()).Object(name).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// claimsIn are the names of the claims in the bucket.
func (s *sky) claimsIn(t *testing.T) []string {
	t.Helper()
	var all []string
	for o, err := range bucket.Objects(t.Context(), s.storage.Client().Bucket(resources.ProductsBucket()), &storage.Query{Prefix: "matches/"}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Name)
	}
	return all
}

// forget deletes the claims, as the bucket does in the end.
func (s *sky) forget(t *testing.T) {
	t.Helper()
	claims := s.claimsIn(t)
	if len(claims) == 0 {
		t.Error("there is no claim to forget")
	}
	for _, name := range claims {
		s.remove(t, name)
	}
}

// object reads an object of the products bucket.
func (s *sky) object(name string) (content string, ok bool) {
	o, err := s.storage.GetObject(resources.ProductsBucket(), name)
	return string(o.Content), err == nil
}

// text is a filter's file.
func text(name string, version int, where string, more ...string) string {
	return fmt.Sprintf("name: %s\nversion: %d\nowner: ada@example.org\ndescription: Of a test.\nstreams: [ztf]\nwhere: %q\n%s\n",
		name, version, where, strings.Join(more, "\n"))
}

func nameOf(text string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "name: "), "\n")
	return name
}

// instance is one instance of the function. dead makes the cloud unreachable
// for it, as if it had been killed.
type instance struct {
	*Function
	*gate
	log *lines
}

func (s *sky) instance(t *testing.T) *instance {
	t.Helper()
	g := &gate{transport: s.storage.HTTPClient().Transport}
	client, err := storage.NewClient(t.Context(), option.WithHTTPClient(&http.Client{Transport: g}), storage.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	client.SetRetry(storage.WithPolicy(storage.RetryNever))
	log := &lines{}
	i := &instance{gate: g, log: log, Function: newFunction(Options{
		Resources: resources, Products: client.Bucket(resources.ProductsBucket()), Topics: s.topics,
		Archive:     &archived.Reader{Stream: names.ZTF, Decoder: &packet.Decoder{}, Client: client},
		Evaluations: writer{&s.evaluations, s.tables}, Matches: writer{&s.matches, s.tables}, History: s.tables,
		Lease: lease, Refresh: refresh, Log: logging.New(log, slog.LevelInfo),
	}, s.clock.now)}
	t.Cleanup(func() {
		i.Close()
		_ = client.Close()
	})
	return i
}

// gate is the way to the storage of one instance.
type gate struct {
	transport http.RoundTripper

	mu     sync.Mutex
	closed func(r *http.Request) bool
	twice  func(r *http.Request) bool
	mute   func(r *http.Request) bool
	calls  []string // method and path
}

// shut has requests fail.
func (g *gate) shut(which func(r *http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = which
}

// repeat has requests sent twice, as the client does that has lost the answer to
// the first.
func (g *gate) repeat(which func(r *http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.twice = which
}

// lose has requests done, and their answers lost.
func (g *gate) lose(which func(r *http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mute = which
}

// writes are the requests that change something.
func writes(r *http.Request) bool { return r.Method != http.MethodGet }

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	g.calls = append(g.calls, r.Method+" "+r.URL.Path)
	shut, twice, mute := g.closed != nil && g.closed(r), g.twice != nil && g.twice(r), g.mute != nil && g.mute(r)
	g.mu.Unlock()
	if shut {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
		}
		return nil, errors.New("no route to Cloud Storage")
	}
	if twice {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		first := r.Clone(r.Context())
		first.Body = io.NopCloser(bytes.NewReader(body))
		answer, err := g.transport.RoundTrip(first)
		if err != nil {
			return nil, err
		}
		_ = answer.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	answer, err := g.transport.RoundTrip(r)
	if err == nil && mute {
		_ = answer.Body.Close()
		return nil, errors.New("the answer is lost")
	}
	return answer, err
}

// count is the number of requests that begin so.
func (g *gate) count(prefix string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, call := range g.calls {
		if strings.HasPrefix(call, prefix) {
			n++
		}
	}
	return n
}

// lines is a log.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

// with are the log's lines with a message, as attributes.
func (l *lines) with(message string) []map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []map[string]any
	for line := range bytes.Lines(l.all.Bytes()) {
		var attributes map[string]any
		if json.Unmarshal(line, &attributes) == nil && attributes["message"] == message {
			found = append(found, attributes)
		}
	}
	return found
}

// clock is a time that stands until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond) // no two moments are the same
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// tables are the stream's dataset.
type tables struct {
	mu                   sync.Mutex
	evaluations, matches []warehouse.Values
	refuse               error // what Append says of evaluations
	silent               error // what a question about one alert has for an answer
	asked                int   // questions about notifications
	askedOf              int   // questions about one alert
}

// writer appends to one of the tables.
type writer struct {
	rows *[]warehouse.Values
	of   *tables
}

func (w writer) Append(_ context.Context, row warehouse.Row) error {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if w.rows == &w.of.evaluations && w.of.refuse != nil {
		return w.of.refuse
	}
	*w.rows = append(*w.rows, row.Values)
	return nil
}

func (d *tables) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

// answer has questions about an alert fail, or none.
func (d *tables) answer(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent = err
}

func (d *tables) Evaluations(_ context.Context, night, objectID string, candid int64) ([]Past, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.askedOf++
	if d.silent != nil {
		return nil, d.silent
	}
	var past []Past
	for _, row := range d.evaluations {
		if row["night"] == night && row["objectId"] == objectID && row["candid"] == candid {
			past = append(past, Past{row["object"].(string), row["generation"].(int64), row["notified"].([]string)})
		}
	}
	return past, nil
}

func (d *tables) NotifiedSince(_ context.Context, since time.Time) (map[string]int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	n := map[string]int{}
	for _, row := range d.evaluations {
		if row["replay"] == true || row["evaluated_at"].(time.Time).Before(since) {
			continue
		}
		for _, id := range row["notified"].([]string) {
			name, _, _ := strings.Cut(id, "@")
			n[name]++
		}
		for _, name := range row["paused"].([]string) {
			delete(n, name)
		}
	}
	return n, nil
}

// rows are those of a table, so far.
func (d *tables) rows(of *[]warehouse.Values) []warehouse.Values {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(*of)
}

// night is the synthetic night from which the tests have their alerts.
var night = sync.OnceValues(func() (*simulate.Night, error) {
	return simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 60})
})

// archive puts an alert of the synthetic night into the archive and returns
// the bucket's notification, with attributes.
func (s *sky) archive(t *testing.T, index int, attributes ...string) *event.Message {
	t.Helper()
	n, err := night()
	if err != nil {
		t.Fatal(err)
	}
	record := n.Alert(index)
	content, err := n.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	o := names.Object{Schema: "4.02", Night: "2026-09-01", ObjectID: record["objectId"].(string), Candid: fmt.Sprint(record["candid"])}
	return s.store(t, o.Path(), content, attributes...)
}

func (s *sky) store(t *testing.T, name string, content []byte, attributes ...string) *event.Message {
	t.Helper()
	o, err := s.storage.GetObject(resources.AlertsBucket(), name)
	if err != nil {
		s.storage.CreateObject(fakestorage.Object{
			ObjectAttrs: fakestorage.ObjectAttrs{BucketName: resources.AlertsBucket(), Name: name}, Content: content,
		})
		if o, err = s.storage.GetObject(resources.AlertsBucket(), name); err != nil {
			t.Fatal(err)
		}
	}
	data, err := json.Marshal(map[string]any{
		"bucket": o.BucketName, "name": name, "generation": strconv.FormatInt(o.Generation, 10), "size": strconv.Itoa(len(content)),
	})
	if err != nil {
		t.Fatal(err)
	}
	with := map[string]string{"eventType": "OBJECT_FINALIZE"}
	for i := 0; i < len(attributes); i += 2 {
		with[attributes[i]] = attributes[i+1]
	}
	body, err := json.Marshal(map[string]any{"message": map[string]any{
		"messageId": "1", "data": data, "attributes": with, "publishTime": s.now(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := event.Parse(httptest.NewRequest(http.MethodPost, "/filter", bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// handle fails the test where the event is not acknowledged.
func (i *instance) handle(t *testing.T, m *event.Message) {
	t.Helper()
	if err := i.Handle(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// sent are the messages that Pub/Sub has, as topic/filter@version of
// candid, or as notice, sorted.
func (s *sky) sent() []string {
	var all []string
	for _, m := range s.pubsub.Messages() {
		topic := m.Topic[strings.LastIndex(m.Topic, "/")+1:]
		if kind := m.Attributes["nightwire.notice"]; kind != "" {
			all = append(all, topic+" notice "+kind)
			continue
		}
		all = append(all, topic+" "+m.Attributes["filter"]+"@"+m.Attributes["version"]+" of "+m.Attributes["candid"])
	}
	slices.Sort(all)
	return all
}

// idsIn is how often each filter, by ID, was notified.
func (s *sky) idsIn() map[string]int {
	n := map[string]int{}
	for _, m := range s.pubsub.Messages() {
		if m.Attributes["nightwire.notice"] == "" {
			n[m.Attributes["filter"]+"@"+m.Attributes["version"]]++
		}
	}
	return n
}
