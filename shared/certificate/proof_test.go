package certificate

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/watermark"
	"pgregory.net/rapid"
)

// record is one that Kafka took.
type record struct {
	night    string
	recorded bool // the ledger knows what became of it
}

// log is a partition in Kafka.
type log struct {
	records   []record
	low       int64 // what Kafka has let go of lies before it
	committed int64 // of the group; below zero if it has nothing
}

func (l *log) high() int64 { return int64(len(l.records)) }

// cluster is a topic in Kafka, and the processes that share it.
type cluster struct {
	topic   string
	nightly bool
	now     time.Time
	there   bool // the topic was made
	logs    []*log
	owners  []*process // of each partition
	all     []*process // that live
	sights  []Sight    // that were told
	heard   []time.Time
	brought []Entry
	files   []string
}

// process is a connector. It knows of Kafka what package status of the connector
// would.
type process struct {
	mute  bool // Pub/Sub does not take anything of it
	parts map[int]*part
}

type part struct {
	low      int64
	position int64
	nights   map[string]*[2]int64
	gaps     map[string][]Gap
}

func (c *cluster) nightOf(at time.Time) string {
	if c.nightly {
		return night
	}
	return watermark.RecordNight(at)
}

func (c *cluster) produce(partition int) {
	c.there = true
	l := c.logs[partition]
	l.records = append(l.records, record{night: c.nightOf(c.now)})
}

// assign gives a partition to a process, which takes it up as the relay does.
func (c *cluster) assign(partition int, p *process) {
	c.owners[partition] = p
	l := c.logs[partition]
	own := p.parts[partition]
	if own == nil {
		own = &part{low: l.low, nights: map[string]*[2]int64{}, gaps: map[string][]Gap{}}
		p.parts[partition] = own
	}
	own.position = l.committed
	if l.committed < 0 {
		own.position = l.low
	}
	c.skip(l, own)
}

// skip reports a gap where Kafka has let go of what was to be read.
func (c *cluster) skip(l *log, own *part) {
	if own.position < l.low {
		at := c.nightOf(c.now)
		own.gaps[at] = append(own.gaps[at], Gap{own.position, l.low})
		own.position = l.low
	}
}

// read reads, publishes and commits a record; recorded says whether it came
// through to the ledger.
func (c *cluster) read(partition int, recorded bool) {
	p, l := c.owners[partition], c.logs[partition]
	if p == nil || p.mute {
		return
	}
	own := p.parts[partition]
	c.skip(l, own)
	if own.position == l.high() {
		return
	}
	offset := own.position
	r := &l.records[offset]
	span, known := own.nights[r.night]
	if !known {
		span = &[2]int64{offset, offset}
		own.nights[r.night] = span
	}
	span[0], span[1] = min(span[0], offset), max(span[1], offset)
	own.position++
	l.committed = own.position
	if recorded && !r.recorded {
		r.recorded = true
		name := fmt.Sprintf("v1/night=%s/%d/%d.avro", r.night, partition, offset)
		c.brought = append(c.brought, Entry{Topic: c.topic, Partition: int64(partition), Offset: offset, Outcome: ledger.Stored, Object: name})
		c.files = append(c.files, name)
	}
}

// report tells what a process sees; nobody hears of it where it is lost.
func (c *cluster) report(p *process, lost bool) {
	if lost || p.mute {
		return
	}
	c.heard = append(c.heard, c.now)
	if !c.there {
		return
	}
	count := int64(len(c.logs))
	c.sights = append(c.sights, Sight{Night: c.nightOf(c.now), Topic: c.topic, Partitions: count, Reported: c.now})
	for number, own := range p.parts {
		if c.owners[number] != p {
			continue
		}
		nights := map[string]bool{c.nightOf(c.now): true}
		for n := range own.nights {
			nights[n] = true
		}
		for n := range own.gaps {
			nights[n] = true
		}
		for n := range nights {
			s := Sight{
				Night: n, Topic: c.topic, Partition: new(int64(number)), Partitions: count, Low: own.low,
				High: c.logs[number].high(), Confirmed: own.position, Gaps: own.gaps[n], Reported: c.now,
			}
			if span := own.nights[n]; span != nil {
				s.First, s.Last = new(span[0]), new(span[1])
			}
			c.sights = append(c.sights, s)
		}
	}
}

