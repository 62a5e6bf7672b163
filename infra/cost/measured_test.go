package cost

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"nightwire.dev/infra/filters"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
)

var update = flag.Bool("update", false, "measure the messages anew, and write measured.json")

// sizes are what is measured of the messages of a synthetic night.
type sizes struct {
	messages      Messages
	rows          Rows
	history       float64
	matchFraction float64
	fitFraction   float64
	filters       int
}

// TestMeasured measures the messages of some alerts with the programs' own code,
// and compares with what measured.json says. Few alerts choose roughly.
func TestMeasured(t *testing.T) {
	t.Parallel()
	alerts := 300
	if *update {
		alerts = 2000
	}
	got, said := measure(t, alerts), measurements(t)
	if *update {
		said.Messages, said.Filters = got.messages, got.filters
		said.Rows.LSSTAlert, said.Rows.LSSTEntry, said.Rows.LSSTHeader = got.rows.LSSTAlert, got.rows.LSSTEntry, got.rows.LSSTHeader
		text, err := json.MarshalIndent(said, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("measured.json", append(text, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	cases := map[string]struct{ got, said, within float64 }{
		"a raw message's extra": {got.messages.RawExtra, said.Messages.RawExtra, 0.02},
		"a notification":        {got.messages.Notification, said.Messages.Notification, 0.02},
		"a match":               {got.messages.Match, said.Messages.Match, 0.1},
		"an entry in a match":   {got.messages.MatchEntry, said.Messages.MatchEntry, 0.15},
		"a thin match":          {got.messages.MatchThin, said.Messages.MatchThin, 0.02},
		"the history":           {got.history, said.History, 0.15},
		"the fraction chosen":   {got.matchFraction, said.MatchFraction, 0.1},
		"the fraction fitted":   {got.fitFraction, said.FitFraction, 0.5},
		"filters":               {float64(got.filters), float64(said.Filters), 0},
		"LSST's row":            {got.rows.LSSTAlert, said.Rows.LSSTAlert, 0.02},
		"LSST's entry":          {got.rows.LSSTEntry, said.Rows.LSSTEntry, 0.02},
		"LSST's header":         {got.rows.LSSTHeader, said.Rows.LSSTHeader, 0.02},
	}
	for name, c := range cases {
		if math.Abs(c.got-c.said) > c.within*c.said {
			t.Errorf("%s: measured %.4g, and measured.json says %.4g: go test ./cost -update renews it", name, c.got, c.said)
		}
	}
	all, err := queries.All(schemas.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range all {
		if said.Scans[q.Name] <= 0 {
			t.Errorf("measured.json does not say what %s reads: nightwire cost measure tells it", q.Name)
		}
	}
}

func measurements(t testing.TB) *Measured {
	t.Helper()
	m, err := Measurements()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func measure(t *testing.T, alerts int) sizes {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: alerts})
	if err != nil {
		t.Fatal(err)
	}
	set, decoder := builtIn(t), new(packet.Decoder)
	var s sizes
	var matches, told float64 // told: bytes of histories in matches
	for i := range night.Len() {
		record := night.Alert(i)
		for _, stamp := range schemas.Cutouts() {
			record[stamp] = nil // no message has them
		}
		content, err := night.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		p, err := decoder.Decode(t.Context(), content)
		if err != nil {
			t.Fatal(err)
		}
		a, err := survey.Read(names.ZTF, p)
		if err != nil {
			t.Fatal(err)
		}
		s.history += float64(p.Record.Get("prv_candidates").Len())
		text := filter.AppendRecord(nil, &a)
		from := filter.Provenance{Stream: names.ZTF, Bucket: "project-ztf-alerts", Object: survey.Object(&a).Path(), Generation: 1795321424550773, At: a.ObservedAt}
		for _, m := range set.Evaluate(&a).Matches {
			if matches++; m.Filter.Name == "extragalactic" {
				s.fitFraction++
			}
			whole := filter.AppendMessage(nil, text, &a, m, from)
			attributes := filter.Attributes(&a, m, from)
			s.messages.Match += billed(len(whole), attributes)
			s.messages.MatchThin += billed(len(whole)-len(text)+2, attributes)
			told += history(t, text)
		}
	}
	n := float64(night.Len())
	s.messages.Match, s.messages.MatchThin = (s.messages.Match-told)/matches, s.messages.MatchThin/matches
	s.filters = len(set.Filters())
	s.history, s.fitFraction, s.matchFraction = s.history/n, s.fitFraction/n, matches/n/float64(s.filters)
	s.messages.MatchEntry = told / matches / s.history
	s.messages.RawExtra, s.messages.Notification = rawExtra(), notification(t)
	s.rows = lsstRows(t)
	return s
}

// billed are the bytes that Pub/Sub counts: data, attributes, 20 for the time,
// and the number of the message, which has 16 or 17 digits.
func billed(data int, attributes map[string]string) float64 {
	n := data + 20 + 17
	for key, value := range attributes {
		n += len(key) + len(value)
	}
	return float64(n)
}

func builtIn(t *testing.T) *filter.Set {
	t.Helper()
	files, err := filters.All()
	if err != nil {
		t.Fatal(err)
	}
	var all []*filter.Filter
	for _, file := range files {
		f, err := file.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if f.For(names.ZTF) {
			all = append(all, f)
		}
	}
	set, err := filter.NewSet(names.ZTF, all)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// history is how long what grows with the history is in a record's JSON.
func history(t *testing.T, text []byte) float64 {
	t.Helper()
	var record map[string]json.RawMessage
	if err := json.Unmarshal(text, &record); err != nil {
		t.Fatal(err)
	}
	return float64(len(record["prv_candidates"]) + len(record["fp_hists"]))
}

// coordinates are those of a record of ZTF's Kafka.
var coordinates = origin.Origin{Topic: "ztf_20260901_programid1", Partition: 7, Offset: 12345, Timestamp: time.UnixMilli(1795321424392)}

// rawExtra is what the connector's message has besides the packet.
func rawExtra() float64 {
	attributes := map[string]string{"stream": string(names.ZTF), "encoding": "ocf"}
	coordinates.Attributes(attributes)
	return billed(0, attributes)
}

// outbox keeps what is published.
type outbox struct {
	mu       sync.Mutex
	messages []*pubsubpb.PubsubMessage
	arrived  chan struct{}
}

func (o *outbox) Publish(_ context.Context, r *pubsubpb.PublishRequest, _ ...grpc.CallOption) (*pubsubpb.PublishResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.messages = append(o.messages, r.GetMessages()...); len(o.messages) == len(r.GetMessages()) {
		close(o.arrived)
	}
	return &pubsubpb.PublishResponse{}, nil
}

// notification is what the bucket says of a new file.
func notification(t *testing.T) float64 {
	t.Helper()
	box := &outbox{arrived: make(chan struct{})}
	server, err := storage.Open(storage.Options{Dir: t.TempDir(), Publisher: box})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	web := httptest.NewServer(server.Handler())
	defer web.Close()
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(web.URL+"/storage/v1/"), option.WithHTTPClient(web.Client()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	bucket := client.Bucket("project-ztf-alerts")
	if err := bucket.Create(t.Context(), "project", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.AddNotification(t.Context(), &gcs.Notification{
		TopicProjectID: "project", TopicID: "ztf-archived", PayloadFormat: gcs.JSONPayload, EventTypes: []string{gcs.ObjectFinalizeEvent},
	}); err != nil {
		t.Fatal(err)
	}
	const name = "v4.02/night=2026-09-01/ZTF18ffiqzcf/2695172316315015001.avro"
	w := bucket.Object(name).NewWriter(t.Context())
	w.ChunkSize, w.ContentType, w.Metadata = 0, "application/avro", metadata()
	if _, err := w.Write(bytes.Repeat([]byte("a"), 70_000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-box.arrived:
	case <-t.Context().Done():
		t.Fatal("the bucket told nobody")
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	return billed(len(box.messages[0].GetData()), box.messages[0].GetAttributes())
}

// metadata is what the archive keeps with a file.
func metadata() map[string]string {
	m := map[string]string{
		"objectId": "ZTF18ffiqzcf", "candid": "2695172316315015001", "ra": "137.5063928", "dec": "57.9419178",
		"mjd": "60449.17231480", "schema": "4.02", "night": "2026-09-01", "sha256": strings.Repeat("b4", 32),
	}
	coordinates.Attributes(m)
	return m
}

// lsstRows counts LSST's rows from the schema as if no field were null.
func lsstRows(t *testing.T) Rows {
	t.Helper()
	var r Rows
	for _, c := range schemas.AlertsStream(schemas.LSST) {
		if c.Mode != schemas.Repeated {
			r.LSSTAlert += full(c)
		} else if c.Name == "prvDiaSources" || c.Name == "prvDiaForcedSources" {
			r.LSSTEntry += full(c)
		}
	}
	schema, ok := schemas.Find(schemas.LSST, "10.0")
	if !ok {
		t.Fatal("schema 10.0 of LSST is not shipped")
	}
	r.LSSTHeader = float64(len(schema.JSON))
	return r
}

func full(c schemas.Column) float64 {
	switch c.Type {
	case schemas.Record:
		var n float64
		for _, field := range c.Fields {
			n += full(field)
		}
		return n
	case schemas.Boolean:
		return 1
	case schemas.String, schemas.Bytes, schemas.JSON:
		return 12
	case schemas.Geography:
		return 40
	default:
		return 8
	}
}
