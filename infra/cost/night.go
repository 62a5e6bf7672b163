package cost

import (
	"fmt"
	"math"

	"nightwire.dev/schemas"
)

// layout is what the messages carry.
type layout int

const (
	nightwire   layout = iota // the packet once; then where it is kept
	fullPackets               // the whole packet through every topic
)

// The units of the prices.
const (
	gib       = 1 << 30
	tib       = 1 << 40
	monthHour = 730 // hours of a month, as the prices' pages count
)

// Assumptions that no flag changes.
const (
	requestLog    = 1000 // bytes of Cloud Run's line in the log for one request
	refreshSecond = 15.0 // between two looks of function filter at the filters
	activeMonths  = 3.0  // 90 days, after which BigQuery's storage is long-term
	machine       = "compute.e2-small"
)

// night counts what a night takes.
type night struct {
	Load
	measured *Measured
	layout   layout
	all      []Line
}

func (n *night) lines() []Line {
	n.pubsub()
	n.storage()
	n.functions()
	n.bigquery()
	n.machine()
	n.logs()
	return n.all
}

// add notes a line; the formula's numbers are filled in.
func (n *night) add(price, name string, quantity float64, formula string, numbers ...any) {
	if quantity == 0 {
		return
	}
	n.all = append(n.all, Line{Name: name, Formula: fmt.Sprintf(formula, numbers...), Quantity: quantity, Price: price})
}

func (n *night) lsst() bool { return n.Stream.Survey() == schemas.LSST }

// file is the size of an archived file: LSST's records come without a header.
func (n *night) file() float64 {
	if n.lsst() {
		return float64(n.Size) + n.measured.Rows.LSSTHeader
	}
	return float64(n.Size)
}

// match is the size of a match's message.
func (n *night) match() float64 {
	m := n.measured.Messages
	switch {
	case n.ThinMatches:
		return m.MatchThin
	case n.layout == fullPackets:
		return float64(n.Size) + m.MatchThin
	case n.lsst(): // as long, for its row, as ZTF's is for its own
		r, h := n.measured.Rows, n.measured.History
		return m.MatchThin + (m.Match+m.MatchEntry*h-m.MatchThin)/(r.Alert+r.Entry*h)*n.alertRow()
	default:
		return m.Match + m.MatchEntry*n.History
	}
}

// alertRow is the size of a row of alerts_stream.
func (n *night) alertRow() float64 {
	r := n.measured.Rows
	if n.lsst() {
		return r.LSSTAlert + r.LSSTEntry*n.History
	}
	return r.Alert + r.Entry*n.History
}

// matches are an alert and a filter that chooses it; fits are of light curves.
func (n *night) matches() float64 { return n.Alerts * n.Filters * n.MatchFraction }
func (n *night) fits() float64    { return n.Alerts * n.FitFraction }

func (n *night) pubsub() {
	m := n.measured.Messages
	raw := float64(n.Size) + m.RawExtra
	n.add("pubsub.throughput", "raw packets, published and pushed to archive", 2*n.Alerts*raw/tib,
		"%s alerts x %s x 2", count(n.Alerts), amount(raw))
	told, by := m.Notification, "the bucket's news of new files"
	if n.layout == fullPackets {
		told, by = raw, "archived packets"
	}
	n.add("pubsub.throughput", by+", published and pushed to rows and filter", 3*n.Alerts*told/tib,
		"%s alerts x %s x 3", count(n.Alerts), amount(told))
	n.add("pubsub.throughput", "matches, published and read", n.matches()*n.match()*(1+n.Readers)/tib,
		"%s alerts x %v filters x %.3g of the alerts x %s x (1 + %v readers)", count(n.Alerts), n.Filters, n.MatchFraction, amount(n.match()), n.Readers)
	n.add("pubsub.throughput", "likely transients, pushed to supernova", n.fits()*n.match()/tib,
		"%s alerts x %.3g of them x %s", count(n.Alerts), n.FitFraction, amount(n.match()))
	published := n.Alerts*(raw+told) + n.matches()*n.match()
	n.add("pubsub.storage", "all that is published, kept in its topic", published/gib*months(n.TopicDays),
		"%s alerts x (%s + %s) + %s matches x %s, x %v days / 30.4", count(n.Alerts), amount(raw), amount(told), count(n.matches()), amount(n.match()), n.TopicDays)
}

func (n *night) storage() {
	f := n.measured.Files
	claims := n.Alerts * min(1, n.Filters*n.MatchFraction)
	plots := n.fits() * n.measured.PlotFraction
	looks := n.Hours * 3600 / refreshSecond
	n.add("storage.class-a", "files created: alerts, claims on matches, plots; looks at the filters", (n.Alerts+claims+plots+looks)/1000,
		"%s + %s + %s + %s", count(n.Alerts), count(claims), count(plots), count(looks))
	reads := 2*n.Alerts + n.fits()
	if n.layout == fullPackets {
		reads = 0
	}
	n.add("storage.class-b", "files read by rows, filter and supernova; notifications", (reads+n.Alerts)/1000,
		"%s reads + %s notifications", count(reads), count(n.Alerts))
	n.keep(files{name: "alerts, one file each", number: n.Alerts, size: n.file(), months: n.Retention, colder: n.Colder})
	n.keep(files{name: "claims", number: claims, size: f.Claim, months: min(n.Retention, months(claimDays))})
	n.keep(files{name: "plots", number: plots, size: f.Plot, months: min(n.Retention, months(plotDays))})
	if n.Tarball {
		n.add("storage.class-b", "files read for the night's tarball", n.Alerts/1000, "%s reads", count(n.Alerts))
		n.keep(files{name: "the night's tarball", number: 1, size: n.Alerts * n.file() * f.Tarball, months: n.Retention, colder: n.TarballColder})
	}
}

