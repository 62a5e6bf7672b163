package archive

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"hash/crc32"
	"maps"
	"strconv"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/telemetry"
)

// Vault is the bucket of alerts, in which nothing is ever overwritten.
type Vault struct{ Bucket *storage.BucketHandle }

// File is an alert to be kept.
type File struct {
	Object  names.Object
	Content []byte // a valid Avro file
	SHA256  string // of the bytes as sent, hexadecimal
	Origin  origin.Origin
	Mark    map[string]string // of a replay, for the metadata
	Alert   *alert.Alert
}

// Result is what became of a file.
type Result struct {
	Outcome    ledger.Outcome
	Name       string
	Generation int64

	foreign bool // the name is taken by another content
}

// Store creates the file. Where its name is taken, the same content is a
// duplicate; other content is kept beside it, under a name that tells it by
// its digest. A record that comes again after a crash finds the file that was
// created for it, and is told the outcome of the first time.
//
// A file of the archive that is itself sent, as out of a night's tarball, is a
// duplicate too, though the survey's packet, whose header was mended or whose
// schema was not in it, had other bytes.
func (v *Vault) Store(ctx context.Context, f File) (Result, error) {
	result, err := v.create(ctx, f.Object.Path(), f, ledger.Stored)
	if err != nil || !result.foreign {
		return result, err
	}
	if result, err = v.findConflict(ctx, f); err != nil || result.Name != "" {
		return result, err
	}
	name := f.Object.Conflict(f.SHA256)
	result, err = v.create(ctx, name, f, ledger.Conflict)
	if err == nil && result.foreign {
		err = fmt.Errorf("%s holds yet another content", name)
	}
	return result, err
}

// create writes a file under a name. created is the outcome if this record's
// file is there afterwards.
func (v *Vault) create(ctx context.Context, name string, f File, created ledger.Outcome) (Result, error) {
	object := v.Bucket.Object(name)
	w := object.If(storage.Conditions{DoesNotExist: true}).NewWriter(ctx)
	w.ChunkSize = 0 // one request; the default buffers 16 MB
	w.ContentType = "application/avro"
	w.Metadata = metadata(f)
	telemetry.Carry(ctx, w.Metadata)
	w.CRC32C, w.SendCRC32C = crc32.Checksum(f.Content, castagnoli), true
	_, err := w.Write(f.Content)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		return Result{Outcome: created, Name: name, Generation: w.Attrs().Generation}, nil
	}
	if !bucket.IsTaken(err) {
		return Result{}, fmt.Errorf("create: %w", err)
	}
	there, err := object.Attrs(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("look at what is there: %w", err)
	}
	first, err := origin.Parse(there.Metadata)
	result := Result{Outcome: ledger.Duplicate, Name: name, Generation: there.Generation}
	switch {
	case there.Metadata[sha256Key] != f.SHA256 && !holds(there, f.Content):
		result.foreign = true
	case err == nil && first.Same(f.Origin):
		result.Outcome = created
	}
	return result, nil
}

// findConflict looks for a conflict that was kept before and is this very file,
// though another packet was sent. The result has no name if there is none.
func (v *Vault) findConflict(ctx context.Context, f File) (Result, error) {
	for there, err := range bucket.Objects(ctx, v.Bucket, &storage.Query{Prefix: f.Object.Conflicts()}) {
		if err != nil {
			return Result{}, fmt.Errorf("look for conflicts: %w", err)
		}
		if there.Metadata[sha256Key] != f.SHA256 && holds(there, f.Content) {
			return Result{Outcome: ledger.Duplicate, Name: there.Name, Generation: there.Generation}, nil
		}
	}
	return Result{}, nil
}

// holds says whether the file that is there has this content.
func holds(there *storage.ObjectAttrs, content []byte) bool {
	sum := md5.Sum(content)
	return there.Size == int64(len(content)) && bytes.Equal(there.MD5, sum[:])
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sha256Key is the metadata that holds the digest of the bytes as sent.
const sha256Key = "sha256"

// metadata lets people find and judge a file without reading it.
func metadata(f File) map[string]string {
	m := map[string]string{
		"objectId": f.Alert.ObjectID,
		"candid":   strconv.FormatInt(f.Alert.Candid, 10),
		"ra":       strconv.FormatFloat(f.Alert.RADeg, 'f', -1, 64),
		"dec":      strconv.FormatFloat(f.Alert.DecDeg, 'f', -1, 64),
		"mjd":      strconv.FormatFloat(alert.MJD(f.Alert.ObservedAt), 'f', 8, 64),
		"schema":   f.Alert.Schema,
		"night":    f.Object.Night,
		sha256Key:  f.SHA256,
	}
	f.Origin.Attributes(m)
	maps.Copy(m, f.Mark)
	return m
}
