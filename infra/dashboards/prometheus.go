package dashboards

import (
	"fmt"
	"strconv"
	"strings"
)

// prometheusRules is a file of Prometheus's alert rules. Its texts are quoted as
// JSON's are, which YAML reads too.
func prometheusRules() ([]byte, error) {
	var b strings.Builder
	b.WriteString("groups:\n  - name: nightwire\n    rules:\n")
	for _, r := range rules() {
		fmt.Fprintf(&b, "      - alert: %s\n        expr: %s\n", r.name, quoted(r.expr))
		if r.lasting > 0 {
			fmt.Fprintf(&b, "        for: %ds\n", int(r.lasting.Seconds()))
		}
		fmt.Fprintf(&b, "        labels:\n          severity: %s\n", r.severity())
		fmt.Fprintf(&b, "        annotations:\n          summary: %s\n          runbook: %s\n", quoted(r.title), quoted(r.runbook))
	}
	return []byte(b.String()), nil
}

// severity says whether somebody is to be woken.
func (r rule) severity() string {
	if r.page {
		return "critical"
	}
	return "warning"
}

func quoted(s string) string { return strconv.Quote(s) }
