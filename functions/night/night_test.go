package night

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/replay"
	"nightwire.dev/shared/warehouse"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// OpenCensus, which the Pub/Sub client brings in, starts this at import.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// asked is when the dawn was first sent.
var asked = time.Date(2026, 9, 1, 16, 0, 0, 0, time.UTC)

const (
	date  = "2026-09-01"
	topic = "ztf_20260901_programid1"
)

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// stand is the function on fakes of Cloud Storage and Pub/Sub, in a world that
// the test changes between its looks.
type stand struct {
	*Function
	storage *fakestorage.Server
	pubsub  *pstest.Server
	log     bytes.Buffer
	time    time.Time

	mu     sync.Mutex
	stored int             // records and files that there are
	lacks  map[string]bool // names of files without a row
	lost   map[string]bool // names of files that are gone
	silent bool            // no connector has told of Kafka
	takes  time.Duration   // to send one notification
	sent   []string        // names of files whose notification was sent again
	mends  bool            // whether a notification makes the row
	rows   []warehouse.Values
	tell   error // of Send and Append
}

func newStand(t *testing.T, tarball bool) *stand {
	t.Helper()
	s := &stand{
		storage: fakestorage.NewServer(nil), pubsub: pstest.NewServer(),
		time: asked, stored: 5, lacks: map[string]bool{}, lost: map[string]bool{}, mends: true,
	}
	s.storage.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: resources.ProductsBucket()})
	client, err := pubsub.NewClient(t.Context(), resources.Project,
		option.WithEndpoint(s.pubsub.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	topics := []string{resources.DawnTopic()}
	if tarball {
		topics = append(topics, resources.TarballTopic())
	}
	for _, topic := range topics {
		if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: resources.TopicPath(topic)}); err != nil {
			t.Fatal(err)
		}
	}
	dawns, tarballs := client.Publisher(resources.TopicPath(resources.DawnTopic())), client.Publisher(resources.TopicPath(resources.TarballTopic()))
	t.Cleanup(func() {
		dawns.Stop()
		tarballs.Stop()
		_, _ = client.Close(), s.pubsub.Close()
		s.storage.Stop()
	})
	s.Function = &Function{
		Resources: resources, Evidence: s, Products: s.storage.Client().Bucket(resources.ProductsBucket()),
		Replays: s, Nights: s, Dawn: dawns, Tarball: tarballs, Patience: time.Minute, Budget: time.Minute,
		Log: logging.New(&s.log, slog.LevelInfo), now: func() time.Time { return s.time },
	}
	return s
}

func file(i int) string { return fmt.Sprintf("v4.02/night=2026-09-01/ZTF/%05d.avro", i) }

// OfNight is what the sources know now.
func (s *stand) OfNight(_ context.Context, night string) (*certificate.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := certificate.New("ztf", night)
	if s.silent {
		return a, nil
	}
	err := a.Hold(certificate.Held{Topic: topic, End: int64(s.stored), Confirmed: int64(s.stored), Reported: s.time})
	for i := range s.stored {
		a.Record(certificate.Entry{Topic: topic, Offset: int64(i), Outcome: ledger.Stored, Object: file(i)})
		if !s.lost[file(i)] {
			a.File(file(i))
		}
		if !s.lacks[file(i)] {
			a.Row(file(i), time.Second)
		}
		a.Evaluation(file(i))
	}
	return a, err
}

// Send mends what is sent, if the test has it so.
func (s *stand) Send(_ context.Context, files iter.Seq2[replay.Object, error], _ func(replay.Report)) (replay.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var report replay.Report
	for o, err := range files {
		if err != nil || s.tell != nil {
			return report, errors.Join(err, s.tell)
		}
		s.time = s.time.Add(s.takes)
		s.sent = append(s.sent, o.Name)
		if s.mends {
			delete(s.lacks, o.Name)
		}
		report.Sent++
	}
	return report, nil
}

// Append takes a row of nights.
func (s *stand) Append(_ context.Context, row warehouse.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, row.Values)
	return s.tell
}

