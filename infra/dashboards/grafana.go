package dashboards

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object.
type object = map[string]any

// write is JSON as people read it: PromQL has < and >.
func write(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(v)
	return text.Bytes(), err
}

// The grid of a Grafana dashboard is 24 wide.
const (
	grafanaWidth  = 8
	grafanaHeight = 8
	grafanaAcross = 3
)

// grafana is the dashboard for Grafana, schema version 39 (Grafana 10 and later).
func grafana() ([]byte, error) {
	var panels []object
	y := 0
	add := func(p object) {
		p["id"] = len(panels) + 1
		panels = append(panels, p)
	}
	for _, s := range sections() {
		add(object{"type": "row", "title": s.title, "collapsed": false, "panels": []object{}, "gridPos": object{"x": 0, "y": y, "w": 24, "h": 1}})
		y++
		for i, p := range s.panels {
			at := object{"x": i % grafanaAcross * grafanaWidth, "y": y + i/grafanaAcross*grafanaHeight, "w": grafanaWidth, "h": grafanaHeight}
			add(grafanaPanel(p, at))
		}
		y += (len(s.panels) + grafanaAcross - 1) / grafanaAcross * grafanaHeight
	}
	return write(object{
		"uid": "nightwire", "title": "Nightwire", "tags": []string{"nightwire"}, "schemaVersion": 39, "editable": true,
		"refresh": "30s", "time": object{"from": "now-12h", "to": "now"}, "timezone": "utc", "panels": panels,
		"templating": object{"list": []object{{
			"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": object{},
		}}},
	})
}

func grafanaPanel(p panel, at object) object {
	source := object{"type": "prometheus", "uid": "${source}"}
	var targets []object
	for i, q := range p.queries {
		targets = append(targets, object{"refId": string(rune('A' + i)), "datasource": source, "expr": q.expr, "legendFormat": q.legend})
	}
	return object{
		"type": "timeseries", "title": p.title, "description": p.about, "datasource": source, "targets": targets, "gridPos": at,
		"fieldConfig": object{"defaults": object{"unit": p.unit, "min": 0}, "overrides": []object{}},
		"options":     object{"legend": object{"displayMode": "list", "placement": "bottom"}, "tooltip": object{"mode": "multi"}},
	}
}
