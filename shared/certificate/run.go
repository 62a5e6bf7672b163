package certificate

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Run is what is known of the run that made the certificate.
type Run struct {
	Records         int       `json:"records"`
	Seconds         float64   `json:"seconds"`
	AlertsPerSecond float64   `json:"alerts_per_second"`
	Processes       []Process `json:"processes"`
	Nights          []Closed  `json:"nights,omitempty"` // that the run closed, as a dawn does
}

// Closed is a night, and where the page of its own certificate is.
type Closed struct {
	Night   string `json:"night"`
	Verdict string `json:"verdict"`
	Page    string `json:"page"` // from the run's page, parted by slashes
}

// Process is what one process used during the run.
type Process struct {
	Name          string  `json:"name"`
	CPUMsPerAlert float64 `json:"cpu_ms_per_alert"`
	PeakMB        float64 `json:"peak_mb"`
	HalfwayMB     float64 `json:"halfway_mb,omitempty"`
	EndMB         float64 `json:"end_mb,omitempty"`
	Restarts      int     `json:"restarts"`
}

// Print writes what the run took, by process.
func (r *Run) Print(w io.Writer) {
	fmt.Fprintf(w, "%d alerts in %.1f s: %.0f alerts/s, from the first record to the last row\n\n", r.Records, r.Seconds, r.AlertsPerSecond)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "process\tCPU ms/alert\tMB halfway\tMB at the end\tMB peak\trestarts\t\n")
	total := 0.0
	for _, p := range r.Processes {
		total += p.CPUMsPerAlert
		fmt.Fprintf(t, "%s\t%.2f\t%s\t%s\t%s\t%d\t\n", p.Name, p.CPUMsPerAlert,
			megabytes(p.HalfwayMB), megabytes(p.EndMB), megabytes(p.PeakMB), p.Restarts)
	}
	fmt.Fprintf(t, "all\t%.2f\t\t\t\t\t\n", total)
	_ = t.Flush()
}

// megabytes is a size that may be unknown.
func megabytes(mb float64) string {
	if mb == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", mb)
}
