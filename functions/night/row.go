package night

import (
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// row is a certificate's row of nights.
func row(c *certificate.Certificate) warehouse.Values {
	var causes []warehouse.Values
	for _, l := range c.Losses {
		causes = append(causes, warehouse.Values{"cause": string(l.Cause), "count": int64(l.Count)})
	}
	return warehouse.Values{
		"night": c.Night, "made_at": c.At, "state": string(c.State),
		"records": int64(c.Records), "stored": int64(c.Stored), "duplicates": int64(c.Duplicates),
		"conflicts": int64(c.Conflicts), "rejected": int64(c.Rejected),
		"files": int64(c.Files), "rows": int64(c.Rows), "evaluated": int64(c.Evaluated), "missing": int64(c.Missing),
		"causes": causes, "doubts": c.Doubts, "sent": int64(c.Repair.Sent), "repaired": int64(c.Repaired()),
		"latency": warehouse.Values{
			"p50": c.Latency.P50, "p90": c.Latency.P90, "p99": c.Latency.P99, "max": c.Latency.Max,
		},
		"certificate": names.CertificateObject(c.Night),
	}
}
