package kafka_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"nightwire.dev/infra/local/conformance/disk"
	"nightwire.dev/infra/local/kafka"
	"nightwire.dev/infra/local/port/porttest"
)

// The test binary itself is the broker that is killed: with these set it serves
// that folder on that port.
const (
	dirVariable  = "NIGHTWIRE_TEST_KAFKA_DIR"
	portVariable = "NIGHTWIRE_TEST_KAFKA_PORT"
)

// serveUntilKilled prints the broker's address, and waits for the end.
func serveUntilKilled(options kafka.Options) {
	disk.Outlive()
	server, err := kafka.Open(options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.Address())
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// startVictim runs a broker process on a folder; port 0 is a free one.
func startVictim(t *testing.T, dir string, port int) (process *os.Process, kill func(), address string) {
	t.Helper()
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), dirVariable+"="+dir, portVariable+"="+strconv.Itoa(port))
	victim.Stderr = os.Stderr
	input, err := victim.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = victim.Process.Kill()
		_ = victim.Wait()
		input.Close()
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the broker process did not start: %v", err)
	}
	return victim.Process, kill, strings.TrimSpace(line)
}

// TestKilled kills the broker while records are on their way. Each time it
// comes back on its port, all that it had acknowledged is there, and the group
// goes on where it committed.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	committed := map[string]bool{}
	kept := porttest.Keep(t)
	for round := range 4 {
		_, kill, address := startVictim(t, dir, kept.Number)
		produceUntilKilled(t, address, round, acknowledged, kill)

		_, kill, address = startVictim(t, dir, kept.Number)
		reader := newClient(t, address, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
		for key := range consume(t, reader, 10) {
			if committed[key] {
				t.Errorf("round %d: %s came again after its offset was committed", round, key)
			}
			committed[key] = true
		}
		if err := reader.CommitUncommittedOffsets(deadline(t)); err != nil {
			t.Fatal(err)
		}
		reader.Close()
		kill()
	}

	server := open(t, kafka.Options{Dir: dir, Port: kept.Number, Partitions: partitions})
	last := newClient(t, server.Address(), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	missing := 0
	for key := range acknowledged {
		if !committed[key] {
			missing++
		}
	}
	for key := range consume(t, last, missing) {
		if committed[key] {
			t.Errorf("%s came again after its offset was committed", key)
		}
		committed[key] = true
	}
	all := newClient(t, server.Address(), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	there := consume(t, all, len(acknowledged))
	for key := range acknowledged {
		if there[key] == 0 {
			t.Errorf("%s was acknowledged and is lost", key)
		}
	}
}

// produceUntilKilled sends records of the size of an alert, and kills the broker
// once some have been acknowledged, while others are on their way.
func produceUntilKilled(t *testing.T, address string, round int, acknowledged map[string]bool, kill func()) {
	t.Helper()
	const records, killAfter = 400, 150
	writer := newClient(t, address, kgo.DefaultProduceTopic(topic), kgo.DisableIdempotentWrite(), kgo.RecordRetries(0))
	defer writer.Close()
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	done := make(chan string, records)
	for i := range records {
		record := &kgo.Record{Key: fmt.Appendf(nil, "%d-%d", round, i), Value: make([]byte, 71<<10)}
		writer.Produce(ctx, record, func(r *kgo.Record, err error) {
			if err != nil {
				done <- ""
				return
			}
			done <- string(r.Key)
		})
	}
	count := 0
	for range records {
		key := <-done
		if key == "" {
			continue
		}
		acknowledged[key] = true
		if count++; count == killAfter {
			kill()
			cancel()
		}
	}
	if count < killAfter {
		t.Fatalf("only %d records were acknowledged", count)
	}
}
