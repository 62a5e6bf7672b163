package relay

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"nightwire.dev/connector/status"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// OpenCensus, which the Pub/Sub client brings in, starts this at import.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

const night = "ztf_20260101_programid1"

func TestEveryRecordArrivesAsItIs(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 2)
	s.createTopic("ztf_20260101_programid2", 1) // another audience's
	s.produce("ztf_20260101_programid2", 0, numbered(3)...)
	s.produce(night, 0, numbered(50)...)
	s.produce(night, 1, []byte("Obj\x01packet"), []byte("\x00\x00\x00\x03\x84record"), []byte("text"), nil)

	r := s.start(s.stream())
	eventually(t, "all records in Pub/Sub", func() bool { return s.distinct() == 54 })
	eventually(t, "all offsets committed", func() bool { return s.committed(night, 0) == 50 && s.committed(night, 1) == 4 })
	eventually(t, "ready", func() bool { code, _ := r.get("/readyz"); return code == http.StatusOK })
	r.stop()

	type message struct {
		Data       string
		Attributes map[string]string
	}
	var got []message
	for _, m := range s.in(resources.RawTopic()) {
		if m.Attributes["kafka.partition"] == "1" {
			got = append(got, message{string(m.Data), m.Attributes})
		}
	}
	attributes := func(offset, encoding string) map[string]string {
		return map[string]string{
			"stream": "ztf", "encoding": encoding, "kafka.topic": night, "kafka.partition": "1",
			"kafka.offset": offset, "kafka.timestamp": "1700000000123",
		}
	}
	want := []message{
		{"Obj\x01packet", attributes("0", "ocf")},
		{"\x00\x00\x00\x03\x84record", attributes("1", "confluent")},
		{"text", attributes("2", "unknown")},
		{"", attributes("3", "unknown")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages of partition 1 (-want +got):\n%s", diff)
	}

	// A restart goes on behind the committed offsets.
	s.produce(night, 0, []byte("later"))
	s.start(s.stream())
	eventually(t, "the later record", func() bool { return s.distinct() == 55 })
	if n := len(s.in(resources.RawTopic())); n != 55 {
		t.Errorf("%d messages after a clean restart, want 55: none twice", n)
	}
}

func TestOffsetsStayBehindAnUnconfirmedRecord(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	const stuck = 7
	var attempts atomic.Int64
	s.refusal.set(func(request *pubsubpb.PublishRequest) error {
		for _, m := range request.GetMessages() {
			if offsetOf(t, m) == stuck {
				attempts.Add(1)
				return grpcstatus.Error(codes.PermissionDenied, "not this one")
			}
		}
		return nil
	})
	r := s.start(s.stream())
	for _, v := range numbered(12) {
		s.produce(night, 0, v) // one by one, so that not all share a batch
	}
	eventually(t, "the records around it in Pub/Sub, and it tried again", func() bool {
		return s.distinct() == 11 && attempts.Load() > 2
	})
	eventually(t, "commit up to it", func() bool { return s.committed(night, 0) == stuck })
	if code, body := r.get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "publishing fails") {
		t.Errorf("/readyz = %d %q, want 503 and why", code, body)
	}
	if _, body := r.get("/metrics"); !strings.Contains(body, `nightwire_connector_publish_errors_total{stream="ztf"}`) {
		t.Error("/metrics does not show the publish errors")
	}

	s.refusal.set(nil)
	eventually(t, "commit past it", func() bool { return s.committed(night, 0) == 12 })
	eventually(t, "ready again", func() bool { code, _ := r.get("/readyz"); return code == http.StatusOK })
	if n := s.distinct(); n != 12 {
		t.Errorf("%d records in Pub/Sub, want 12", n)
	}
}

