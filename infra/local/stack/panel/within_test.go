package panel

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWithin finds the bucket of each stage's quantile, and says nothing of a
// stage without events, nor of one that is slower than all buckets.
func TestWithin(t *testing.T) {
	t.Parallel()
	const metrics = `# TYPE nightwire_latency_seconds histogram
nightwire_latency_seconds_bucket{stage="rows",stream="ztf",le="0.5"} 90
nightwire_latency_seconds_bucket{stage="rows",stream="ztf",le="1"} 99
nightwire_latency_seconds_bucket{stage="rows",stream="ztf",le="2.5"} 100
nightwire_latency_seconds_bucket{stage="rows",stream="ztf",le="+Inf"} 100
nightwire_latency_seconds_sum{stage="rows",stream="ztf"} 40
nightwire_latency_seconds_count{stage="rows",stream="ztf"} 100
nightwire_latency_seconds_bucket{stage="filter",stream="ztf",le="0.5"} 1
nightwire_latency_seconds_bucket{stage="filter",stream="ztf",le="+Inf"} 2
nightwire_latency_seconds_sum{stage="filter",stream="ztf"} 9000
nightwire_latency_seconds_count{stage="filter",stream="ztf"} 2
nightwire_latency_seconds_bucket{stage="night",stream="ztf",le="0.5"} 0
nightwire_latency_seconds_bucket{stage="night",stream="ztf",le="+Inf"} 0
nightwire_latency_seconds_sum{stage="night",stream="ztf"} 0
nightwire_latency_seconds_count{stage="night",stream="ztf"} 0
`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, metrics) }))
	t.Cleanup(server.Close)
	cases := map[string]struct {
		part float64
		want map[string]float64
	}{
		"half":            {0.5, map[string]float64{"rows": 0.5, "filter": 0.5}},
		"on a bound":      {0.99, map[string]float64{"rows": 1}},
		"beyond one":      {0.991, map[string]float64{"rows": 2.5}},
		"the slowest one": {1, map[string]float64{"rows": 2.5}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Within(server.URL, c.part)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("bounds (-want +got):\n%s", diff)
			}
		})
	}
}
