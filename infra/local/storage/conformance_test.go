package storage_test

import (
	"context"
	"errors"
	"os"
	"testing"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"nightwire.dev/infra/local/conformance"
)

// What only the local server is asked, and why.
const (
	bare    = "it speaks the protocol itself, without the client's credentials"
	granted = "its service agent must be granted the topic first"
	refuses = "Google's service does what is refused here"
)

// subject is a service with a bucket of the case's own.
type subject struct {
	*service
	bucket *gcs.BucketHandle
}

// on makes a check of a subject.
func on(check func(*testing.T, *service, *gcs.BucketHandle)) func(*testing.T, subject) {
	return func(t *testing.T, s subject) {
		t.Helper()
		check(t, s.service, s.bucket)
	}
}

// startRemote makes a bucket on Google's service and deletes it at the end.
func startRemote(t *testing.T, project string) subject {
	t.Helper()
	client, err := gcs.NewClient(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bucket := client.Bucket("nightwire-conformance-" + conformance.Suffix())
	if err := bucket.Create(t.Context(), project, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(remove(bucket), client.Close()); err != nil {
			t.Errorf("delete bucket %s: %v", bucket.BucketName(), err)
		}
	})
	return subject{&service{project: project, client: client}, bucket}
}

// remove deletes a bucket with all that is in it.
func remove(bucket *gcs.BucketHandle) error {
	ctx := context.Background() // the test's has ended
	for objects := bucket.Objects(ctx, nil); ; {
		attrs, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return err
		}
		if err := bucket.Object(attrs.Name).Delete(ctx); err != nil {
			return err
		}
	}
	if err := bucket.Delete(ctx); err != nil && !errors.Is(err, gcs.ErrBucketNotExist) {
		return err
	}
	return nil
}

