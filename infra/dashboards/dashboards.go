// Package dashboards is what people look at and what wakes them: the dashboards
// of Grafana and of Cloud Monitoring, and the alert rules of Prometheus and of
// Cloud Monitoring, each with its line of the runbook.
//
// They are described once, in panels.go and rules.go, in PromQL, which both
// systems read and in which every metric of ours has one name; see
// shared/telemetry/metric. Files writes the four files that lie in this folder,
// and a test renews them with -update:
//
//	grafana.json           a dashboard for Grafana, with Prometheus as its source
//	prometheus-rules.yaml  alert rules for Prometheus
//	cloud-dashboard.json   a dashboard for Cloud Monitoring
//	cloud-alerts.json      alert policies for Cloud Monitoring, as a list
//
// infra/terraform/modules/watch deploys the last two as they are; the channels, the
// budget and the suffix of a test deployment are its own.
//
// Where Google measures what the local stack has to measure by itself, the
// backlog of a subscription, the files for Cloud Monitoring ask for Google's. Log
// lines take the place of counters there, where one event is reason enough: a
// line is seen at once, and an instance's counter is born with its first event.
package dashboards

import (
	"fmt"
	"regexp"
	"slices"
)

// Files are the files of this folder, by name.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, write := range map[string]func() ([]byte, error){
		"grafana.json": grafana, "prometheus-rules.yaml": prometheusRules,
		"cloud-dashboard.json": cloudDashboard, "cloud-alerts.json": cloudAlerts,
	} {
		text, err := write()
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		files[name] = text
	}
	return files, nil
}

var metricName = regexp.MustCompile(`\bnightwire_[a-z_]+`)

// Metrics lists the series that panels and rules ask for, by name.
func Metrics() []string {
	var names []string
	for _, s := range sections() {
		for _, p := range s.panels {
			for _, q := range p.queries {
				names = append(names, metricName.FindAllString(q.expr, -1)...)
			}
		}
	}
	for _, r := range rules() {
		names = append(names, metricName.FindAllString(r.expr, -1)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
