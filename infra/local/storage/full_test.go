package storage_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"nightwire.dev/infra/local/conformance/disk"
)

// TestFullDisk: a write to a full disk is refused, with a status at which
// clients try again, and leaves neither an object nor a part of one; what is
// there is read meanwhile. With room again all goes on, and every object that
// is there, after a kill too, is whole and notified.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, pubsub := startInbox(t)
	victim, url := startVictim(t, dir, pubsub)
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(url+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.SetRetry(gcs.WithPolicy(gcs.RetryNever))
	bucket := client.Bucket(bucketName)
	if err := bucket.Create(t.Context(), "nightwire", nil); err != nil {
		t.Fatal(err)
	}
	mustNotify(t, bucket, archived)
	acknowledged := map[string]bool{}
	put := func(name string) error {
		_, err := write(t.Context(), bucket.Object(name).If(gcs.Conditions{DoesNotExist: true}), packet(name), nil)
		if err == nil {
			acknowledged[name] = true
		}
		return err
	}
	if err := put("before"); err != nil {
		t.Fatal(err)
	}

	_, begun := send(t, http.MethodPost, url+"/upload/storage/v1/b/"+bucketName+"/o?uploadType=resumable&name=resumed", "", "")
	upload := begun.Header.Get("Location")
	content := packet("resumed")
	chunk := func(first, end int, code int) {
		t.Helper()
		contentRange := fmt.Sprintf("bytes %d-%d/%d", first, end-1, len(content))
		if body, response := send(t, http.MethodPut, upload, contentRange, string(content[first:end])); response.StatusCode != code {
			t.Errorf("%s: %s %s", contentRange, response.Status, body)
		}
	}
	chunk(0, 1000, http.StatusPermanentRedirect)

	free := disk.Fill(t, victim.Process)
	for i := range 5 {
		name := fmt.Sprint("refused-", i)
		if err := put(name); code(err) != http.StatusInternalServerError {
			t.Errorf("write to a full disk: %v", err)
		}
		if _, err := bucket.Object(name).Attrs(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := bucket.Object("before").ComposerFrom(bucket.Object("before")).Run(t.Context()); code(err) != http.StatusInternalServerError {
		t.Errorf("composition on a full disk: %v", err)
	}
	if err := bucket.Object("before").Delete(t.Context()); code(err) != http.StatusInternalServerError {
		t.Errorf("deletion on a full disk, of which the journal cannot tell: %v", err)
	}
	chunk(1000, len(content), http.StatusInternalServerError)
	if !whole([]byte(mustRead(t, bucket.Object("before")))) {
		t.Error("what was there is not whole")
	}
	free()

	chunk(1000, len(content), http.StatusOK)
	acknowledged["resumed"] = true
	for _, name := range []string{"refused-0", "after"} {
		if err := put(name); err != nil {
			t.Errorf("%s, with room again: %v", name, err)
		}
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	verify(t, dir, pubsub, in, acknowledged)
}
