package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"nightwire.dev/shared/certificate"
)

// benchmark is what a run of bench has found.
type benchmark struct {
	certificate.Run
	Rate          float64        `json:"rate"` // asked for; 0 is as fast as can be
	Missing       int            `json:"missing"`
	CPUMsPerAlert float64        `json:"cpu_ms_per_alert"` // of all processes
	Latency       []stageLatency `json:"latency"`
	Processors    int            `json:"processors"`
	Go            string         `json:"go"`
}

// add takes the figures of a run that is finished.
func (b *benchmark) add(run certificate.Run) {
	b.Run = run
	for _, p := range run.Processes {
		b.CPUMsPerAlert += p.CPUMsPerAlert
	}
}

// print writes the figures as tables.
func (b *benchmark) print(out io.Writer) error {
	asked := "as fast as Kafka takes them"
	if b.Rate > 0 {
		asked = fmt.Sprintf("at %g/s", b.Rate)
	}
	fmt.Fprintf(out, "sent %s, on %d processors; %d missing\n", asked, b.Processors, b.Missing)
	b.Run.Print(out)
	fmt.Fprintln(out)

	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "seconds after Kafka\talerts\tp50\tp90\tp99\tmax\tstored, p99\t\n")
	for _, l := range b.Latency {
		stored := "-"
		if l.Stored > 0 {
			stored = fmt.Sprintf("< %g", l.Stored)
		}
		fmt.Fprintf(t, "%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%s\t\n", l.Stage, l.Alerts, l.P50, l.P90, l.P99, l.Max, stored)
	}
	return t.Flush()
}
