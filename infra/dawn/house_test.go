package dawn_test

import (
	"testing"

	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/names"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

// home is a stream's buckets and tables on the local servers.
type home struct {
	names.Resources
	*house.Buckets
	*house.Tables
}

func open(t *testing.T, stream names.Stream) *home {
	t.Helper()
	r := names.Resources{Project: "p", Stream: stream}
	return &home{r, house.Storage(t, r), house.BigQuery(t, r)}
}

// put writes an object to the bucket of alerts.
func (h *home) put(t *testing.T, name string) {
	t.Helper()
	if _, err := bucket.Write(t.Context(), h.Alerts.Object(name), "avro/binary", []byte("a"), nil); err != nil {
		t.Fatal(err)
	}
}
