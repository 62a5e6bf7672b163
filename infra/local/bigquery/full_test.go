package bigquery_test

import (
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"nightwire.dev/infra/local/conformance/disk"
)

// TestFullDisk: rows for which there is no room are not acknowledged, with a
// code that does not blame them, and are not there later; what is there is read
// meanwhile. With room again the same writer goes on, and a restart finds what
// was acknowledged.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	schema := bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType, Required: true}}
	r, child := startChild(t, dir)
	r.dataset(t, "ztf")
	w := r.stream(t, r.table(t, "alerts", schema), schema)
	w.must(t, `{"candid":"1"}`)
	const query = "SELECT candid FROM ztf.alerts ORDER BY candid"

	free := disk.Fill(t, child.Process)
	for _, row := range []string{`{"candid":"100"}`, `{"candid":"101"}`} {
		if _, err := w.append(t, row).GetResult(t.Context()); grpcstatus.Code(err) != codes.Internal {
			t.Errorf("append to a full disk: %v, want %v", err, codes.Internal)
		}
	}
	// The client would repeat the statement for as long as it is refused.
	statement := `{"query": "INSERT ztf.alerts (candid) VALUES (102)", "useLegacySql": false}`
	response, err := http.Post("http://"+r.address+"/projects/"+project+"/queries", "application/json", strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusInternalServerError {
		t.Errorf("statement on a full disk: %s, want %d", response.Status, http.StatusInternalServerError)
	}
	if diff := cmp.Diff([][]bigquery.Value{{int64(1)}}, r.must(t, query)); diff != "" {
		t.Errorf("on a full disk (-want +got):\n%s", diff)
	}
	free()

	w.must(t, `{"candid":"2"}`)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	r.close()
	again := startIn(t, dir)
	again.stream(t, again.Dataset("ztf").Table("alerts"), schema).must(t, `{"candid":"3"}`)
	if diff := cmp.Diff([][]bigquery.Value{{int64(1)}, {int64(2)}, {int64(3)}}, again.must(t, query)); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}