// look is one delivery of the dawn.
func (s *stand) look(t *testing.T) error {
	t.Helper()
	return s.Handle(t.Context(), &event.Message{ID: "7", Data: []byte(date), PublishTime: asked})
}

// dawn delivers a message until it is acknowledged, as Pub/Sub does, with some
// time between. It returns how many looks that took.
func (s *stand) dawn(t *testing.T) int {
	t.Helper()
	for looks := 1; ; looks++ {
		err := s.look(t)
		var w *waiting
		switch {
		case err == nil:
			return looks
		case !errors.As(err, &w) || event.IsPermanent(err):
			t.Fatal(err)
		case looks > 50:
			t.Fatal("it does not end")
		}
		s.time = s.time.Add(10 * time.Second)
	}
}

func (s *stand) certificate(t *testing.T) *certificate.Certificate {
	t.Helper()
	k, err := s.kept(t.Context(), date)
	if err != nil || k.certificate == nil {
		t.Fatalf("certificate: %v %v", k.certificate, err)
	}
	return k.certificate
}

func (s *stand) tarballs() []string {
	var nights []string
	for _, m := range s.pubsub.Messages() {
		if m.Topic == resources.TopicPath(resources.TarballTopic()) {
			nights = append(nights, string(m.Data))
		}
	}
	return nights
}

// dawns are the messages that the function sent to its own topic, as they would
// come.
func (s *stand) dawns() []*event.Message {
	var dawns []*event.Message
	for _, m := range s.pubsub.Messages() {
		if m.Topic == resources.TopicPath(resources.DawnTopic()) {
			dawns = append(dawns, &event.Message{ID: m.ID, Data: m.Data, Attributes: m.Attributes, PublishTime: m.PublishTime})
		}
	}
	return dawns
}

