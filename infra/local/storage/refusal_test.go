package storage_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/iterator"
)

// testRefusals asks for what the server does not do. Each time the error must
// be the client's (nothing to retry) and name what was asked for.
func testRefusals(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	mustWrite(t, bucket.Object(alert), "content", nil)
	ctx := t.Context()
	for name, c := range map[string]struct {
		do    func() error
		names string
	}{
		"a copy under another key": {func() error {
			c := bucket.Object("copy").CopierFrom(bucket.Object(alert))
			c.DestinationKMSKeyName = "key"
			_, err := c.Run(ctx)
			return err
		}, "destinationKmsKeyName"},
		"a composition that removes its sources": {func() error {
			c := bucket.Object("whole").ComposerFrom(bucket.Object(alert))
			c.DeleteSourceObjects = true
			_, err := c.Run(ctx)
			return err
		}, "deleteSourceObjects"},
		"a change of the hold": {func() error {
			_, err := bucket.Object(alert).Update(ctx, gcs.ObjectAttrsToUpdate{TemporaryHold: true})
			return err
		}, "temporaryHold"},
		"a hold": {func() error {
			_, err := write(ctx, bucket.Object("held"), nil, func(w *gcs.Writer) { w.TemporaryHold = true })
			return err
		}, "temporaryHold"},
		"a disposition": {func() error {
			_, err := write(ctx, bucket.Object("attached"), nil, func(w *gcs.Writer) { w.ContentDisposition = "attachment" })
			return err
		}, "contentDisposition"},
		"a condition on a source": {func() error {
			_, err := bucket.Object("whole").ComposerFrom(bucket.Object(alert).If(gcs.Conditions{GenerationMatch: 1})).Run(ctx)
			return err
		}, "objectPreconditions"},
		"a predefined access list": {func() error {
			_, err := write(ctx, bucket.Object("public"), nil, func(w *gcs.Writer) { w.PredefinedACL = "publicRead" })
			return err
		}, "predefinedAcl"},
		"a customer's key": {func() error {
			_, err := write(ctx, bucket.Object("secret").Key(make([]byte, 32)), nil, nil)
			return err
		}, "X-Goog-Encryption-"},
		"a copy of what has a customer's key": {func() error {
			_, err := bucket.Object("copy").CopierFrom(bucket.Object(alert).Key(make([]byte, 32))).Run(ctx)
			return err
		}, "X-Goog-Copy-Source-Encryption-"},
		"another storage class": {func() error {
			_, err := write(ctx, bucket.Object("cold"), nil, func(w *gcs.Writer) { w.StorageClass = "COLDLINE" })
			return err
		}, "COLDLINE"},
		"a glob": {func() error {
			_, err := bucket.Objects(ctx, &gcs.Query{MatchGlob: "**.avro"}).Next()
			return err
		}, "matchGlob"},
		"a change of the bucket": {func() error {
			_, err := bucket.Update(ctx, gcs.BucketAttrsToUpdate{VersioningEnabled: true})
			return err
		}, "PATCH"},
		"versioning": {func() error {
			return s.client.Bucket("versioned").Create(ctx, "nightwire", &gcs.BucketAttrs{VersioningEnabled: true})
		}, "does not support the field versioning"},
		"a change of access": {func() error {
			return s.client.Bucket("uniform").Create(ctx, "nightwire", &gcs.BucketAttrs{
				UniformBucketLevelAccess: gcs.UniformBucketLevelAccess{Enabled: true},
			})
		}, "iamConfiguration"},
		"access policies": {func() error {
			_, err := bucket.IAM().Policy(ctx)
			return err
		}, "/iam"},
		"a metageneration": {func() error {
			_, err := bucket.Object(alert).If(gcs.Conditions{MetagenerationMatch: 1}).Attrs(ctx)
			return err
		}, "ifMetagenerationMatch"},
		"a metageneration of a content": {func() error {
			_, err := bucket.Object(alert).If(gcs.Conditions{MetagenerationMatch: 1}).NewReader(ctx)
			return err
		}, "X-Goog-If-Metageneration-Match"},
		"another generation than one": {func() error {
			_, err := bucket.Object(alert).If(gcs.Conditions{GenerationNotMatch: 1}).Attrs(ctx)
			return err
		}, "ifGenerationNotMatch"},
		"notifications of deletions": {func() error {
			_, err := bucket.AddNotification(ctx, &gcs.Notification{
				TopicProjectID: "nightwire", TopicID: "ztf-archived", PayloadFormat: gcs.JSONPayload,
			})
			return err
		}, "event_types"},
	} {
		err := c.do()
		if code(err) != http.StatusBadRequest || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The names that would be paths of the service cannot be buckets' here.
func testReservedBucket(t *testing.T, s *service, _ *gcs.BucketHandle) {
	wantCode(t, s.client.Bucket("storage").Create(t.Context(), s.project, nil), http.StatusConflict, "conflict")
}

func testBuckets(t *testing.T, s *service, bucket *gcs.BucketHandle) {
	ctx := t.Context()
	name := bucket.BucketName() + "-products"
	products := s.client.Bucket(name)
	if err := products.Create(ctx, s.project, &gcs.BucketAttrs{Location: "us-central1", Labels: map[string]string{"stream": "ztf"}}); err != nil {
		t.Fatal(err)
	}
	attrs, err := products.Attrs(ctx)
	if err != nil || attrs.Name != name || attrs.Location != "US-CENTRAL1" || attrs.Labels["stream"] != "ztf" {
		t.Errorf("%+v, %v", attrs, err)
	}
	wantCode(t, products.Create(ctx, s.project, nil), http.StatusConflict, "conflict")
	wantCode(t, s.client.Bucket("..").Create(ctx, s.project, nil), http.StatusBadRequest, "invalid")

	var names []string
	for buckets := s.client.Buckets(ctx, s.project); ; {
		b, err := buckets.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(b.Name, bucket.BucketName()) { // others' buckets may be there too
			names = append(names, b.Name)
		}
	}
	if diff := cmp.Diff([]string{bucket.BucketName(), name}, names); diff != "" {
		t.Error(diff)
	}
	if err := products.Delete(ctx); err != nil {
		t.Fatal(err)
	}

	mustWrite(t, bucket.Object(alert), "content", nil)
	wantCode(t, bucket.Delete(ctx), http.StatusConflict, "conflict")
	if err := bucket.Object(alert).Delete(ctx); err != nil {
		t.Fatal(err)
	}
	if err := bucket.Delete(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Attrs(ctx); !errors.Is(err, gcs.ErrBucketNotExist) {
		t.Errorf("after removal: %v", err)
	}
}
