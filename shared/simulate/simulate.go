// Package simulate makes ZTF-like nights of alerts from a seed.
//
// A seed and a date enter; alerts leave, each as the record of the ZTF schema
// (packet encodes it) with the truth about it. The local stack feeds them
// through Kafka, and the tests of several modules take their alerts from here.
//
// One function says what the camera measured of an object in one visit. The
// alert is its answer for tonight, and the histories are its answers for
// earlier visits, so an alert and the history of the next one cannot disagree.
// Objects live for one night: another date is another sky. Supernovae have the
// light of the demonstration model of shared/models, and fits find it again.
//
// The same options give the same records. Published numbers are rounded to a
// few decimals, which hides the last bits in which processors differ; pixels
// may differ there in the last bit of a float32. The gzip bytes around the
// pixels belong to the pinned version of klauspost/compress, so a test of
// stamps compares pixels and not bytes.
package simulate

import (
	"fmt"
	"iter"
	"sync"
	"time"

	"nightwire.dev/shared/packet"
)

// MostAlerts bounds a night. A real one of ZTF has at most about a million.
const MostAlerts = 1_000_000

// Earlier nights have numbers of three digits, and so candids of another
// shape; much later ones would use up the object names.
var (
	firstNight = time.Date(2019, time.October, 1, 0, 0, 0, 0, time.UTC)
	lastNight  = time.Date(2038, time.December, 31, 0, 0, 0, 0, time.UTC)
)

// Options say which night to make.
type Options struct {
	Seed      uint64
	Night     time.Time // the UTC date counts, the hour does not
	Alerts    int       // how many, 1 to MostAlerts
	Schema    string    // "4.02", also when empty, or "3.3"
	ProgramID int       // 1 public (also when 0), 2 partnership, 3 Caltech
}

// Night is a simulated night. It is safe for concurrent use.
type Night struct {
	seed      uint64  // of this night: the caller's seed and the date
	jd        float64 // at 0h UTC
	nid       int
	schema    string
	programID int32
	firstID   uint64 // where this night's object names start

	fields  []field
	objects []cast
	alerts  []appearance
	light   *supernovae
	stamps  *studio
	writer  func() (*packet.Schema, error) // parsed at the first packet
}

// New plans a night. Planning takes about 0.1 microseconds an alert; the
// alerts themselves are made when asked for.
func New(o Options) (*Night, error) {
	if o.Schema == "" {
		o.Schema = "4.02"
	}
	if o.ProgramID == 0 {
		o.ProgramID = 1
	}
	date := o.Night.UTC().Truncate(24 * time.Hour)
	switch {
	case o.Schema != "4.02" && o.Schema != "3.3":
		return nil, fmt.Errorf("simulate night: schema %q: want 4.02 or 3.3", o.Schema)
	case o.Alerts < 1 || o.Alerts > MostAlerts:
		return nil, fmt.Errorf("simulate night: %d alerts: want 1 to %d", o.Alerts, MostAlerts)
	case o.ProgramID < 1 || o.ProgramID > 3:
		return nil, fmt.Errorf("simulate night: program %d: want 1, 2 or 3", o.ProgramID)
	case date.Before(firstNight) || date.After(lastNight):
		return nil, fmt.Errorf("simulate night: %s: want %s to %s",
			date.Format(time.DateOnly), firstNight.Format(time.DateOnly), lastNight.Format(time.DateOnly))
	}
	jd := unixEpochJD + float64(date.Unix()/86400)
	n := &Night{
		jd: jd, nid: int(jd - nightZeroJD), schema: o.Schema, programID: int32(o.ProgramID),
	}
	n.seed = mix(mix(o.Seed) ^ uint64(n.nid))
	n.firstID = mix(o.Seed) % objectNames
	n.stamps = newStudio(n.seed)
	n.writer = sync.OnceValues(func() (*packet.Schema, error) { return parseWriter(n.schema) })
	var err error
	if n.light, err = newSupernovae(); err != nil {
		return nil, fmt.Errorf("simulate night: %w", err)
	}
	n.plan(o.Alerts)
	return n, nil
}

// Len is the number of alerts of the night.
func (n *Night) Len() int { return len(n.alerts) }

// Alert makes the alert at index i, 0 <= i < Len, in order of observation. It
// is a pure function of the options and i, and the caller may keep or change
// the record. Every field of the schema is present; a null is nil; the Go
// types are string, int32, int64, float32, float64, []byte, []any for an array
// and map[string]any for a record.
func (n *Night) Alert(i int) map[string]any {
	o, m := n.observe(i)
	id := m.candid()
	record := map[string]any{
		"schemavsn":      n.schema,
		"publisher":      "Nightwire simulator",
		"objectId":       o.name,
		"candid":         id,
		"candidate":      n.candidate(&o, &m),
		"prv_candidates": n.previous(&o, &m),
	}
	if n.schema == "4.02" {
		record["fp_hists"] = n.forced(&o, &m)
	}
	n.cutouts(record, &o, &m)
	return record
}

// All goes through the night in order of observation.
func (n *Night) All() iter.Seq2[int, map[string]any] {
	return func(yield func(int, map[string]any) bool) {
		for i := range n.alerts {
			if !yield(i, n.Alert(i)) {
				return
			}
		}
	}
}

// observe gives the object of alert i and tonight's measurement of it.
func (n *Night) observe(i int) (object, measurement) {
	a := n.alerts[i]
	o := n.object(a.object)
	return o, n.measure(&o, visit{field: o.field, pass: int(a.pass)})
}