func TestCleanNight(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	if looks := s.dawn(t); looks != 1 || len(s.sent) > 0 {
		t.Errorf("%d looks, %q sent again", looks, s.sent)
	}
	c := s.certificate(t)
	if c.State != certificate.Clean || c.Records != 5 || c.Dawn != "7" || c.Night != date {
		t.Errorf("certificate %+v", c)
	}
	page, err := s.storage.GetObject(resources.ProductsBucket(), names.CertificatePage(date))
	if err != nil || !strings.Contains(string(page.Content), "nothing is missing") || page.ContentType != "text/html; charset=utf-8" {
		t.Errorf("page of type %s, %v", page.ContentType, err)
	}
	want := warehouse.Values{
		"night": date, "made_at": s.time, "state": "clean", "records": int64(5), "stored": int64(5), "duplicates": int64(0),
		"conflicts": int64(0), "rejected": int64(0), "files": int64(5), "rows": int64(5), "evaluated": int64(5), "missing": int64(0),
		"causes": []warehouse.Values(nil), "doubts": []string{}, "sent": int64(0), "repaired": int64(0),
		"latency":     warehouse.Values{"p50": 1.0, "p90": 1.0, "p99": 1.0, "max": 1.0},
		"certificate": "certificates/2026-09-01.json",
	}
	if diff := cmp.Diff([]warehouse.Values{want}, s.rows); diff != "" {
		t.Errorf("rows of nights (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{date}, s.tarballs()); diff != "" {
		t.Errorf("tarballs (-want +got):\n%s", diff)
	}
	if strings.Contains(s.log.String(), "ERROR") {
		t.Errorf("a clean night logs errors:\n%s", &s.log)
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	s := newStand(t, false)
	s.lacks[file(1)], s.lacks[file(3)] = true, true
	err := s.look(t)
	var w interface{ Waiting() bool }
	if !errors.As(err, &w) || !w.Waiting() || event.IsPermanent(err) {
		t.Fatalf("the first look says %v", err)
	}
	if c := s.certificate(t); c.State != certificate.Repairing || c.Missing != 2 || len(s.rows)+len(s.sent) > 0 {
		t.Errorf("between the looks: %s, %d missing, %d rows", c.State, c.Missing, len(s.rows))
	}
	looks := s.dawn(t) // a look each ten seconds; after a quarter of a minute it sends
	if diff := cmp.Diff([]string{file(1), file(3)}, s.sent); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
	if c := s.certificate(t); c.State != certificate.Clean || c.Repair.Looks != looks+1 || looks != 4 || c.Repaired() != 2 || c.Repair.Sent != 2 || len(s.rows) != 1 {
		t.Errorf("at the end: %s, %d repaired, %d sent, %d rows", c.State, c.Repaired(), c.Repair.Sent, len(s.rows))
	}
	if strings.Contains(s.log.String(), "ERROR") {
		t.Errorf("a repaired night logs errors:\n%s", &s.log)
	}
}

// TestRepairInVain sends again twice, loses patience, and says what is missing.
func TestRepairInVain(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	s.mends, s.lacks[file(2)] = false, true
	// A look each ten seconds: it sends when a quarter of the minute's patience is
	// over, half a minute later again, and ends after a minute more.
	if looks := s.dawn(t); looks != 12 {
		t.Errorf("%d looks", looks)
	}
	if diff := cmp.Diff([]string{file(2), file(2)}, s.sent); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
	c := s.certificate(t)
	if c.State != certificate.Missing || c.Lost(certificate.NoRow).Count != 1 {
		t.Errorf("certificate: %s, %+v", c.State, c.Losses)
	}
	s.mustLog(t, "ERROR", file(2), `"cause":"no row"`, `"count":1`)
	want := []warehouse.Values{{"cause": "no row", "count": int64(1)}}
	if diff := cmp.Diff(want, s.rows[0]["causes"]); diff != "" || s.rows[0]["state"] != "missing" {
		t.Errorf("row of nights %v, causes (-want +got):\n%s", s.rows[0], diff)
	}
	if diff := cmp.Diff([]string{date}, s.tarballs()); diff != "" {
		t.Errorf("tarballs (-want +got):\n%s", diff)
	}
	// The next dawn begins anew.
	s.mends = true
	s.dawn(t)
	if c := s.certificate(t); c.State != certificate.Clean || c.Repair.Sent != 1 {
		t.Errorf("after the next dawn: %s, %+v", c.State, c.Repair)
	}
}

// mustLog looks for a line of the log that says all this.
func (s *stand) mustLog(t *testing.T, says ...string) {
	t.Helper()
	for line := range strings.Lines(s.log.String()) {
		found := true
		for _, text := range says {
			found = found && strings.Contains(line, text)
		}
		if found {
			return
		}
	}
	t.Errorf("no line of the log says %q:\n%s", says, &s.log)
}

// TestLostFile waits for nothing: no look could be better.
func TestLostFile(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	s.lost[file(4)] = true
	if looks := s.dawn(t); looks != 1 || len(s.sent) > 0 {
		t.Errorf("%d looks, %q sent again", looks, s.sent)
	}
	c := s.certificate(t)
	want := certificate.Loss{
		Cause: certificate.NoFile, Count: 1, Names: []string{file(4)}, Spans: []certificate.Span{{Topic: topic, First: 4, Last: 4}},
	}
	if diff := cmp.Diff([]certificate.Loss{want}, c.Losses); diff != "" || c.State != certificate.Missing {
		t.Errorf("%s, losses (-want +got):\n%s", c.State, diff)
	}
	// The tarball of an earlier dawn may have the last copy.
	if asked := s.tarballs(); len(asked) > 0 {
		t.Errorf("a tarball without it is asked for: %q", asked)
	}
}

func TestUnproven(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	s.silent = true
	if looks := s.dawn(t); looks != 7 {
		t.Errorf("%d looks", looks)
	}
	if c := s.certificate(t); c.State != certificate.Unproven {
		t.Errorf("state %s", c.State)
	}
	s.mustLog(t, "ERROR", "night is unproven", "no connector has told of Kafka")
	s.silent = false
	s.dawn(t)
	if c := s.certificate(t); c.State != certificate.Clean {
		t.Errorf("state after a connector has told: %s", c.State)
	}
}

// TestSlowLooks has longer between the looks than patience lasts, as Pub/Sub has:
// no night ends before its files were sent again, and had time to arrive.
func TestSlowLooks(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]time.Duration{"a patience": time.Minute, "ten minutes": 10 * time.Minute} {
		for _, mends := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, mends: %v", name, mends), func(t *testing.T) {
				t.Parallel()
				s := newStand(t, true)
				s.mends, s.lacks[file(2)] = mends, true
				var err error
				for looks := 1; ; looks++ {
					var w *waiting
					if err = s.look(t); !errors.As(err, &w) || looks > 10 {
						break
					}
					s.time = s.time.Add(between)
				}
				want := certificate.Clean
				if !mends {
					want = certificate.Missing
				}
				c := s.certificate(t)
				if err != nil || c.State != want || len(s.sent) == 0 || !mends && len(s.sent) != mostTries {
					t.Errorf("%s, want %s; sent again %q, %v", c.State, want, s.sent, err)
				}
				if quiet := c.At.Sub(c.Repair.SentAt); quiet < s.Patience {
					t.Errorf("it ends %s after notifications were sent", quiet)
				}
			})
		}
	}
}

