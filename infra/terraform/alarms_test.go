package terraform_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/dashboards"
)

// alarm is what of an alert policy makes it wake somebody, and tells them what to
// do.
type alarm struct{ Name, Severity, Query, Line, Runbook string }

// checkAlarms compares the alert policies and the dashboard with the files of
// infra/dashboards: nothing is left out, and nothing added.
func checkAlarms(t *testing.T, p plan, suffix string) {
	t.Helper()
	files, err := dashboards.Files()
	if err != nil {
		t.Fatal(err)
	}
	of := ""
	if suffix != "" {
		of = " (" + suffix + ")"
	}
	if diff := cmp.Diff(described(t, files["cloud-alerts.json"], of), deployed(p)); diff != "" {
		t.Errorf("alarms (-infra/dashboards +terraform):\n%s", diff)
	}

	var want, got map[string]any
	if err := json.Unmarshal(files["cloud-dashboard.json"], &want); err != nil {
		t.Fatal(err)
	}
	want["displayName"] = "Nightwire"
	if suffix != "" {
		want["displayName"] = "Nightwire-" + suffix
	}
	boards := p.of("google_monitoring_dashboard")
	if len(boards) != 1 {
		t.Fatalf("%d dashboards, want 1", len(boards))
	}
	if err := json.Unmarshal([]byte(boards[0].text("dashboard_json")), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dashboard (-infra/dashboards +terraform):\n%s", diff)
	}
}

// described are the alarms of cloud-alerts.json, by their rules.
func described(t *testing.T, text []byte, of string) map[string]alarm {
	t.Helper()
	var policies []struct {
		DisplayName, Severity string
		UserLabels            map[string]string
		Documentation         struct{ Content string }
		Conditions            []struct {
			ConditionPrometheusQueryLanguage struct{ Query string }
			ConditionMatchedLog              struct{ Filter string }
		}
	}
	if err := json.Unmarshal(text, &policies); err != nil {
		t.Fatal(err)
	}
	all := map[string]alarm{}
	for _, p := range policies {
		c := p.Conditions[0]
		all[p.UserLabels["rule"]] = alarm{
			p.DisplayName + of, p.Severity, c.ConditionPrometheusQueryLanguage.Query, c.ConditionMatchedLog.Filter, p.Documentation.Content,
		}
	}
	if len(all) == 0 {
		t.Fatal("no alarm is described")
	}
	return all
}

// deployed are the alarms that terraform would make, by their rules.
func deployed(p plan) map[string]alarm {
	all := map[string]alarm{}
	for _, r := range p.of("google_monitoring_alert_policy") {
		labels, _ := r.Change.After["user_labels"].(map[string]any)
		rule, _ := labels["rule"].(string)
		condition := r.block("conditions")
		query, _ := first(condition["condition_prometheus_query_language"])["query"].(string)
		line, _ := first(condition["condition_matched_log"])["filter"].(string)
		runbook, _ := r.block("documentation")["content"].(string)
		all[rule] = alarm{r.text("display_name"), r.text("severity"), query, line, runbook}
	}
	return all
}
