package panel

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"nightwire.dev/shared/telemetry/metric"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what the template shows.
type page struct {
	Stream, Dir, At string
	Every           int
	Way             [][]card // the columns of the picture
	Beside          []card   // functions that no alert passes
	DeadLetters     string   // that wait; empty where none do
	Private         string   // alerts; empty where there were none
	Silent          []string // what does not answer
	Processes       []processRow
	Troubles        []troubleRow
}

type processRow struct {
	Name, CPU, Memory, Restarts string
}

type troubleRow struct {
	trouble
	Ago, Repeated string
}

func (p *Panel) servePage(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	p.mu.Lock()
	looks := history(slices.Clone(p.samples))
	p.mu.Unlock()
	if len(looks) == 0 {
		p.look(now)
		p.servePage(w, r)
		return
	}
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, p.page(looks, now)); err != nil {
		slog.ErrorContext(r.Context(), "the page cannot be made", "error", err)
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text.Bytes()) // an error is the reader's going away
}

func (p *Panel) page(looks history, now time.Time) page {
	o, last := p.options, looks.now()
	v := page{
		Stream: string(o.Resources.Stream), Dir: o.Dir, At: last.at.Format(time.TimeOnly), Every: int(Every / time.Second),
	}
	v.Way, v.Beside = p.cards(looks)
	if n := last.sum(metric.SubscriptionMessages.Name, "subscription", o.Resources.DeadLetterTopic()); n > 0 {
		v.DeadLetters = number(n)
	}
	if n := last.sum(metric.PrivateAlerts.Name); n > 0 {
		v.Private = number(n)
	}
	if last.problem != nil {
		v.Silent = strings.Split(last.problem.Error(), "\n")
	}
	const megabyte = 1 << 20
	restarts := last.by(metric.ProcessRestarts.Name, "process")
	resident := last.by(metric.ProcessMemory.Name, "process")
	for _, process := range o.Processes() {
		name := process.Name
		cores := looks.rate(func(s sample) float64 { return s.sum(metric.ProcessCPU.Name, "process", name) })
		v.Processes = append(v.Processes, processRow{
			Name: name, CPU: fmt.Sprintf("%.1f %%", 100*cores), Memory: number(resident[name]/megabyte) + " MB", Restarts: number(restarts[name]),
		})
	}
	for _, t := range troubles(o.Logs) {
		row := troubleRow{trouble: t, Ago: seconds(now.Sub(t.Time).Round(time.Second).Seconds())}
		if t.Times > 1 {
			row.Repeated = number(float64(t.Times)) + " times"
		}
		v.Troubles = append(v.Troubles, row)
	}
	return v
}

// does says in a few words what a function is for.
var does = map[string]string{
	"archive": "every packet, once", "rows": "BigQuery: alerts", "filter": "asks every filter",
	"supernova": "fits and plots", "watermarks": "what Kafka holds", "night": "the certificate", "tarball": "a night in one file",
}

// cards lays the stages out as the README's picture has them: connector,
// archive, bucket, what the bucket triggers, what a filter triggers.
func (p *Panel) cards(looks history) (way [][]card, beside []card) {
	r := p.options.Resources
	var archive, archived, chosen []card
	for _, f := range p.options.Functions {
		c := looks.function(f, does[f.Name], r.Subscription(f.Topic, f.Name))
		switch f.Topic {
		case r.RawTopic():
			archive = append(archive, c)
		case r.ArchivedTopic():
			archived = append(archived, c)
		case r.Topic("extragalactic"):
			chosen = append(chosen, c)
		default:
			beside = append(beside, c)
		}
	}
	return [][]card{{looks.connector()}, archive, {looks.bucket()}, archived, chosen}, beside
}
