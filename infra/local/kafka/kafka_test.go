package kafka_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"go.uber.org/goleak"

	"nightwire.dev/infra/local/kafka"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVariable); dir != "" {
		port, _ := strconv.Atoi(os.Getenv(portVariable))
		serveUntilKilled(kafka.Options{Dir: dir, Port: port, Partitions: partitions})
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	topic      = "ztf_20261121_programid1"
	group      = "nightwire"
	partitions = 4
)

func open(t *testing.T, options kafka.Options) *kafka.Server {
	t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	server, err := kafka.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func newClient(t *testing.T, address string, more ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(address),
		kgo.AllowAutoTopicCreation(),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.MetadataMinAge(10 * time.Millisecond),
		kgo.DisableClientMetrics(),
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// deadline is for a test that fails.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// consume reads until the wanted number of records has come.
func consume(t *testing.T, client *kgo.Client, want int) map[string]int {
	t.Helper()
	ctx := deadline(t)
	got := map[string]int{}
	for count := 0; count < want; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", count, want, err)
		}
		for _, record := range fetches.Records() {
			got[string(record.Key)]++
			count++
		}
	}
	return got
}

// TestClosed: an orderly end loses nothing either.
func TestClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := open(t, kafka.Options{Dir: dir})
	writer := newClient(t, server.Address(), kgo.DefaultProduceTopic(topic))
	if err := writer.ProduceSync(deadline(t), &kgo.Record{Key: []byte("a")}, &kgo.Record{Key: []byte("b")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	server.Close()

	server = open(t, kafka.Options{Dir: dir})
	reader := newClient(t, server.Address(), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, consume(t, reader, 2)); diff != "" {
		t.Error(diff)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	options := kafka.Options{Dir: dir, TLS: true, User: "nightwire", Password: "right"}
	server := open(t, options)
	trust := trusting(t, server.CAFile())
	for name, c := range map[string]struct {
		login func(password string) sasl.Mechanism
	}{
		"SCRAM-SHA-512": {func(p string) sasl.Mechanism { return scram.Auth{User: "nightwire", Pass: p}.AsSha512Mechanism() }},
		"SCRAM-SHA-256": {func(p string) sasl.Mechanism { return scram.Auth{User: "nightwire", Pass: p}.AsSha256Mechanism() }},
		"PLAIN":         {func(p string) sasl.Mechanism { return plain.Auth{User: "nightwire", Pass: p}.AsMechanism() }},
	} {
		right := newClient(t, server.Address(), kgo.DialTLSConfig(trust), kgo.SASL(c.login("right")))
		if err := right.Ping(deadline(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wrong := newClient(t, server.Address(), kgo.DialTLSConfig(trust), kgo.SASL(c.login("wrong")))
		if err := wrong.Ping(deadline(t)); err == nil {
			t.Errorf("%s: a wrong password is let in", name)
		}
	}
	if err := newClient(t, server.Address(), kgo.DialTLSConfig(trust)).Ping(deadline(t)); err == nil {
		t.Error("without a password one is let in")
	}
	server.Close()

	options.Password = "other"
	again := open(t, options)
	trust = trusting(t, again.CAFile())
	changed := newClient(t, again.Address(), kgo.DialTLSConfig(trust), kgo.SASL(scram.Auth{User: "nightwire", Pass: "other"}.AsSha512Mechanism()))
	if err := changed.Ping(deadline(t)); err != nil {
		t.Errorf("after a change of the password: %v", err)
	}
}

func trusting(t *testing.T, caFile string) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("no certificate in %s", caFile)
	}
	return &tls.Config{RootCAs: roots}
}

// TestCertificateKept: clients that trust the authority go on doing so.
func TestCertificateKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for range 2 {
		server := open(t, kafka.Options{Dir: dir, TLS: true})
		text, err := os.ReadFile(server.CAFile())
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(text))
		server.Close()
	}
	if files[0] != files[1] {
		t.Error("the authority changed")
	}
	if err := os.WriteFile(filepath.Join(dir, "tls", "server.pem"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	server := open(t, kafka.Options{Dir: dir, TLS: true})
	if err := newClient(t, server.Address(), kgo.DialTLSConfig(trusting(t, server.CAFile()))).Ping(deadline(t)); err != nil {
		t.Errorf("after the certificate was damaged: %v", err)
	}
}