// kill ends a process without a word; another may take its partitions.
func (c *cluster) kill(p *process) {
	for i, owner := range c.owners {
		if owner == p {
			c.owners[i] = nil
		}
	}
	for i := range c.all {
		if c.all[i] == p {
			c.all = append(c.all[:i:i], c.all[i+1:]...)
			return
		}
	}
}

// certificate closes the night from what was told until now.
func (c *cluster) certificate(t *rapid.T, asked time.Time) *Certificate {
	stream := "lsst"
	if c.nightly {
		stream = "ztf"
	}
	a := New(stream, night)
	if err := a.See(c.sights); err != nil {
		t.Fatal(err)
	}
	for _, at := range c.heard {
		a.Heard(at)
	}
	for _, e := range c.brought {
		a.Record(e)
	}
	for _, name := range c.files {
		a.File(name)
		a.Row(name, time.Second)
		a.Evaluation(name)
	}
	return a.Close(c.now, asked)
}

// lost counts the records of the night that Kafka took and that nobody knows.
func (c *cluster) lost() (lost, all int) {
	for _, l := range c.logs {
		for _, r := range l.records {
			if r.night == night {
				all++
				if !r.recorded {
					lost++
				}
			}
		}
	}
	return lost, all
}

func newCluster(t *rapid.T, begin time.Time) *cluster {
	c := &cluster{topic: "lsst-alerts", now: begin}
	if rapid.Bool().Draw(t, "a topic a night") {
		c.topic, c.nightly = topic, true
	}
	for range rapid.IntRange(1, 3).Draw(t, "partitions") {
		c.logs = append(c.logs, &log{committed: -1})
	}
	c.owners = make([]*process, len(c.logs))
	return c
}

// TestNoLostRecordIsClean lets a Kafka and its connectors live through three
// nights. Reports are lost, processes are killed between two of them, some cannot
// publish, Kafka lets go of records, and what was read does not always reach the
// ledger. A night is clean only if each of its records did.
func TestNoLostRecordIsClean(t *testing.T) {
	t.Parallel()
	for part := range 8 { // rare ways to lose a record take more draws than usual
		t.Run(strconv.Itoa(part), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, liveThrough)
		})
	}
}

func liveThrough(t *rapid.T) {
	begin := time.Date(2026, 8, 31, 6, 0, 0, 0, time.UTC)
	c := newCluster(t, begin)
	partition := func(t *rapid.T) int { return rapid.IntRange(0, len(c.logs)-1).Draw(t, "partition") }
	seldom := func(t *rapid.T, what string) bool { return rapid.IntRange(0, 9).Draw(t, what) == 9 }
	process := func(t *rapid.T) *process {
		if len(c.all) == 0 {
			t.Skip("no process lives")
		}
		return rapid.SampledFrom(c.all).Draw(t, "process")
	}
	end := begin.Add(72 * time.Hour)
	actions := map[string]func(*rapid.T){
		"minutes": func(t *rapid.T) { c.pass(t, rapid.IntRange(1, 14).Draw(t, "minutes"), end) },
		"hours":   func(t *rapid.T) { c.pass(t, 60*rapid.IntRange(1, 12).Draw(t, "hours"), end) },
		"create":  func(*rapid.T) { c.there = true },
		"produce": func(t *rapid.T) {
			if !c.nightly || watermark.Present("ztf", c.now) == night {
				c.produce(partition(t))
			}
		},
		"start": func(t *rapid.T) {
			if len(c.all) < 2 {
				c.all = append(c.all, newProcess(seldom(t, "mute")))
			}
		},
		"assign": func(t *rapid.T) {
			p := process(t)
			for i := range c.owners {
				if c.there && (c.owners[i] == nil || seldom(t, "rebalance")) {
					c.assign(i, p)
				}
			}
		},
		"read":   func(t *rapid.T) { c.read(partition(t), !seldom(t, "not recorded")) },
		"report": func(t *rapid.T) { c.report(process(t), seldom(t, "report lost")) },
		"expire": func(t *rapid.T) {
			l := c.logs[partition(t)]
			l.low = rapid.Int64Range(l.low, l.high()).Draw(t, "low")
		},
		"kill": func(t *rapid.T) { c.kill(process(t)) },
		"":     func(*rapid.T) { c.now = c.now.Add(time.Second) }, // no two things happen at once
	}
	t.Repeat(actions)
	c.settle(t)
	asked := c.now
	c.now = c.now.Add(time.Minute)
	for _, p := range c.all {
		c.report(p, false)
	}
	got := c.certificate(t, asked)
	lost, all := c.lost()
	if got.State == Clean && lost > 0 {
		t.Errorf("%s is clean, and of %d records %d are lost: %+v", c.topic, all, lost, got.Partitions)
	}
}

