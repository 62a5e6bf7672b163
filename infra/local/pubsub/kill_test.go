package pubsub_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"

	"nightwire.dev/infra/local/conformance/disk"
	"nightwire.dev/infra/local/pubsub"
)

// victimDir names the variable that makes the test's own program a server in
// that folder, to be killed.
const victimDir = "PUBSUB_TEST_VICTIM_DIR"

func serveUntilKilled(dir string) {
	disk.Outlive()
	server, err := pubsub.Open(pubsub.Options{Dir: dir, SegmentBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	fmt.Fprintln(os.Stderr, server.Serve(listener))
	os.Exit(1)
}

// startVictim runs the server in another process and returns its address.
func startVictim(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), victimDir+"="+dir)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have been
		_ = command.Wait()
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return command, strings.TrimSpace(address)
}

// Durability: a message whose publish was answered is delivered, though the
// server was killed at any moment while others were being published.
func TestPublishedSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	answered := make(map[string]string) // text by id
	var created bool
	for round := range 8 {
		victim, address := startVictim(t, dir)
		h := &house{names: newNames(observatory, ""), t: t, client: newClient(t, address)}
		if !created {
			h.topic(h.alerts)
			h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
			created = true
		}
		maps.Copy(answered, publishUntilKilled(t, h, round, func() {
			if err := victim.Process.Kill(); err != nil {
				t.Errorf("kill: %v", err)
			}
		}))
		if err := victim.Wait(); err == nil {
			t.Error("the server was not killed")
		}
		if err := h.client.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(answered) == 0 {
		t.Fatal("no publish was answered")
	}

	h := newHouse(t, func(o *pubsub.Options) { o.Dir = dir })
	got := make(map[string]string)
	for len(missing(answered, got)) > 0 {
		messages := h.pull(h.archive, 1)
		for _, m := range messages {
			got[m.GetMessage().GetMessageId()] = string(m.GetMessage().GetData())
		}
		h.acknowledge(h.archive, messages...)
		if h.server.Backlog()[0].Undelivered == 0 {
			break
		}
	}
	if lost := missing(answered, got); len(lost) > 0 {
		t.Errorf("%d of %d answered messages were not delivered: %v", len(lost), len(answered), lost)
	}
	for id, text := range answered {
		if diff := cmp.Diff(text, got[id]); diff != "" {
			t.Errorf("message %s (-published +delivered):\n%s", id, diff)
		}
	}
}

// An acknowledgement, and a refusal, that was answered is remembered, though the
// server was killed at once.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, address := startVictim(t, dir)
	h := &house{names: newNames(observatory, ""), t: t, client: newClient(t, address)}
	h.topic(h.alerts)
	h.topic(h.letters)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts, DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters}})
	h.publish(h.alerts, numbered(50)...)
	out := h.pull(h.archive, 40)
	h.acknowledge(h.archive, out[:30]...)
	h.refuse(h.archive, out[30])
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	if err := h.client.Close(); err != nil {
		t.Error(err)
	}

	again := newHouse(t, func(o *pubsub.Options) { o.Dir = dir })
	want, got := make(map[string]int32), make(map[string]int32)
	for _, text := range numbered(50)[30:] {
		want[text] = 1
	}
	want["alert 0030"] = 2
	for _, m := range again.pull(h.archive, again.server.Backlog()[0].Undelivered) {
		got[string(m.GetMessage().GetData())] = m.GetDeliveryAttempt()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attempt of what is left (-want +got):\n%s", diff)
	}
}

// publishUntilKilled publishes from several goroutines, kills after a random
// number of answers, and returns what was answered.
func publishUntilKilled(t *testing.T, h *house, round int, kill func()) map[string]string {
	var (
		mu       sync.Mutex
		answered = make(map[string]string)
		once     sync.Once
		group    sync.WaitGroup
	)
	after := 20 + rand.IntN(200)
	filling := strings.Repeat("x", 20_000)
	for worker := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				text := fmt.Sprintf("round %d worker %d message %d %s", round, worker, i, filling)
				r, err := h.client.TopicAdminClient.Publish(t.Context(), &pubsubpb.PublishRequest{
					Topic:    h.alerts,
					Messages: []*pubsubpb.PubsubMessage{{Data: []byte(text)}, {Data: []byte(text + " twin")}},
				}, noRetry)
				if err != nil {
					return
				}
				mu.Lock()
				for k, id := range r.GetMessageIds() {
					if _, again := answered[id]; again {
						t.Errorf("message id %s given twice", id)
					}
					answered[id] = text + []string{"", " twin"}[k]
				}
				full := len(answered) >= after
				mu.Unlock()
				if full {
					once.Do(kill)
				}
			}
		})
	}
	group.Wait()
	return answered
}

func missing(want, got map[string]string) []string {
	var ids []string
	for id := range want {
		if _, ok := got[id]; !ok {
			ids = append(ids, id)
		}
	}
	return slices.Sorted(slices.Values(ids))
}
