package night

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
)

// kept is the certificate in the bucket, and which generation it is: 0 and nil
// if there is none.
type kept struct {
	certificate *certificate.Certificate
	generation  int64
}

func (f *Function) kept(ctx context.Context, night string) (kept, error) {
	r, err := f.Products.Object(names.CertificateObject(night)).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return kept{}, nil
	}
	if err != nil {
		return kept{}, fmt.Errorf("read the certificate of %s: %w", night, err)
	}
	defer r.Close()
	k := kept{certificate: new(certificate.Certificate), generation: r.Attrs.Generation}
	if err := json.NewDecoder(r).Decode(k.certificate); err != nil {
		// Somebody has put something else there: it is written over.
		f.Log.WarnContext(ctx, "certificate cannot be read", "night", night, "error", err)
		k.certificate = nil
	}
	return k, nil
}

// write keeps a certificate in the place of the one that was read. The page
// follows, and is made again with the next certificate.
func (f *Function) write(ctx context.Context, c *certificate.Certificate, generation int64) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write the certificate of %s: %w", c.Night, err)
	}
	unchanged := storage.Conditions{GenerationMatch: generation, DoesNotExist: generation == 0}
	_, err = bucket.Write(ctx, f.Products.Object(names.CertificateObject(c.Night)).If(unchanged), "application/json", append(text, '\n'), nil)
	if bucket.IsTaken(err) {
		return &overtaken{c.Night}
	}
	if err != nil {
		return fmt.Errorf("write the certificate of %s: %w", c.Night, err)
	}
	var page bytes.Buffer
	if err := c.Page(&page); err != nil {
		return fmt.Errorf("page of the certificate of %s: %w", c.Night, err)
	}
	if _, err := bucket.Write(ctx, f.Products.Object(names.CertificatePage(c.Night)), "text/html; charset=utf-8", page.Bytes(), nil); err != nil {
		return fmt.Errorf("write the page of the certificate of %s: %w", c.Night, err)
	}
	return nil
}

// overtaken is a look during which another instance wrote its own.
type overtaken struct{ night string }

func (o *overtaken) Error() string { return "night " + o.night + ": another instance looks at it" }

// Waiting tells that nothing went wrong.
func (o *overtaken) Waiting() bool { return true }