func newProcess(mute bool) *process { return &process{mute: mute, parts: map[int]*part{}} }

// pass lets time go on, in which those that live report.
func (c *cluster) pass(t *rapid.T, minutes int, end time.Time) {
	reports := rapid.Bool().Draw(t, "reports")
	for range minutes/10 + 1 {
		if c.now = c.now.Add(10 * time.Minute); c.now.After(end) {
			c.now = end
		}
		for _, p := range c.all {
			c.report(p, !reports)
		}
	}
}

// settle has, most of the time, somebody read what there is, as happens in the
// end; else nothing would ever be clean.
func (c *cluster) settle(t *rapid.T) {
	if !rapid.Bool().Draw(t, "settle") {
		return
	}
	p := newProcess(false)
	c.all = append(c.all, p)
	for i, l := range c.logs {
		if !c.there {
			break
		}
		c.assign(i, p)
		for range l.records {
			c.read(i, true)
		}
	}
	for c.now.Before(time.Date(2026, 9, 2, 13, 0, 0, 0, time.UTC)) && rapid.Bool().Draw(t, "go on") {
		c.now = c.now.Add(10 * time.Minute)
		c.report(p, false)
	}
}

// TestWholeNightIsClean has a connector look after Kafka without a break: nothing
// is in doubt, at any time.
func TestWholeNightIsClean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster(t, time.Date(2026, 8, 31, 6, 0, 0, 0, time.UTC))
		p := newProcess(false)
		c.all = append(c.all, p)
		hours := rapid.IntRange(31, 70).Draw(t, "hours")
		for range 6 * hours {
			c.now = c.now.Add(10 * time.Minute)
			if watermark.Present("ztf", c.now) == night || !c.nightly {
				for i := range c.logs {
					for range rapid.IntRange(0, 1).Draw(t, "records") {
						c.produce(i)
					}
				}
			}
			for i := range c.owners {
				if c.there && c.owners[i] == nil {
					c.assign(i, p)
				}
				for range 2 {
					c.read(i, true)
				}
			}
			if rapid.IntRange(0, 99).Draw(t, "kill") == 0 {
				c.kill(p)
				p = newProcess(false)
				c.all = append(c.all, p)
				for i := range c.owners {
					if c.there {
						c.assign(i, p)
					}
				}
			}
			c.report(p, false)
		}
		got := c.certificate(t, c.now)
		if _, all := c.lost(); got.State != Clean || got.Records < all {
			t.Errorf("%s: %s, %d of %d records, %q %+v %+v", c.topic, got.State, got.Records, all, got.Doubts, got.Losses, got.Partitions)
		}
	})
}
