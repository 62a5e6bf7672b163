package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/kafka"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/certificate"
)

// combined are the watermarks of each partition as a reader combines them.
const combined = "SELECT CAST(night AS STRING), topic, `partition`, MIN(first), MAX(last), MIN(low), MAX(high), MAX(confirmed) " +
	"FROM watermarks WHERE `partition` IS NOT NULL GROUP BY night, topic, `partition` ORDER BY topic, `partition`"

// ask asks the tables of a stack that runs.
func ask(t *testing.T, e stack.Endpoints, sql string) (rows [][]any) {
	t.Helper()
	w, err := e.Warehouse(t.Context(), discard)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	result, err := w.Query(t.Context(), sql, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// awaitAnswer asks until the answer is the wanted one.
func awaitAnswer(t *testing.T, e stack.Endpoints, sql string, want [][]any) {
	t.Helper()
	var got [][]any
	t.Cleanup(func() {
		if diff := cmp.Diff(want, got); t.Failed() && diff != "" {
			t.Logf("%s (-want +got):\n%s\n%s", sql, diff, logs(e.Dir))
		}
	})
	await(t, func() bool {
		got = ask(t, e, sql)
		return cmp.Equal(want, got)
	})
}

// interrupt ends a stack as Ctrl-C does.
func (l *life) interrupt(t *testing.T) {
	t.Helper()
	if err := l.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := l.command.Wait(); err != nil {
		t.Fatalf("the stack ended with %v", err)
	}
}

// TestTopicThatComesLate has no topic at first, and for all that the connector
// knows never one: it says that it lives, and what it awaits. Then the night's
// topic comes, with alerts from both sides of midnight UTC: their files and
// their rows go by the time of the observation, the topic's offsets by its name.
func TestTopicThatComesLate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0")
	e := up.endpoints(t, dir)
	awaitAnswer(t, e, `SELECT COUNT(DISTINCT reported_at) > 1, LOGICAL_AND(night = DATE(reported_at)), COUNT(topic)
		FROM watermarks WHERE 'ztf_{date}_programid1' IN UNNEST(awaiting)`, [][]any{{true, true, int64(0)}})
	if n := ask(t, e, "SELECT COUNT(*) FROM ledger")[0][0]; n != int64(0) {
		t.Errorf("%v records in the ledger before there is a topic", n)
	}

	const topic = "ztf_20260901_programid1"
	createTopic(t, cluster.Kafka{Bootstrap: e.Kafka}, topic)
	for _, night := range []string{"2026-09-01", "2026-09-02"} {
		if out, err := nightwire(t, dir, "feed", "--synthetic", "10", "--night", night, "--topic", topic); err != nil {
			t.Fatalf("feed: %v\n%s", err, out)
		}
	}
	awaitAnswer(t, e, combined, [][]any{
		{"2026-09-01", topic, int64(0), int64(0), int64(19), int64(0), int64(20), int64(20)},
	})
	awaitAnswer(t, e, "SELECT CAST(night AS STRING), kafka.topic, COUNT(*) FROM records GROUP BY night, kafka.topic ORDER BY 1", [][]any{
		{"2026-09-01", topic, int64(10)}, {"2026-09-02", topic, int64(10)},
	})
	awaitAnswer(t, e, "SELECT CAST(night AS STRING), COUNT(*) FROM alerts GROUP BY night ORDER BY 1", [][]any{
		{"2026-09-01", int64(10)}, {"2026-09-02", int64(10)},
	})
	awaitAnswer(t, e, "SELECT ARRAY_LENGTH(awaiting), drained FROM watermarks WHERE topic IS NOT NULL ORDER BY reported_at DESC LIMIT 1",
		[][]any{{int64(0), false}})
	up.interrupt(t)
}

// TestOffsetsThatAreGone lets records expire: some of a topic that was being
// read, while the stack does not run, and all of one that nobody has read, which
// Kafka goes on advertising.
func TestOffsetsThatAreGone(t *testing.T) {
	t.Parallel()
	const tonight, expired = "ztf_20260901_programid1", "ztf_20260831_programid1"
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0")
	e := up.endpoints(t, dir)
	createTopic(t, cluster.Kafka{Bootstrap: e.Kafka}, tonight)
	if out, err := nightwire(t, dir, "feed", "--synthetic", "5", "--topic", tonight); err != nil {
		t.Fatalf("feed: %v\n%s", err, out)
	}
	awaitRows(t, e, 5)
	up.interrupt(t)

	broker, err := kafka.Open(kafka.Options{Dir: filepath.Join(dir, "kafka"), Logger: discard})
	if err != nil {
		t.Fatal(err)
	}
	there := cluster.Kafka{Bootstrap: broker.Address()}
	produce(t, there, tonight, 10)
	expire(t, there, tonight, 12)
	broker.Close()

	// It tells where the first stack listened.
	if err := os.Remove(filepath.Join(dir, "stack.json")); err != nil {
		t.Fatal(err)
	}
	up = start(t, dir, "up", "--port", "0")
	e = up.endpoints(t, dir)
	awaitRows(t, e, 8)
	up.signalChild(t, "connector", syscall.SIGSTOP) // it sees neither topic nor records before they are gone
	there = cluster.Kafka{Bootstrap: e.Kafka}
	createTopic(t, there, expired)
	produce(t, there, expired, 4)
	expire(t, there, expired, 4)
	up.signalChild(t, "connector", syscall.SIGCONT)
	awaitAnswer(t, e, combined, [][]any{
		{"2026-08-31", expired, int64(0), nil, nil, int64(4), int64(4), int64(4)},
		{"2026-09-01", tonight, int64(0), int64(0), int64(14), int64(0), int64(15), int64(15)},
	})
	awaitAnswer(t, e, "SELECT DISTINCT topic, g.`from`, g.`to`, g.reason FROM watermarks, UNNEST(gaps) AS g", [][]any{
		{tonight, int64(5), int64(12), "gap"},
	})
	var want [][]any
	for _, offset := range []int64{0, 1, 2, 3, 4, 12, 13, 14} {
		want = append(want, []any{tonight, offset, "stored"})
	}
	awaitAnswer(t, e, "SELECT kafka.topic, kafka.offset, outcome FROM records ORDER BY kafka.offset", want)
	// Two processes have reported, of which the first has ended.
	awaitAnswer(t, e, "SELECT COUNT(DISTINCT connector), COUNT(DISTINCT IF(drained, connector, NULL)) FROM watermarks",
		[][]any{{int64(2), int64(1)}})
	// What was gone before anybody looked is missing as well.
	for night, want := range map[string][]certificate.Span{
		"2026-08-31": {{Topic: expired, First: 0, Last: 3}}, "2026-09-01": {{Topic: tonight, First: 5, Last: 11}},
	} {
		c := dawn(t, dir, false, night)
		if diff := cmp.Diff(want, c.Lost(certificate.Expired).Spans); diff != "" || c.State != certificate.Missing {
			t.Errorf("%s: %s %q; gone (-want +got):\n%s", night, c.State, c.Doubts, diff)
		}
	}
	up.interrupt(t)
}

// createTopic makes a topic of one partition, so that offsets are in the order
// of the alerts.
func createTopic(t *testing.T, k cluster.Kafka, topic string) {
	t.Helper()
	admin := connect(t, k)
	answer, err := admin.CreateTopic(t.Context(), 1, 1, nil, topic)
	if err != nil || answer.Err != nil {
		t.Fatalf("create %s: %v, %v", topic, err, answer.Err)
	}
}

func connect(t *testing.T, k cluster.Kafka) *kadm.Client {
	t.Helper()
	client, err := k.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// produce sends n synthetic alerts of a night that no other test has.
func produce(t *testing.T, k cluster.Kafka, topic string, n int) {
	t.Helper()
	client, err := k.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	night, err := source.Synthetic(99, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), n)
	if err != nil {
		t.Fatal(err)
	}
	for packet, err := range night.Packets {
		if err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: packet.Bytes}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// expire deletes the records before an offset, as Kafka's retention does.
func expire(t *testing.T, k cluster.Kafka, topic string, before int64) {
	t.Helper()
	of := kadm.Offsets{}
	of.AddOffset(topic, 0, before, -1)
	answer, err := connect(t, k).DeleteRecords(t.Context(), of)
	if err == nil {
		err = answer.Error()
	}
	if err != nil {
		t.Fatal(fmt.Errorf("delete records of %s: %w", topic, err))
	}
}
