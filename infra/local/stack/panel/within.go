package panel

import (
	"math"
	"time"

	"nightwire.dev/shared/telemetry/metric"
)

// Within asks the functions at a URL, since their start, for the time from
// Kafka's timestamp in which each stage has ended a part q of its events: the
// upper bound of the histogram's bucket in which that quantile lies. A stage
// without events is not there, nor one whose quantile lies beyond all bounds.
func Within(url string, q float64) (map[string]float64, error) {
	families, err := remote{"functions", url}.Gather()
	if err != nil {
		return nil, err
	}
	s := newSample(time.Now(), families, nil)
	all := map[string]float64{}
	for stage := range s.by(metric.Latency.Name, "stage") {
		if bound, ok := within(q, s, stage); ok {
			all[stage] = bound
		}
	}
	return all, nil
}

func within(q float64, s sample, stage string) (bound float64, ok bool) {
	bounds, counts := s.latencies(stage)
	if len(counts) == 0 || counts[len(counts)-1] == 0 {
		return 0, false
	}
	for i, n := range counts {
		if n >= q*counts[len(counts)-1] {
			return bounds[i], !math.IsInf(bounds[i], 1)
		}
	}
	return 0, false
}
