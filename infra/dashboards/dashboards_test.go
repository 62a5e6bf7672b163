package dashboards

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/telemetry/metric"
)

var update = flag.Bool("update", false, "write the files anew")

// TestFiles compares the files with their description. It is not parallel: with
// -update it writes what the other tests then read.
func TestFiles(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: renew it with go test ./dashboards -update (-described +file):\n%s", name, diff)
		}
	}
}

// known are the labels of every series that may be asked for.
func known(cloud bool) map[string][]string {
	series := map[string][]string{}
	for _, m := range metric.All() {
		if m.Kind != metric.Histogram {
			series[m.Name] = m.Labels
			continue
		}
		series[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
		series[m.Name+"_sum"], series[m.Name+"_count"] = m.Labels, m.Labels
	}
	if !cloud {
		return series
	}
	for _, m := range metric.Stack() {
		delete(series, m.Name)
	}
	// From Google's list of the metrics of Pub/Sub.
	labels := []string{"monitored_resource", "subscription_id"}
	series["pubsub_googleapis_com:subscription_num_undelivered_messages"] = labels
	series["pubsub_googleapis_com:subscription_oldest_unacked_message_age"] = labels
	return series
}

var (
	series   = regexp.MustCompile(`\b(?:nightwire_|pubsub_googleapis_com:)[a-z_]+`)
	selector = regexp.MustCompile(`((?:nightwire_|pubsub_googleapis_com:)[a-z_]+)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"`)
	grouping = regexp.MustCompile(`\b(?:by|on|without|ignoring) \(([^)]*)\)`)
	inLegend = regexp.MustCompile(`(?:\{\{|\$\{)([a-z_]+)\}`)
)

// asked is a question to Prometheus, and how its answer is labelled.
type asked struct{ expr, legend string }

// questions finds every PromQL text in a file.
func questions(t *testing.T, name string) []asked {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var found []asked
	if strings.HasSuffix(name, ".yaml") {
		for _, line := range regexp.MustCompile(`(?m)^\s+expr: (".*")$`).FindAllStringSubmatch(string(text), -1) {
			expr, err := strconv.Unquote(line[1])
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, asked{expr: expr})
		}
		return found
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var search func(any, string)
	search = func(v any, legend string) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				search(e, legend)
			}
		case map[string]any:
			for _, key := range []string{"legendFormat", "legendTemplate"} {
				if text, ok := v[key].(string); ok {
					legend = text
				}
			}
			for key, e := range v {
				if expr, ok := e.(string); ok && (key == "expr" || key == "prometheusQuery" || key == "query" && expr != "prometheus") {
					found = append(found, asked{expr, legend})
				}
				search(e, legend)
			}
		}
	}
	search(document, "")
	return found
}

// problems says which metrics and labels of a question nothing emits.
func problems(q asked, known map[string][]string) []string {
	var wrong []string
	var labels []string
	names := series.FindAllString(q.expr, -1)
	for _, name := range names {
		if _, ok := known[name]; !ok {
			wrong = append(wrong, "metric "+name)
		}
		labels = append(labels, known[name]...)
	}
	if len(names) == 0 {
		wrong = append(wrong, "no metric at all")
	}
	for _, s := range selector.FindAllStringSubmatch(q.expr, -1) {
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if !slices.Contains(known[s[1]], m[1]) {
				wrong = append(wrong, "label "+m[1]+" of "+s[1])
			}
		}
	}
	check := func(where, label string) {
		if !slices.Contains(labels, label) {
			wrong = append(wrong, where+" "+label)
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(q.expr, -1) {
		for label := range strings.SplitSeq(g[1], ",") {
			check("grouping by", strings.TrimSpace(label))
		}
	}
	for _, l := range inLegend.FindAllStringSubmatch(q.legend, -1) {
		check("legend", l[1])
	}
	return wrong
}

// TestEveryMetricIsEmitted reads the files as Grafana, Prometheus and Cloud
// Monitoring do, and looks every name up in the list that the code's metrics are
// made from or held to.
func TestEveryMetricIsEmitted(t *testing.T) {
	t.Parallel()
	fewest := map[string]int{"grafana.json": 25, "cloud-dashboard.json": 25, "prometheus-rules.yaml": 9, "cloud-alerts.json": 6}
	for name, few := range fewest {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := questions(t, name)
			if len(all) < few {
				t.Errorf("%d questions found, want at least %d", len(all), few)
			}
			for _, q := range all {
				for _, p := range problems(q, known(strings.HasPrefix(name, "cloud"))) {
					t.Errorf("%s: %s", q.expr, p)
				}
			}
		})
	}
}

// TestProblems has the check find what is wrong.
func TestProblems(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		q    asked
		want []string
	}{
		"all right":        {asked{`sum by (stream) (rate(nightwire_alerts_total{outcome="again"}[5m]))`, "{{stream}}"}, nil},
		"unknown metric":   {asked{expr: "nightwire_alert_total"}, []string{"metric nightwire_alert_total"}},
		"histogram's name": {asked{expr: "nightwire_fit_seconds"}, []string{"metric nightwire_fit_seconds"}},
		"unknown label":    {asked{expr: `nightwire_alerts_total{function="rows"}`}, []string{"label function of nightwire_alerts_total"}},
		"unknown grouping": {asked{expr: "sum by (filter) (nightwire_alerts_total)"}, []string{"grouping by filter"}},
		"unknown legend":   {asked{"nightwire_alerts_total", "{{filter}}"}, []string{"legend filter"}},
		"nothing":          {asked{expr: "vector(1)"}, []string{"no metric at all"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, problems(c.q, known(false))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLogLines looks the messages of log-based rules up in the functions' code.
func TestLogLines(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	err := filepath.WalkDir(filepath.Join("..", "..", "functions"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		code.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules() {
		if r.log != "" && !strings.Contains(code.String(), `ErrorContext(ctx, "`+r.log) {
			t.Errorf("rule %s waits for the error %q, which no function logs", r.name, r.log)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	want := []string{
		"NightwireBacklog", "NightwireCertificateAbsent", "NightwireConflict", "NightwireConnectorNotReady",
		"NightwireDeadLetters", "NightwireFailures", "NightwireKafkaLag", "NightwireMissingAtDawn", "NightwirePrivateAlert",
	}
	var got []string
	for _, r := range rules() {
		got = append(got, r.name)
		if r.runbook == "" || strings.ContainsAny(r.runbook, "\n") || r.title == "" {
			t.Errorf("rule %s: want a title, and one line of a runbook", r.name)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}
