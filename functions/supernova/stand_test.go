package supernova

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
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
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/supernova"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/warehouse"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// OpenCensus, which the Pub/Sub client brings in, starts this at import.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// rowsOf is a table that keeps its rows, if it can.
type rowsOf struct {
	mu   sync.Mutex
	rows []warehouse.Values
	err  error
}

func (r *rowsOf) Append(_ context.Context, row warehouse.Row) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	r.rows = append(r.rows, row.Values)
	return nil
}

// stand is the function on fakes of Cloud Storage and Pub/Sub.
type stand struct {
	*Function
	storage          *fakestorage.Server
	pubsub           *pstest.Server
	fits, transients *rowsOf
}

// newStand has a topic unless it is told not to.
func newStand(t *testing.T, set *models.Set, topic bool) *stand {
	t.Helper()
	fitter, err := supernova.New(set, schemas.ZTF, supernova.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{storage: fakestorage.NewServer(nil), pubsub: pstest.NewServer(), fits: &rowsOf{}, transients: &rowsOf{}}
	for _, bucket := range []string{resources.AlertsBucket(), resources.ProductsBucket()} {
		s.storage.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	}
	client, err := pubsub.NewClient(t.Context(), resources.Project,
		option.WithEndpoint(s.pubsub.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	name := resources.TopicPath(resources.Topic(Name))
	if topic {
		if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	publisher := client.Publisher(name)
	t.Cleanup(func() {
		publisher.Stop()
		_, _ = client.Close(), s.pubsub.Close()
		s.storage.Stop()
	})
	s.Function = &Function{
		Resources: resources, Archive: &archived.Reader{Stream: names.ZTF, Decoder: &packet.Decoder{}, Client: s.storage.Client()},
		Products: s.storage.Client().Bucket(resources.ProductsBucket()), Topic: publisher,
		Fits: s.fits, Transients: s.transients, Fitter: fitter,
	}
	return s
}

func demonstration(t *testing.T) *models.Set {
	t.Helper()
	set, err := models.Demonstration()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var night = sync.OnceValues(func() (*simulate.Night, error) {
	return simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 2000})
})

// chosen are alerts of the synthetic night, by what becomes of them.
type chosen struct{ plausible, doubtful, faint int }

// choose finds an alert of each kind: fits decide, not what we know of them.
func choose(t *testing.T) chosen {
	t.Helper()
	found, err := choice()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var choice = sync.OnceValues(func() (chosen, error) {
	n, err := night()
	if err != nil {
		return chosen{}, err
	}
	set, err := models.Demonstration()
	if err != nil {
		return chosen{}, err
	}
	fitter, err := supernova.New(set, schemas.ZTF, supernova.DefaultConfig())
	if err != nil {
		return chosen{}, err
	}
	found := chosen{-1, -1, -1}
	for i := range n.Len() {
		class := n.Truth(i).Class
		if class != simulate.Supernova && (class != simulate.Asteroid || found.faint >= 0) {
			continue
		}
		content, err := n.Encode(n.Alert(i))
		if err != nil {
			return found, err
		}
		p, err := (&packet.Decoder{}).Decode(context.Background(), content)
		if err != nil {
			return found, err
		}
		a, err := survey.Read(names.ZTF, p)
		if err != nil {
			return found, err
		}
		switch fit := fitter.SALT(lightcurve.ForFit(&a)); {
		case fit.Plausible:
			found.plausible = i
		case fit.OK():
			found.doubtful = i
		case fit.Reason == supernova.TooFewSignificant:
			found.faint = i
		}
		if found.plausible >= 0 && found.doubtful >= 0 && found.faint >= 0 {
			return found, nil
		}
	}
	return found, fmt.Errorf("the night has not all kinds: %+v", found)
})

// match archives an alert of the night, and returns the message of the filter
// that chose it, with more attributes.
func (s *stand) match(t *testing.T, i int, attributes ...string) *event.Message {
	t.Helper()
	n, err := night()
	if err != nil {
		t.Fatal(err)
	}
	record := n.Alert(i)
	content, err := n.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	return s.archive(t, record["objectId"].(string), record["candid"].(int64), content, attributes...)
}

func (s *stand) archive(t *testing.T, objectID string, candid int64, content []byte, attributes ...string) *event.Message {
	t.Helper()
	id := strconv.FormatInt(candid, 10)
	name := names.Object{Schema: "4.02", Night: "2026-09-01", ObjectID: objectID, Candid: id}.Path()
	if _, err := s.storage.GetObject(resources.AlertsBucket(), name); err != nil {
		s.storage.CreateObject(fakestorage.Object{
			ObjectAttrs: fakestorage.ObjectAttrs{BucketName: resources.AlertsBucket(), Name: name}, Content: content,
		})
	}
	object, err := s.storage.GetObject(resources.AlertsBucket(), name)
	if err != nil {
		t.Fatal(err)
	}
	m := &event.Message{ID: "1", Data: []byte("{}"), Attributes: map[string]string{
		"stream": "ztf", "filter": "extragalactic", "objectId": objectID, "candid": id,
		names.AttributeBucket: resources.AlertsBucket(), names.AttributeObject: name,
		names.AttributeGeneration: strconv.FormatInt(object.Generation, 10), names.AttributeReplay: "false",
	}}
	for i := 0; i < len(attributes); i += 2 {
		m.Attributes[attributes[i]] = attributes[i+1]
	}
	return m
}

func (s *stand) handle(t *testing.T, m *event.Message) {
	t.Helper()
	if err := s.Handle(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// plot reads the plot that a row names.
func (s *stand) plot(t *testing.T, row warehouse.Values) (fakestorage.Object, bool) {
	t.Helper()
	name, _ := row["plot"].(string)
	o, err := s.storage.GetObject(resources.ProductsBucket(), name)
	return o, err == nil
}

// products are the names of all objects that were made.
func (s *stand) products(t *testing.T) int {
	t.Helper()
	n := 0
	for objects := s.Products.Objects(t.Context(), &storage.Query{}); ; n++ {
		if _, err := objects.Next(); err != nil {
			if !strings.Contains(err.Error(), "no more items") {
				t.Fatal(err)
			}
			return n
		}
	}
}

// columns are those of a table.
func columns(t *testing.T, table string) map[string]schemas.Column {
	t.Helper()
	for _, definition := range schemas.Tables(schemas.ZTF) {
		if definition.Name == table {
			all := map[string]schemas.Column{}
			for _, c := range definition.Columns {
				all[c.Name] = c
			}
			return all
		}
	}
	t.Fatalf("no table %s", table)
	return nil
}

// without is a row without some columns.
func without(row warehouse.Values, names ...string) warehouse.Values {
	row = maps.Clone(row)
	for _, name := range names {
		delete(row, name)
	}
	return row
}

var errNoRoute = errors.New("no route to BigQuery")