// TestManyFiles repairs more than one look has time for, each once.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		takes time.Duration
		looks int
	}{
		"within the budget": {10 * time.Millisecond, 4},
		"in two parts":      {30 * time.Millisecond, 5},
		"the least each":    {time.Second, 6},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, true)
			s.stored, s.takes = 2*leastSent+500, c.takes
			for i := range s.stored {
				s.lacks[file(i)] = true
			}
			if looks := s.dawn(t); looks != c.looks {
				t.Errorf("%d looks, want %d", looks, c.looks)
			}
			if end := s.certificate(t); end.State != certificate.Clean || end.Repair.Sent != s.stored || end.Repaired() != s.stored {
				t.Errorf("%s, %+v", end.State, end.Repair)
			}
			if distinct := slices.Compact(slices.Sorted(slices.Values(s.sent))); len(distinct) != len(s.sent) {
				t.Errorf("%d notifications were sent of %d files", len(s.sent), len(distinct))
			}
		})
	}
}

// TestKilled ends a look before each of its steps, and then lets the dawn come
// again.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	s.lacks[file(1)] = true
	if err := s.look(t); err == nil {
		t.Fatal("it does not wait for what may come")
	}
	s.time = s.time.Add(s.Patience / 4)
	s.tell = errors.New("killed")
	if err := s.look(t); !errors.Is(err, s.tell) {
		t.Fatalf("before the repair: %v", err)
	}
	s.tell = nil
	if err := s.look(t); err == nil {
		t.Fatal("it does not wait for the repair")
	}
	s.tell = errors.New("killed")
	if err := s.look(t); !errors.Is(err, s.tell) { // certificate final, row refused
		t.Fatalf("before the row: %v", err)
	}
	s.tell, s.rows = nil, nil
	s.dawn(t)
	if c := s.certificate(t); c.State != certificate.Clean || len(s.rows) != 1 {
		t.Errorf("%s, %d rows", c.State, len(s.rows))
	}
}

// TestTwoInstances has another instance write its certificate during our look.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	if err := s.look(t); err != nil {
		t.Fatal(err)
	}
	before, err := s.kept(t.Context(), date)
	if err != nil {
		t.Fatal(err)
	}
	c := s.certificate(t)
	if err := s.write(t.Context(), c, before.generation); err != nil {
		t.Fatal(err)
	}
	var w interface{ Waiting() bool }
	if err := s.write(t.Context(), c, before.generation); !errors.As(err, &w) {
		t.Errorf("writing over what we have not read: %v", err)
	}
	if err := s.write(t.Context(), c, 0); !errors.As(err, &w) {
		t.Errorf("writing where we found nothing: %v", err)
	}
}

// TestBrokenCertificate is written over.
func TestBrokenCertificate(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	s.storage.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: resources.ProductsBucket(), Name: names.CertificateObject(date)}, Content: []byte("{"),
	})
	s.dawn(t)
	if c := s.certificate(t); c.State != certificate.Clean {
		t.Errorf("state %s", c.State)
	}
}
