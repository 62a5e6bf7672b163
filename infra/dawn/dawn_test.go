package dawn_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/infra/dawn"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
)

// caller has a topic, and a bucket that the test writes certificates to.
func caller(t *testing.T) (*dawn.Caller, *pstest.Server) {
	t.Helper()
	h := open(t, names.ZTF)
	server := pstest.NewServer()
	client, err := pubsub.NewClient(context.Background(), h.Project,
		option.WithEndpoint(server.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: h.TopicPath(h.DawnTopic())}); err != nil {
		t.Fatal(err)
	}
	return &dawn.Caller{Resources: h.Resources, Topics: client, Products: h.Products}, server
}

// keep writes a certificate as the function night does.
func keep(t *testing.T, c *dawn.Caller, found certificate.Certificate) {
	t.Helper()
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Write(t.Context(), c.Products.Object(names.CertificateObject(found.Night)), "application/json", text, nil); err != nil {
		t.Fatal(err)
	}
}

// TestAwait passes over what is not the answer: what an earlier dawn left, and
// what is not final.
func TestAwait(t *testing.T) {
	t.Parallel()
	c, server := caller(t)
	keep(t, c, certificate.Certificate{Night: night, State: certificate.Missing, Missing: 9, Dawn: "of yesterday"})
	call, err := c.Send(t.Context(), night)
	if err != nil {
		t.Fatal(err)
	}
	if sent := server.Messages(); len(sent) != 1 || string(sent[0].Data) != night || sent[0].ID != call.ID {
		t.Errorf("sent %v, and the call is %v", sent, call)
	}
	keep(t, c, certificate.Certificate{Night: night, State: certificate.Repairing, Missing: 4, Dawn: call.ID, Repair: &certificate.Repair{Looks: 1}})
	var heard []int
	found, err := c.Await(t.Context(), call, func(look *certificate.Certificate) {
		heard = append(heard, look.Missing)
		keep(t, c, certificate.Certificate{Night: night, State: certificate.Clean, Dawn: call.ID, Repair: &certificate.Repair{Looks: 2}})
	})
	if err != nil || found.State != certificate.Clean || len(heard) != 1 || heard[0] != 4 {
		t.Errorf("found %v, %v; heard of %v missing", found, err, heard)
	}
}

// TestAwaitGivesUp says for what it waited, and why no longer.
func TestAwaitGivesUp(t *testing.T) {
	t.Parallel()
	c, _ := caller(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("there is none after 1s"))
	_, err := c.Await(ctx, dawn.Call{Night: night, ID: "7"}, nil)
	if err == nil || !strings.Contains(err.Error(), night) {
		t.Errorf("error is %v", err)
	}
}

func TestSendWithoutTopic(t *testing.T) {
	t.Parallel()
	c, _ := caller(t)
	c.Resources.Suffix = "t1"
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := c.Send(ctx, night); err == nil || !strings.Contains(err.Error(), "dawn of "+night) {
		t.Errorf("error is %v", err)
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "certificates", "ztf", night+".json")
	page, err := dawn.Save(&certificate.Certificate{Stream: "ztf", Night: night, State: certificate.Clean}, path)
	if err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(page)
	if err != nil || filepath.Base(page) != night+".html" || !strings.Contains(string(html), "nothing is missing") {
		t.Errorf("page %s, %v", page, err)
	}
	text, err := os.ReadFile(path)
	found := new(certificate.Certificate)
	if err != nil || json.Unmarshal(text, found) != nil || found.Night != night {
		t.Errorf("certificate %s, %v", text, err)
	}
}
