package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"pgregory.net/rapid"
)

// parts writes objects of these contents, and returns their handles.
func parts(t *testing.T, bucket *gcs.BucketHandle, contents ...string) []*gcs.ObjectHandle {
	t.Helper()
	handles := make([]*gcs.ObjectHandle, len(contents))
	for i, content := range contents {
		handles[i] = bucket.Object(fmt.Sprintf("parts/%02d", i))
		mustWrite(t, handles[i], content, nil)
	}
	return handles
}

func testCompose(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	ab := bucket.Object("ab").ComposerFrom(parts(t, bucket, "first,", "", "second,")...)
	ab.ContentType, ab.Metadata = "application/gzip", map[string]string{"night": "2026-09-01"}
	made, err := ab.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if made.ComponentCount != 3 || len(made.MD5) > 0 || made.ContentType != "application/gzip" || made.Metadata["night"] != "2026-09-01" {
		t.Errorf("made %+v", made)
	}
	const both = "first,second,"
	if sum := crc32.Checksum([]byte(both), crc32.MakeTable(crc32.Castagnoli)); made.CRC32C != sum || made.Size != int64(len(both)) {
		t.Errorf("CRC32C %x of %d bytes, want %x of %d", made.CRC32C, made.Size, sum, len(both))
	}
	// A composition of compositions, with itself among the sources.
	again, err := bucket.Object("ab").ComposerFrom(bucket.Object("ab"), bucket.Object("ab"), bucket.Object("parts/00")).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := mustRead(t, bucket.Object("ab")), both+both+"first,"; got != want || again.ComponentCount != 7 {
		t.Errorf("content %q of %d components, want %q of 7", got, again.ComponentCount, want)
	}
	if got := mustRead(t, bucket.Object("parts/02")); got != "second," {
		t.Errorf("a source has become %q", got)
	}
}

// testComposeNumbers sends generations as numbers, as scripts do.
func testComposeNumbers(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	generation := mustWrite(t, bucket.Object("a"), "a", nil).Generation
	for _, c := range []struct {
		offset int64
		source string
		want   int
	}{
		{0, `"generation": %d`, http.StatusOK},
		{1, `"generation": %d`, http.StatusNotFound},
		{0, `"objectPreconditions": {"ifGenerationMatch": %d}`, http.StatusBadRequest},
	} {
		source := fmt.Sprintf(c.source, generation+c.offset)
		body, response := send(t, http.MethodPost, s.url+"/storage/v1/b/"+bucketName+"/o/whole/compose", "",
			`{"sourceObjects": [{"name": "a", `+source+`}]}`)
		if response.StatusCode != c.want {
			t.Errorf("%s: %s %s", source, response.Status, body)
		}
	}
}

func testComposeConditions(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	sources := parts(t, bucket, "a", "b")
	whole := bucket.Object("whole")
	run := func(whole *gcs.ObjectHandle, sources ...*gcs.ObjectHandle) error {
		_, err := whole.ComposerFrom(sources...).Run(t.Context())
		return err
	}
	if err := run(whole.If(gcs.Conditions{DoesNotExist: true}), sources...); err != nil {
		t.Fatal(err)
	}
	attrs, err := whole.Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	source, err := sources[0].Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		whole  *gcs.ObjectHandle
		source *gcs.ObjectHandle
		want   int
	}{
		"the destination is there":          {whole.If(gcs.Conditions{DoesNotExist: true}), sources[0], http.StatusPreconditionFailed},
		"the destination is another":        {whole.If(gcs.Conditions{GenerationMatch: attrs.Generation + 1}), sources[0], http.StatusPreconditionFailed},
		"a source's generation is gone":     {whole, sources[0].Generation(source.Generation + 1), http.StatusNotFound},
		"a source is missing":               {whole, bucket.Object("parts/99"), http.StatusNotFound},
		"the destination has a wicked name": {bucket.Object("a\nb"), sources[0], http.StatusBadRequest},
	}
	for name, c := range cases {
		err := run(c.whole, c.source)
		if code(err) != c.want && (c.want != http.StatusNotFound || !errors.Is(err, gcs.ErrObjectNotExist)) {
			t.Errorf("%s: %v, want %d", name, err, c.want)
		}
	}
	if got := mustRead(t, whole); got != "ab" {
		t.Errorf("refused compositions made of the object %q", got)
	}
	held := run(whole.If(gcs.Conditions{GenerationMatch: attrs.Generation}), sources[1].Generation(mustWrite(t, sources[1], "c", nil).Generation))
	if got := mustRead(t, whole); held != nil || got != "c" {
		t.Errorf("with conditions that hold: %v, content %q", held, got)
	}
}