// files are kept, after 30 days in a colder class if one is named.
type files struct {
	name   string
	number float64
	size   float64 // of each
	months float64
	colder string
}

// keep keeps files. Each that moves costs an operation.
func (n *night) keep(f files) {
	size := f.number * f.size / gib
	formula := fmt.Sprintf("%s x %s", count(f.number), amount(f.size))
	standard := f.months
	if f.colder != "" {
		standard = min(months(colderDays), f.months)
		if later := f.months - standard; later > 0 {
			n.add("storage."+f.colder, f.name+", "+f.colder, size*later*monthHour, "%s x %.4g months x 730 h", formula, later)
			n.add("storage.class-a", f.name+", moved to "+f.colder+" (at least)", f.number/1000, "%s files", count(f.number))
		}
	}
	n.add("storage.standard", f.name+", kept", size*standard*monthHour, "%s x %.4g months x 730 h", formula, standard)
}

// functions counts the seconds for which instances are up. An instance is paid
// for while it has at least one event. There are at least as many as the
// processor time needs, and as the events at once need; and where events are
// rare, one is up for as long as any event is being served: with a rate r of
// events that each take a time t, the part 1 - exp(-r t) of the night.
func (n *night) functions() {
	cpu := n.measured.CPU
	for _, name := range working() {
		events, ms, has := n.Alerts, cpu.Event, n.Instances[name]
		if name == "supernova" {
			events, ms = n.fits(), cpu.Event+cpu.Fit
		}
		night := n.Hours * 3600
		busy := night * (1 - math.Exp(-events/night*n.LatencySeconds))
		work := events * ms / 1000 * n.CPUFactor / n.Utilisation / has.Processors
		room := events * n.LatencySeconds / has.Concurrency
		up := max(busy, work, room)
		n.add("run.cpu", "instances of "+name, up*has.Processors, "%v x the most of: %s s with an event; %s events x %.3g ms / %.2g busy = %s s; %s events x %.2g s / %v at once = %s s",
			has.Processors, count(busy), count(events), ms*n.CPUFactor, n.Utilisation, count(work), count(events), n.LatencySeconds, has.Concurrency, count(room))
		n.add("run.memory", "memory of "+name, up*has.MemoryGiB, "%s s x %v GiB", count(up), has.MemoryGiB)
	}
	n.add("run.requests", "events", n.events()/1e6, "%s alerts x 3 + %s fits", count(n.Alerts), count(n.fits()))
}

// events are the requests that functions get.
func (n *night) events() float64 { return 3*n.Alerts + n.fits() }

func (n *night) bigquery() {
	r := n.measured.Rows
	alerts := n.Alerts * n.alertRow()
	proofs := n.Alerts * (r.Ledger + r.Evaluation)
	chosen := n.matches()*r.Match + n.fits()*r.Fit
	active, later := min(n.Retention, activeMonths), max(0, n.Retention-activeMonths)
	for _, rows := range []struct {
		name, formula string
		bytes         float64
	}{
		{"alerts", fmt.Sprintf("%s alerts x %s", count(n.Alerts), amount(n.alertRow())), alerts},
		{"ledger and evaluations", fmt.Sprintf("%s alerts x %s", count(n.Alerts), amount(r.Ledger+r.Evaluation)), proofs},
		{"matches and fits", fmt.Sprintf("%s x %s + %s x %s", count(n.matches()), amount(r.Match), count(n.fits()), amount(r.Fit)), chosen},
	} {
		n.add("bigquery.write", "rows of "+rows.name+", appended", rows.bytes/gib, "%s", rows.formula)
		n.add("bigquery.active", "rows of "+rows.name+", kept", rows.bytes/gib*active*monthHour, "%s x %.4g months x 730 h", rows.formula, active)
		n.add("bigquery.long-term", "rows of "+rows.name+", kept longer", rows.bytes/gib*later*monthHour, "%s x %.4g months x 730 h", rows.formula, later)
	}
	// What people ask is measured with the history of the synthetic night, and
	// grows with the row.
	grows := n.alertRow() / (r.Alert + r.Entry*n.measured.History)
	library := 0.0
	for _, scan := range n.measured.Scans {
		library += scan * grows
	}
	n.add("bigquery.scan", "the library, asked by people of one night", n.Asked*n.Alerts*library/tib,
		"%v times x %s alerts x %s in all queries", n.Asked, count(n.Alerts), amount(library))
	proof := n.measured.Scans["missing-alerts"]
	n.add("bigquery.scan", "the night's certificate", n.Alerts*proof/tib, "%s alerts x %s", count(n.Alerts), amount(proof))
}

func (n *night) machine() {
	hours := monthHour / n.NightsPerMonth
	n.add(machine, "the connector's machine", hours, "730 h / %v nights", n.NightsPerMonth)
	n.add("compute.address", "its address", hours, "730 h / %v nights", n.NightsPerMonth)
}

func (n *night) logs() {
	if n.RequestLogs {
		n.add("logging.ingest", "a line for every event", n.events()*requestLog/gib, "%s events x %s (assumed)", count(n.events()), amount(requestLog))
	}
}