// TestConformance asks for the behaviours of Cloud Storage that Nightwire, or
// who meets the local server with the official client, counts on.
func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, os.Getenv("CONFORMANCE_PROJECT"), func(t *testing.T, project string) subject {
		t.Helper()
		if project != "" {
			return startRemote(t, project)
		}
		s, bucket := startWithBucket(t)
		return subject{s, bucket}
	}, []conformance.Case[subject]{
		// Objects.
		{Name: "what is written is read", Check: on(testWriteRead),
			Says: "A read after a write returns the content; its size, MD5 and CRC-32C are the object's."},
		{Name: "attributes are kept", Check: on(testAttributes),
			Says: "An object has the type, caching and metadata that it was written with; its first metageneration is 1."},
		{Name: "metadata can be changed", Check: on(testUpdate),
			Says: "A patch changes what it names, merges metadata by key and adds one to the metageneration; the generation stays."},
		{Name: "a range is read", Check: on(testRange),
			Says: "A range of bytes is read, from either end; one that begins behind the end is 416."},
		{Name: "a gzip content is kept as it is", Check: on(testGzip),
			Says: "With Content-Encoding gzip the content is served as stored to who accepts gzip, and unpacked to others."},
		{Name: "a missing object is missing", Check: on(testMissing),
			Says: "What is not there is 404, and so is a write into a missing bucket."},
		{Name: "a deleted object is gone", Check: on(testDelete),
			Says: "A deleted object is 404; one of its name that is written later has a larger generation."},
		{Name: "an open reader keeps its generation", Check: on(testOpenReader),
			Says: "A download that has begun is of one generation, though the object is overwritten."},
		{Name: "names that no file can have", Local: refuses, Check: on(testNameAndFolder),
			Says: "a and a/b cannot both be, and 255 bytes, counted as in a URL, may stand between two slashes."},
		{Name: "names that no file system can carry", Check: on(testStrangeNames),
			Says: "A name is any UTF-8 of at most 1,024 bytes without carriage return and line feed."},
		{Name: "names that the service does not allow", Local: bare, Check: on(testForbiddenNames),
			Says: "Names of more than 1,024 bytes, with line breaks, . and .., and beneath .well-known/acme-challenge are 400."},
		{Name: "a browser reads the content", Local: bare, Check: on(testBrowser),
			Says: "A GET of /bucket/object downloads it, with its type and hash."},
		// Preconditions.
		{Name: "create-only does not overwrite", Check: on(testCreateOnly),
			Says: "With ifGenerationMatch=0 one of many writers makes the object; the others get 412."},
		{Name: "a generation that has passed", Check: on(testGenerationMatch),
			Says: "ifGenerationMatch of another generation is 412 for writes, deletions and reads; a read of a passed generation is 404."},
		// Uploads.
		{Name: "a wrong checksum is refused", Check: on(testChecksum),
			Says: "An upload whose MD5 or CRC-32C is not that of its content is 400 and makes no object."},
		{Name: "a resumable upload", Check: on(testResumable),
			Says: "An upload in chunks of 256 KiB makes the object with the last; preconditions hold for it too."},
		{Name: "a resumable upload that is interrupted", Local: bare, Check: on(testInterrupted),
			Says: "Who asks with Content-Range bytes */N is told what has arrived, and goes on from there."},
		{Name: "a media upload", Local: bare, Check: on(testMedia),
			Says: "uploadType=media makes an object of the body alone, with the type of its header."},
		{Name: "what gcloud sends", Local: bare, Check: on(testGcloud),
			Says: "A boundary may stand between single quotes, resumable uploads have a path of their own, and False asks for nothing."},
		// Composition.
		{Name: "a composition of objects", Check: on(testCompose),
			Says: "compose joins up to 32 objects, itself among them if asked, adds their component counts and has a CRC-32C and no MD5."},
		{Name: "the preconditions of a composition", Check: on(testComposeConditions),
			Says: "Preconditions hold for the destination; a source that is missing, or whose generation is, is 404."},
		{Name: "a composition's generations as numbers", Local: bare, Check: on(testComposeNumbers),
			Says: "A generation in JSON is a string of digits, and may be a number."},
		{Name: "the limits of a composition", Check: on(testComposeLimits),
			Says: "More than 32 sources are 400, and so is a wrong checksum, which makes no object."},
		{Name: "a copy", Check: on(testCopy),
			Says: "rewriteTo copies an object within a bucket or into another, with its attributes unless others are said."},
		{Name: "the preconditions of a copy", Check: on(testCopyConditions),
			Says: "Preconditions hold for the destination and for the source; a missing source or bucket is 404."},
		// Lists and buckets.
		{Name: "listing in pages, with prefix, delimiter", Check: on(testList),
			Says: "Objects are listed by name, page by page, from startOffset to before endOffset; a delimiter folds what follows it into prefixes."},
		{Name: "only the asked-for fields are listed", Check: on(testFields),
			Says: "The parameter fields selects what a list holds."},
		{Name: "buckets are made, listed, found and removed", Check: on(testBuckets),
			Says: "A bucket has its location in upper case; one that is there is 409, and so is the deletion of one with objects."},
		// Notifications.
		{Name: "a notification", Local: granted, Check: on(testNotificationMessage),
			Says: "Changes of objects made after the configuration are published with their event, bucket, name and generation as attributes, and the object as JSON."},
		{Name: "notifications of new objects", Local: granted, Check: on(testNotificationFilter("of new objects")),
			Says: "With OBJECT_FINALIZE in event_types nothing else is told, not the deletion of an object."},
		{Name: "notifications by prefix", Local: granted, Check: on(testNotificationFilter("by prefix")),
			Says: "object_name_prefix selects names."},
		{Name: "notification configurations", Local: granted, Check: on(testNotificationConfigurations),
			Says: "Configurations are listed by id and deleted; what cannot be one is 400."},
		// What the local server lacks.
		{Name: "what is not supported is refused by name", Local: refuses, Check: on(testRefusals),
			Says: "Nothing is silently ignored: the answer is 400, which no client repeats, and names what was asked for."},
		{Name: "a reserved bucket", Local: refuses, Check: on(testReservedBucket),
			Says: "A bucket cannot have the name of one of the server's own paths."},
	})
}
