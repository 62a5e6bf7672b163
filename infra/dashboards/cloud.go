package dashboards

import (
	"fmt"
	"strings"
)

// googles are the metrics that Google has in the place of the local stack's.
// Their names in PromQL are Cloud Monitoring's with : and _ for what PromQL does
// not take.
var googles = strings.NewReplacer(
	"nightwire_subscription_messages", "pubsub_googleapis_com:subscription_num_undelivered_messages",
	"nightwire_subscription_oldest_seconds", "pubsub_googleapis_com:subscription_oldest_unacked_message_age",
	"{subscription=", `{monitored_resource="pubsub_subscription",subscription_id=`,
	"{subscription!", `{monitored_resource="pubsub_subscription",subscription_id!`,
	"by (subscription)", "by (subscription_id)",
	"{{subscription}}", "${subscription_id}",
)

// legends turns Grafana's form of a label in a legend into Cloud Monitoring's.
var legends = strings.NewReplacer("{{", "${", "}}", "}")

// The grid of a Cloud Monitoring dashboard is 48 wide.
const (
	cloudWidth  = 16
	cloudHeight = 16
	cloudAcross = 3
)

// cloudDashboard is the dashboard for Cloud Monitoring, without what Google runs
// by itself.
func cloudDashboard() ([]byte, error) {
	var tiles []object
	y := 0
	for _, s := range sections() {
		if s.local {
			continue
		}
		tiles = append(tiles, object{"xPos": 0, "yPos": y, "width": 48, "height": 4, "widget": object{
			"title": s.title, "sectionHeader": object{"subtitle": "", "dividerBelow": true},
		}})
		y += 4
		for i, p := range s.panels {
			tiles = append(tiles, object{
				"xPos": i % cloudAcross * cloudWidth, "yPos": y + i/cloudAcross*cloudHeight, "width": cloudWidth, "height": cloudHeight,
				"widget": object{"title": p.title + cloudUnit(p.unit), "xyChart": object{"dataSets": cloudLines(p), "chartOptions": object{"mode": "COLOR"}}},
			})
		}
		y += (len(s.panels) + cloudAcross - 1) / cloudAcross * cloudHeight
	}
	return write(object{"displayName": "Nightwire", "mosaicLayout": object{"columns": 48, "tiles": tiles}})
}

// cloudUnit is a chart's unit for its title: PromQL brings none along.
func cloudUnit(unit string) string {
	return map[string]string{"ops": ", a second", "Bps": ", bytes a second", "s": ", seconds", "bytes": ", bytes"}[unit]
}

func cloudLines(p panel) []object {
	var lines []object
	for _, q := range p.queries {
		lines = append(lines, object{
			"plotType": "LINE", "targetAxis": "Y1", "legendTemplate": legends.Replace(googles.Replace(q.legend)),
			"timeSeriesQuery": object{"prometheusQuery": googles.Replace(q.expr)},
		})
	}
	return lines
}

// cloudAlerts are the alert policies, as a list: each is what Cloud Monitoring's
// API takes, without the channels that a deployment adds. Its userLabels name the
// rule.
func cloudAlerts() ([]byte, error) {
	var policies []object
	for _, r := range rules() {
		policy := object{
			"displayName": "Nightwire: " + r.title, "combiner": "OR", "enabled": true, "severity": strings.ToUpper(r.severity()),
			"userLabels":    object{"system": "nightwire", "rule": strings.ToLower(r.name)},
			"documentation": object{"content": r.runbook, "mimeType": "text/markdown"},
		}
		if r.log == "" {
			policy["conditions"] = []object{{"displayName": r.title, "conditionPrometheusQueryLanguage": object{
				"query": googles.Replace(r.expr), "duration": fmt.Sprintf("%ds", int(r.lasting.Seconds())), "evaluationInterval": "60s",
				"ruleGroup": "nightwire", "alertRule": r.name,
				"disableMetricValidation": true, // a deployment has its alarms before its first alert
			}}}
		} else {
			policy["conditions"] = []object{{"displayName": r.title, "conditionMatchedLog": object{
				"filter": logFilter(r.log), "labelExtractors": object{"stream": "EXTRACT(jsonPayload.stream)"},
			}}}
			policy["alertStrategy"] = object{"notificationRateLimit": object{"period": "3600s"}, "autoClose": "604800s"}
		}
		policies = append(policies, policy)
	}
	return write(policies)
}

// logFilter finds a line of a function's log, in Cloud Logging's language.
func logFilter(message string) string {
	return fmt.Sprintf(`resource.type="cloud_run_revision" AND severity>=ERROR AND jsonPayload.message:%q`, message)
}
