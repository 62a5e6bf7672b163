package publish

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// OpenCensus, which the Pub/Sub client brings in, starts this at import.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

var resources = names.Resources{Project: "test", Stream: names.LSST}

// tally remembers what the publisher said.
type tally struct {
	mu        sync.Mutex
	reserved  int64
	published int
	failed    chan struct{} // one for each refusal, as far as there is room
	notices   []string
	outages   []bool // true: began
}

func (c *tally) do(f func()) { c.mu.Lock(); defer c.mu.Unlock(); f() }

func (c *tally) Reserved(bytes int64)  { c.do(func() { c.reserved += bytes }) }
func (c *tally) Published(int)         { c.do(func() { c.published++ }) }
func (c *tally) Noticed(reason string) { c.do(func() { c.notices = append(c.notices, reason) }) }
func (c *tally) Outage(err error)      { c.do(func() { c.outages = append(c.outages, err != nil) }) }

// newPublisher publishes to a fake without topics: every publish fails until
// create is called.
func newPublisher(t *testing.T, settings Settings) (p *Publisher, c *tally, create func()) {
	t.Helper()
	server := pstest.NewServer()
	t.Cleanup(func() { _ = server.Close() })
	client, err := pubsub.NewClient(t.Context(), resources.Project,
		option.WithEndpoint(server.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	settings.FirstPause, settings.LongestPause = time.Millisecond, 10*time.Millisecond
	c = &tally{failed: make(chan struct{}, 100)}
	p = New(client, resources, settings, c)
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p, c, func() {
		for _, topic := range []string{resources.RawTopic(), resources.DeadLetterTopic()} {
			if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: resources.TopicPath(topic)}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (c *tally) PublishFailed() {
	select {
	case c.failed <- struct{}{}:
	default:
	}
}

func record(offset int64, size int) Record {
	return Record{Origin: origin.Origin{Topic: "lsst-alerts-v9.0", Offset: offset}, Value: make([]byte, size)}
}

func TestPublishIsRepeatedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	p, c, create := newPublisher(t, Settings{})
	confirmed := make(chan int64, 10)
	for offset := range int64(10) {
		r := record(offset, 100)
		if err := p.Reserve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		p.Publish(t.Context(), r, func() { confirmed <- r.Origin.Offset })
	}
	for range 30 { // three refusals each, on average
		<-c.failed
	}
	if len(confirmed) != 0 {
		t.Error("confirmed without a topic to take it")
	}
	create()
	got := map[int64]bool{}
	for range 10 {
		got[<-confirmed] = true
	}
	if len(got) != 10 {
		t.Errorf("confirmed %v, want each of 10 once", got)
	}
	p.waiting.Wait()
	if c.published != 10 || c.reserved != 0 {
		t.Errorf("%d published, %d bytes still reserved", c.published, c.reserved)
	}
	if n := len(c.outages); n < 2 || !c.outages[0] || c.outages[n-1] {
		t.Errorf("outages %v, want one that began first and ended last", c.outages)
	}
}

func TestGapReportIsRepeatedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	p, c, create := newPublisher(t, Settings{})
	confirmed := make(chan struct{})
	p.ReportGap(t.Context(), offsets.Place{Topic: "t"}, offsets.Gap{From: 3, To: 9, Reason: offsets.ReasonExpired}, func() { close(confirmed) })
	create()
	<-confirmed
	if diff := cmp.Diff([]string{"gap"}, c.notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestAbandonedPublishIsNeverConfirmed(t *testing.T) {
	t.Parallel()
	p, c, _ := newPublisher(t, Settings{})
	ctx, abandon := context.WithCancel(t.Context())
	r := record(0, 100)
	if err := p.Reserve(ctx, r); err != nil {
		t.Fatal(err)
	}
	p.Publish(ctx, r, func() { t.Error("confirmed") })
	abandon()
	p.waiting.Wait()
	if c.reserved != 0 {
		t.Errorf("%d bytes still reserved", c.reserved)
	}
}

func TestBudgetHoldsReadersBack(t *testing.T) {
	t.Parallel()
	p, c, _ := newPublisher(t, Settings{MaxOutstandingBytes: 10_000})
	r := record(0, 4_000)
	if !p.TryReserve(r) || p.TryReserve(record(1, 9_000)) {
		t.Fatal("want room for the first record and not for the second")
	}
	huge := record(2, 50_000) // more than the whole budget: it passes alone
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Reserve(ctx, huge); !errors.Is(err, context.Canceled) {
		t.Errorf("Reserve = %v, want it to end with its context", err)
	}
	p.Release(r)
	if err := p.Reserve(t.Context(), huge); err != nil {
		t.Errorf("Reserve = %v", err)
	}
	p.Release(huge)
	if c.reserved != 0 {
		t.Errorf("%d bytes still reserved", c.reserved)
	}
}