func testComposeLimits(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	sources := parts(t, bucket, strings.Split(strings.Repeat("x", 33), "")...)
	if _, err := bucket.Object("whole").ComposerFrom(sources...).Run(t.Context()); code(err) != http.StatusBadRequest {
		t.Errorf("33 sources: %v", err)
	}
	if _, err := bucket.Object("whole").ComposerFrom(sources[:32]...).Run(t.Context()); err != nil {
		t.Errorf("32 sources: %v", err)
	}
	c := bucket.Object("checked").ComposerFrom(sources[:2]...)
	c.SendCRC32C, c.CRC32C = true, 1
	if _, err := c.Run(t.Context()); code(err) != http.StatusBadRequest {
		t.Errorf("a wrong checksum: %v", err)
	}
	if _, err := bucket.Object("checked").Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("a composition with a wrong checksum is there: %v", err)
	}
}

// TestComposeModel composes at random, and compares with strings.
func TestComposeModel(t *testing.T) {
	t.Parallel()
	_, bucket := startWithBucket(t)
	all := []string{"a", "b", "c", "d"}
	model := map[string]string{}
	for _, name := range all {
		mustWrite(t, bucket.Object(name), name, nil)
		model[name] = name
	}
	rapid.Check(t, func(r *rapid.T) {
		into := rapid.SampledFrom(all).Draw(r, "into")
		var handles []*gcs.ObjectHandle
		content := ""
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(all), 1, 3).Draw(r, "sources") {
			handles, content = append(handles, bucket.Object(name)), content+model[name]
		}
		if len(content) > 1<<12 {
			content = into
			mustWrite(t, bucket.Object(into), into, nil)
		} else if _, err := bucket.Object(into).ComposerFrom(handles...).Run(context.Background()); err != nil {
			r.Fatal(err)
		}
		model[into] = content
		for name, want := range model {
			if got := mustRead(t, bucket.Object(name)); got != want {
				r.Fatalf("%s is %q, want %q", name, got, want)
			}
		}
	})
}

// TestKilledWhileComposing kills the server process while many compositions are
// on their way: what is there afterwards is whole, and nothing else is left.
func TestKilledWhileComposing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, pubsub := startInbox(t)
	victim, url := startVictim(t, dir, pubsub)
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(url+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	bucket := client.Bucket(bucketName)
	if err := bucket.Create(t.Context(), "nightwire", nil); err != nil {
		t.Fatal(err)
	}
	piece := string(bytes.Repeat([]byte("0123456789abcdef"), 1<<14))
	sources := parts(t, bucket, slices.Repeat([]string{piece}, 8)...)
	want := strings.Repeat(piece, 8)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const composers, killAfter = 4, 12
	acknowledged := make(chan string, composers*1000)
	ended := make(chan struct{}, composers)
	for composer := range composers {
		go func() {
			defer func() { ended <- struct{}{} }()
			for i := range 1000 {
				name := fmt.Sprintf("whole-%d-%d", composer, i)
				if _, err := bucket.Object(name).If(gcs.Conditions{DoesNotExist: true}).ComposerFrom(sources...).Run(ctx); err != nil {
					return
				}
				acknowledged <- name
			}
		}()
	}
	there := map[string]bool{}
	for range killAfter {
		there[<-acknowledged] = true
	}
	_ = victim.Process.Kill()
	_ = victim.Wait()
	cancel()
	for range composers {
		<-ended
	}
	close(acknowledged)
	for name := range acknowledged {
		there[name] = true
	}

	after := start(t, dir, &outbox{})
	for name := range there {
		if got := mustRead(t, after.client.Bucket(bucketName).Object(name)); got != want {
			t.Errorf("%s has %d bytes, want %d", name, len(got), len(want))
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, bucketName, "staging"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in staging: %v, %v", left, err)
	}
	if diff := cmp.Diff(want, mustRead(t, after.client.Bucket(bucketName).Object("whole-0-0"))); diff != "" {
		t.Errorf("the first composition differs")
	}
}
