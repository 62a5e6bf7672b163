package kafka_test

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"nightwire.dev/infra/local/conformance/disk"
	"nightwire.dev/infra/local/kafka"
)

// TestFullDisk: a record for which there is no room is refused to its producer,
// whether it is idempotent or not, and is not there later; what was there is
// read meanwhile. With room again the same producers go on.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	process, kill, address := startVictim(t, dir, 0)
	producers := map[string]*kgo.Client{
		"idempotent": newClient(t, address, kgo.DefaultProduceTopic(topic)),
		"plain":      newClient(t, address, kgo.DefaultProduceTopic(topic), kgo.DisableIdempotentWrite(), kgo.RecordRetries(0)),
	}
	acknowledged := map[string]int{}
	produce := func(when string) {
		t.Helper()
		for name, client := range producers {
			key := name + " " + when
			if err := client.ProduceSync(deadline(t), &kgo.Record{Key: []byte(key)}).FirstErr(); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			acknowledged[key] = 1
		}
	}
	there := func(address string) {
		t.Helper()
		reader := newClient(t, address, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		if diff := cmp.Diff(acknowledged, consume(t, reader, len(acknowledged))); diff != "" {
			t.Errorf("records (-acknowledged +there):\n%s", diff)
		}
	}
	produce("before")

	free := disk.Fill(t, process)
	for name, client := range producers {
		for i := range 3 {
			record := &kgo.Record{Key: fmt.Appendf(nil, "refused %d", i)}
			if err := client.ProduceSync(deadline(t), record).FirstErr(); err == nil {
				t.Errorf("%s: record %d was acknowledged on a full disk", name, i)
			}
		}
	}
	there(address)
	free()

	produce("after")
	there(address)
	kill()
	there(open(t, kafka.Options{Dir: dir, Partitions: partitions}).Address())
}

// TestPortTaken: a broker does not start on a port that another program has,
// and says which it is; its folder can be opened on another.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	port := taken.Addr().(*net.TCPAddr).Port
	server, err := kafka.Open(kafka.Options{Dir: dir, Port: port, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		server.Close()
		t.Fatal("the broker started on a port that was taken")
	}
	if !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("the error does not name port %d: %v", port, err)
	}
	if err := newClient(t, open(t, kafka.Options{Dir: dir}).Address()).Ping(deadline(t)); err != nil {
		t.Error(err)
	}
}
