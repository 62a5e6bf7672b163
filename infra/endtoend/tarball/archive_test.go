// Package tarball_test makes nights' tarballs on the local Cloud Storage, kills
// their maker at every request that changes something, and reads what is there.
//
// The maker asks more of a server than a fake has: compositions, preconditions,
// listings by range, from many requests at once. That server is infra's; infra
// and the functions know nothing of each other, so both find the maker in shared.
package tarball_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/option"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/tarball"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

const day = "2026-09-01"

var resources = names.Resources{Project: "nightwire", Stream: names.ZTF}

// small makes many parts out of few files.
var small = tarball.Sizes{Part: 1500, Block: 600}

// archive is an archive and a bucket of products on a server.
type archive struct {
	*house.Buckets
	files map[string][]byte // of the night, by name
}

func newArchive(t testing.TB, files map[string][]byte) *archive {
	t.Helper()
	a := &archive{house.Storage(t, resources), map[string][]byte{}}
	a.add(t, files)
	return a
}

// add archives files, as the function archive does.
func (a *archive) add(t testing.TB, files map[string][]byte) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for name, content := range files {
		if strings.Contains(name, "night="+day) {
			a.files[name] = content
		}
		group.Go(func() error {
			object := a.Alerts.Object(name).If(gcs.Conditions{DoesNotExist: true})
			_, err := bucket.Write(ctx, object, "application/avro", content, map[string]string{
				"mjd": "61284.25000000", "sha256": fmt.Sprintf("%x", sha256.Sum256(content)),
				"kafka.topic": "ztf_20260901_programid1", "kafka.partition": "3", "kafka.offset": "1234",
			})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// randomNight is files of about a kilobyte, in an order that is not theirs.
func randomNight(seed uint64, n int) map[string][]byte {
	random := rand.New(rand.NewPCG(seed, 0))
	files := map[string][]byte{
		"v4.02/night=2026-08-31/ZTF26aaaaaaa/1.avro": []byte("another night"),
		"v4.02/night=2026-09-02/ZTF26aaaaaaa/2.avro": []byte("another night"),
	}
	for i := range n {
		content := make([]byte, random.IntN(2000))
		for i := range content {
			content[i] = "Avro"[random.IntN(4)]
		}
		name := fmt.Sprintf("v4.02/night=%s/ZTF26%07d/%019d.avro", day, random.IntN(1e6), int64(i))
		files[name] = content
	}
	return files
}

// maker makes tarballs through a client of its own, whose requests pass through
// a transport.
func (a *archive) maker(t testing.TB, transport http.RoundTripper) *tarball.Maker {
	t.Helper()
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint("http://"+a.Address+"/storage/v1/"),
		option.WithHTTPClient(&http.Client{Transport: transport}), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	client.SetRetry(gcs.WithPolicy(gcs.RetryNever))
	t.Cleanup(func() { client.Close() })
	return &tarball.Maker{
		Resources: resources, Alerts: client.Bucket(resources.AlertsBucket()), Products: client.Bucket(resources.ProductsBucket()),
		Sizes: small,
	}
}

func never() bool { return false }

func (a *archive) mustMake(t testing.TB, want tarball.Outcome) tarball.Result {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	r, err := a.maker(t, transport).Make(t.Context(), day, never)
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != want {
		t.Fatalf("the tarball is %s, want %s", r.Outcome, want)
	}
	return r
}

// product reads an object of the bucket of products.
func (a *archive) product(t testing.TB, name string) string {
	t.Helper()
	r, err := a.Products.Object(name).NewReader(t.Context())
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return string(content)
}

func (a *archive) products(t testing.TB) []string {
	t.Helper()
	var found []string
	for o, err := range bucket.Objects(t.Context(), a.Products, nil) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, o.Name)
	}
	return found
}
