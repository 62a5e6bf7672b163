// Package kafka runs a Kafka broker inside the process, on files, for the local
// stack: the connector's unchanged client speaks to it as to a survey's broker.
//
// In: Kafka's own protocol on a port of the loopback interface, in the clear or
// over TLS, with or without SASL. Out: the records, topics and committed offsets
// that were put in. The caller is the local stack, and tests of the connector.
//
// The broker is franz-go's kfake. Every record and every committed offset is
// handed to the operating system before it is acknowledged, so what was
// acknowledged survives the death of the process at any moment, though not that
// of the machine. A folder belongs to one process at a time.
//
// A topic is made by an administrator's request, or by a client that asks for it
// and says that it may be made.
//
// Two costs are to be known. A topic keeps its records until it is deleted,
// unless it was made with a retention of its own. And on opening, every record
// is read once to be indexed, and all of them are in memory together if the
// process before did not call Close.
package kafka

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Options says where a broker keeps its files and whom it lets in.
type Options struct {
	// Dir holds the records, and the certificates if there is TLS. It is
	// created if it is not there.
	Dir string

	// Port is the port on 127.0.0.1. The default is a free one.
	Port int

	// TLS asks for encrypted connections, with a certificate for 127.0.0.1 and
	// localhost that the broker signs itself: see Server.CAFile.
	TLS bool

	// User and Password are what clients must present by SASL, with PLAIN,
	// SCRAM-SHA-256 or SCRAM-SHA-512. Without a user there is no SASL.
	User, Password string

	// Partitions is how many partitions a topic gets if the client that makes
	// it does not say. The default is 1.
	Partitions int

	// Logger receives the broker's warnings. The default is slog.Default.
	Logger *slog.Logger
}

// maxMessageBytes is far above an alert, and above Kafka's default of 1 MB, so
// that batches of alerts fit too.
const maxMessageBytes = 32 << 20

// segmentBytes is small, to bound what one file costs in memory when it is read
// at the start.
const segmentBytes = 32 << 20

// Server is a running broker.
type Server struct {
	cluster *kfake.Cluster
	caFile  string
	log     *slog.Logger
}

// Open starts a broker on the folder, with all that is in it.
func Open(options Options) (*Server, error) {
	s, err := open(options)
	if err != nil {
		return nil, fmt.Errorf("open kafka %s: %w", options.Dir, err)
	}
	return s, nil
}

func open(options Options) (*Server, error) {
	s := &Server{log: cmp.Or(options.Logger, slog.Default())}
	records := filepath.Join(options.Dir, "records")
	if err := os.MkdirAll(records, 0o777); err != nil {
		return nil, err
	}
	configuration := []kfake.Opt{
		kfake.Ports(options.Port),
		kfake.DataDir(records),
		kfake.ClusterID("nightwire"),
		kfake.DefaultNumPartitions(max(options.Partitions, 1)),
		kfake.BrokerConfigs(map[string]string{
			"message.max.bytes": strconv.Itoa(maxMessageBytes),
			"log.segment.bytes": strconv.Itoa(segmentBytes),
		}),
		kfake.WithLogger(logger{s.log}),
	}
	if options.User != "" {
		configuration = append(configuration, kfake.EnableSASL())
		for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
			configuration = append(configuration, kfake.Superuser(mechanism, options.User, options.Password))
		}
	}
	// The broker prefers the users of its folder to those it is given. Here the
	// options are to decide.
	if err := os.Remove(filepath.Join(records, "sasl.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, log := range []string{"groups.log", "pids.log"} {
		if err := cutTornEntry(filepath.Join(records, log)); err != nil {
			return nil, err
		}
	}
	if options.TLS {
		certificates, err := openCertificates(options.Dir)
		if err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
		s.caFile = certificates.caFile
		configuration = append(configuration, kfake.TLS(&tls.Config{
			Certificates: []tls.Certificate{certificates.server},
			MinVersion:   tls.VersionTLS12,
		}))
	}
	var err error
	if s.cluster, err = kfake.NewCluster(configuration...); err != nil {
		return nil, err
	}
	s.cluster.ControlKey(int16(kmsg.Metadata), s.createAskedFor)
	if options.User != "" {
		if err := s.announceHandshake(); err != nil {
			s.cluster.Close()
			return nil, err
		}
	}
	// The records that were read to be indexed are garbage now, and they may be
	// gigabytes: the machine has other servers to run.
	debug.FreeOSMemory()
	return s, nil
}

// Address is where clients find the broker: "127.0.0.1:9092".
func (s *Server) Address() string { return s.cluster.ListenAddrs()[0] }

// CAFile is the certificate, in PEM, that clients must trust; "" without TLS.
// It is what librdkafka calls ssl.ca.location.
func (s *Server) CAFile() string { return s.caFile }

// createAskedFor makes the topics that a metadata request asks for and allows
// to be made, and leaves the answer to the broker. The broker could make them
// itself, but it would forget them, with their records, if it were killed.
func (s *Server) createAskedFor(request kmsg.Request) (kmsg.Response, error, bool) { //nolint:revive // the order is kfake's
	metadata, ok := request.(*kmsg.MetadataRequest)
	if !ok || !metadata.AllowAutoTopicCreation {
		return nil, nil, false
	}
	for _, topic := range metadata.Topics {
		if topic.Topic == nil {
			continue
		}
		err := s.cluster.CreateTopic(*topic.Topic, 0, nil)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			s.log.Warn("kafka broker", slog.String("topic", *topic.Topic), slog.Any("error", err))
		}
	}
	return nil, nil, false
}

// Close stops the broker. After it the folder opens faster than after a crash.
func (s *Server) Close() { s.cluster.Close() }

// logger passes on the broker's warnings and errors.
type logger struct {
	log *slog.Logger
}

func (l logger) Logf(level kfake.LogLevel, format string, values ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("kafka broker", slog.String("detail", fmt.Sprintf(format, values...)))
	case kfake.LogLevelWarn:
		l.log.Warn("kafka broker", slog.String("detail", fmt.Sprintf(format, values...)))
	}
}