func TestNewNightIsTakenUpWhileRunning(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := s.start(s.stream())
	eventually(t, "ready while it waits for a topic", func() bool {
		code, body := r.get("/readyz")
		return code == http.StatusOK && strings.Contains(body, "not there yet: ztf_{date}_programid1")
	})
	s.createTopic(night, 2)
	s.produce(night, 0, numbered(5)...)
	eventually(t, "the first night", func() bool { return s.distinct() == 5 })

	const second = "ztf_20260102_programid1"
	s.createTopic(second, 2)
	s.produce(second, 1, numbered(4)...)
	s.produce(night, 1, numbered(3)...)
	eventually(t, "the second night and the rest of the first", func() bool { return s.distinct() == 12 })
	eventually(t, "commits", func() bool {
		return s.committed(night, 0) == 5 && s.committed(night, 1) == 3 && s.committed(second, 1) == 4
	})
	if n := len(s.in(resources.RawTopic())); n != 12 {
		t.Errorf("%d messages, want 12: the new topic must not move the positions of the old", n)
	}
}

func TestRecordTooLargeForPubSubLeavesANotice(t *testing.T) {
	t.Parallel()
	s := newStand(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "20000000"}))
	s.createTopic(night, 1)
	s.produce(night, 0, []byte("before"))
	s.produce(night, 0, bytes.Repeat([]byte{1}, 10_500_000))
	s.produce(night, 0, []byte("after"))
	s.start(s.stream())
	eventually(t, "commit past the large record", func() bool { return s.committed(night, 0) == 3 })
	if n := s.distinct(); n != 2 {
		t.Errorf("%d raw messages, want the 2 small ones", n)
	}
	s.wantLetter(map[string]string{
		"nightwire.reason": "oversize", "bytes": "10500000",
		"kafka.partition": "0", "kafka.offset": "1", "kafka.timestamp": "1700000000123",
	})
}

func TestRefusedCommitIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.kafka.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: night, Err: kerr.OffsetMetadataTooLarge, Count: 3})
	s.produce(night, 0, numbered(5)...)
	r := s.start(s.stream())
	eventually(t, "commit", func() bool { return s.committed(night, 0) == 5 })
	if _, body := r.get("/metrics"); !strings.Contains(body, `nightwire_connector_commit_errors_total{stream="ztf"} 3`) {
		t.Error("/metrics does not count the refused commits")
	}
}

func TestSASL(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, kfake.EnableSASL(), kfake.Superuser(mechanism, "astronomer", "starlight"),
				kfake.SeedTopics(1, night))
			stream := s.stream()
			stream.Kafka.SecurityProtocol = "SASL_PLAINTEXT"
			stream.Kafka.SASLMechanism = mechanism
			stream.Kafka.SASLUsername = "astronomer"
			stream.Kafka.SASLPassword = "starlight"
			r := s.start(stream)
			eventually(t, "assignment", func() bool {
				code, body := r.get("/readyz")
				return code == http.StatusOK && strings.Contains(body, "1 partitions assigned")
			})
		})
	}
}

func TestTLSWithOurOwnCA(t *testing.T) {
	t.Parallel()
	// The standard library's test server lends its certificate for 127.0.0.1.
	lender := httptest.NewTLSServer(nil)
	defer lender.Close()
	ca := t.TempDir() + "/ca.pem"
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: lender.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStand(t, kfake.SeedTopics(1, night), kfake.TLS(&tls.Config{Certificates: lender.TLS.Certificates}))
	stream := s.stream()
	stream.Kafka.SecurityProtocol = "SSL"
	stream.Kafka.CAFile = ca
	r := s.start(stream)
	eventually(t, "assignment", func() bool {
		_, body := r.get("/readyz")
		return strings.Contains(body, "1 partitions assigned")
	})
}

func TestKafkaOutOfReachIsNotReady(t *testing.T) {
	t.Parallel()
	s := newStand(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "astronomer", "starlight"))
	r := s.start(s.stream()) // without the password that this Kafka wants
	eventually(t, "not ready, and why", func() bool {
		code, body := r.get("/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "Kafka does not answer")
	})
}

func TestSettingsThatLibrdkafkaRefusesEndTheRun(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	stream := s.stream()
	stream.Kafka.Properties["fetch.wait.max.ms"] = "soon"
	r := New(s.client, resources, stream, 0, status.NewBoard())
	if err := r.Run(t.Context()); !errors.Is(err, errUnusable) {
		t.Errorf("Run = %v, want errUnusable", err)
	}
}
