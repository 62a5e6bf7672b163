package storage_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"nightwire.dev/infra/local/conformance/disk"
	"nightwire.dev/infra/local/storage"
)

// The test binary itself is the process that is killed: with the first
// variable set it serves that folder, publishing to the address in the second.
const (
	serveVariable   = "NIGHTWIRE_TEST_STORAGE_DIR"
	publishVariable = "NIGHTWIRE_TEST_PUBSUB_ADDRESS"
)

// serveUntilKilled prints its address, and serves.
func serveUntilKilled(dir string) {
	disk.Outlive()
	if err := serve(dir, os.Getenv(publishVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(dir, pubsub string) error {
	connection, err := grpc.NewClient(pubsub, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	server, err := storage.Open(storage.Options{Dir: dir, Publisher: pubsubpb.NewPublisherClient(connection)})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test, however that ends
		os.Exit(0)
	}()
	return http.Serve(listener, server.Handler())
}

// inbox is a Pub/Sub server that counts how often each object was notified.
type inbox struct {
	pubsubpb.UnimplementedPublisherServer
	mu       sync.Mutex
	notified map[string]int
}

func (i *inbox) Publish(_ context.Context, r *pubsubpb.PublishRequest) (*pubsubpb.PublishResponse, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, m := range r.GetMessages() {
		i.notified[r.GetTopic()+" "+m.GetAttributes()["objectId"]]++
	}
	return &pubsubpb.PublishResponse{MessageIds: make([]string, len(r.GetMessages()))}, nil
}

func startInbox(t testing.TB) (*inbox, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{notified: map[string]int{}}
	server := grpc.NewServer()
	pubsubpb.RegisterPublisherServer(server, in)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return in, listener.Addr().String()
}

// startVictim runs a server process and returns its address.
func startVictim(t testing.TB, dir, pubsub string) (*exec.Cmd, string) {
	t.Helper()
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), serveVariable+"="+dir, publishVariable+"="+pubsub)
	victim.Stderr = os.Stderr
	if _, err := victim.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = victim.Process.Kill()
		_ = victim.Wait()
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the server process did not start: %v", err)
	}
	return victim, "http://" + strings.TrimSpace(address)
}

// packet is a content that tells whether it is whole: a name, padding of the
// size of an alert, and a digest of both.
func packet(name string) []byte {
	body := append([]byte(name+"\n"), make([]byte, 70<<10)...)
	sum := sha256.Sum256(body)
	return append(body, sum[:]...)
}

func whole(content []byte) bool {
	if len(content) < sha256.Size {
		return false
	}
	body := content[:len(content)-sha256.Size]
	return sha256.Sum256(body) == [sha256.Size]byte(content[len(body):])
}

// TestKilled kills the server process again and again in the middle of writes.
// What it had acknowledged is there, all that is there is whole, and everything
// that is there has been notified.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, pubsub := startInbox(t)
	acknowledged := map[string]bool{}
	for round := range 5 {
		victim, url := startVictim(t, dir, pubsub)
		client, err := gcs.NewClient(t.Context(), option.WithEndpoint(url+"/storage/v1/"), option.WithoutAuthentication())
		if err != nil {
			t.Fatal(err)
		}
		bucket := client.Bucket(bucketName)
		if round == 0 {
			if err := bucket.Create(t.Context(), "nightwire", nil); err != nil {
				t.Fatal(err)
			}
			if _, err := bucket.AddNotification(t.Context(), &gcs.Notification{
				TopicProjectID: "nightwire", TopicID: "ztf-archived", PayloadFormat: gcs.JSONPayload,
				EventTypes: []string{gcs.ObjectFinalizeEvent},
			}); err != nil {
				t.Fatal(err)
			}
		}
		writeUntilKilled(t, bucket, round, acknowledged, victim)
		client.Close()
	}
	verify(t, dir, pubsub, in, acknowledged)
}

// writeUntilKilled writes with many writers, and kills the server once some
// objects have been acknowledged, while others are on their way.
func writeUntilKilled(t *testing.T, bucket *gcs.BucketHandle, round int, acknowledged map[string]bool, victim *exec.Cmd) {
	t.Helper()
	const writers, killAfter = 8, 150
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan string)
	var running sync.WaitGroup
	for writer := range writers {
		running.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("v4.02/night=2026-11-2%d/ZTF26aa%d/%d.avro", round, writer, i)
				object := bucket.Object(name).If(gcs.Conditions{DoesNotExist: true})
				if _, err := write(ctx, object, packet(name), nil); err != nil {
					return
				}
				done <- name
			}
		})
	}
	go func() {
		running.Wait()
		close(done)
	}()
	count := 0
	for name := range done {
		acknowledged[name] = true
		if count++; count == killAfter {
			if err := victim.Process.Kill(); err != nil {
				t.Errorf("kill the server: %v", err)
			}
			_ = victim.Wait()
			cancel()
		}
	}
	if count < killAfter {
		t.Fatalf("the writers stopped after %d objects", count)
	}
}

func verify(t *testing.T, dir, pubsub string, in *inbox, acknowledged map[string]bool) {
	t.Helper()
	connection, err := grpc.NewClient(pubsub, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	s := startWith(t, storage.Options{Dir: dir, Publisher: pubsubpb.NewPublisherClient(connection), Logger: slog.New(slog.DiscardHandler)})
	await(t, "all notifications to be accepted", func() bool { return s.Pending() == 0 })

	there := map[string]bool{}
	objects := s.client.Bucket(bucketName).Objects(t.Context(), nil)
	for {
		attrs, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		there[attrs.Name] = true
		if content := mustRead(t, s.client.Bucket(bucketName).Object(attrs.Name)); !whole([]byte(content)) {
			t.Errorf("%s is not whole", attrs.Name)
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for name := range acknowledged {
		if !there[name] {
			t.Errorf("%s was acknowledged and is not there", name)
		}
	}
	for name := range there {
		if in.notified["projects/nightwire/topics/ztf-archived "+name] == 0 {
			t.Errorf("%s was never notified", name)
		}
	}
	if staged, err := filepath.Glob(filepath.Join(dir, bucketName, "staging", "*")); err != nil || len(staged) != 0 {
		t.Errorf("left in staging: %v %v", staged, err)
	}
}
