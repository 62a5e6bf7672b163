package cost

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// count writes a number for people: 100,000.
func count(n float64) string {
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// amount writes a size for people.
func amount(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.4g MB", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.4g kB", n/1e3)
	default:
		return fmt.Sprintf("%.0f B", n)
	}
}

// Estimate is a bill, the same load with another layout, and what to change.
type Estimate struct {
	Bill         Bill    `json:"bill"`
	FullPackets  Bill    `json:"full_packets"`
	Levers       []Lever `json:"levers"`
	File         float64 `json:"file_bytes"`    // of an archived alert
	AnotherMonth float64 `json:"another_month"` // what it costs to keep a night for a month more than the load says
	Prices       *Prices `json:"prices"`
}

// Of estimates a load.
func Of(l Load, m *Measured, prices *Prices) (*Estimate, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	now, longer := l.Price(m, prices), l
	longer.Retention++
	return &Estimate{
		Bill: now, FullPackets: l.PriceFullPackets(m, prices), Levers: l.Levers(m, prices),
		File: (&night{Load: l, measured: m}).file(), AnotherMonth: longer.Price(m, prices).Total.Night - now.Total.Night, Prices: prices,
	}, nil
}

// Print writes an estimate as tables.
func (e *Estimate) Print(w io.Writer) {
	l := e.Bill.Load
	first, last := e.Prices.Between()
	fmt.Fprintf(w, "A night of %s alerts of %s on %s, kept for %.4g months; US dollars, list prices of %s read %s to %s.\n",
		count(l.Alerts), amount(float64(l.Size)), l.Stream, l.Retention, e.Prices.Region, first, last)
	e.printAssumed(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\ta night\ta million alerts\ta month\tof all\t\n")
	for _, s := range append(e.Bill.Services, e.Bill.Total) {
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%.0f %%\t\n", s.Service, s.Night, s.Million, s.Month, 100*s.Share)
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nA month has %v nights, and its bill is reached %.4g months after the first of them. The free allowances of a\nbilling account, if nothing else uses them, take %.2f off a month.\n", l.NightsPerMonth, l.Retention, e.Bill.Free)
	e.printLines(w)
	e.printLevers(w)
	full := e.FullPackets.Total
	fmt.Fprintf(w, "\nThe whole packet through every topic would cost %.2f a night and %.2f a million alerts: %+.0f %%, of which Pub/Sub\n%.2f a million instead of %.2f.\n",
		full.Night, full.Million, 100*(full.Night/e.Bill.Total.Night-1), e.FullPackets.million("Pub/Sub"), e.Bill.million("Pub/Sub"))
	fmt.Fprintf(w, "\nLeft out:\n")
	for _, text := range e.Prices.LeftOut {
		fmt.Fprintf(w, "  %s\n", text)
	}
}

// printAssumed says what stands behind the two numbers that surprise people: how
// large a file is, and how long it is kept.
func (e *Estimate) printAssumed(w io.Writer) {
	l := e.Bill.Load
	if header := e.File - float64(l.Size); header > 0 {
		fmt.Fprintf(w, "A packet is archived with its schema, %s, since the survey sends it without: a file has %s.\n", amount(header), amount(e.File))
	}
	fmt.Fprintf(w, "The deployment's plan deletes no alert and no row: a month more than these %.4g adds %.2f a night, and --retention-months\n"+
		"counts another time.\n\n", l.Retention, e.AnotherMonth)
}

func (b Bill) million(service string) float64 {
	for _, s := range b.Services {
		if s.Service == service {
			return s.Million
		}
	}
	return 0
}

// dominant is how many lines are shown as those that cost most.
const dominant = 8

func (e *Estimate) printLines(w io.Writer) {
	fmt.Fprintf(w, "\nWhat costs most, a night:\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range e.Bill.Dearest(dominant) {
		fmt.Fprintf(t, "  %.2f\t%s: %s\t%s\n", line.USD, line.Service, line.Name, line.Formula)
	}
	_ = t.Flush()
}

func (e *Estimate) printLevers(w io.Writer) {
	fmt.Fprintf(w, "\nWhat changes it, a million alerts (- is dearer):\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range e.Levers {
		fmt.Fprintf(t, "  %+.2f\t%s\n", l.Saves, l.Change)
	}
	_ = t.Flush()
}

// PrintLines writes every line of a bill with its formula.
func (b Bill) PrintLines(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "service\tline\ta night\tunit\tUSD\tformula\n")
	for _, line := range b.Lines {
		fmt.Fprintf(t, "%s\t%s\t%.6g\t%s\t%.4f\t%s\n", line.Service, line.Name, line.Quantity, line.Unit, line.USD, line.Formula)
	}
	_ = t.Flush()
}

// PrintPrices writes the table of prices.
func (p *Prices) PrintPrices(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "service\tfor\tUSD\ta\tfree a month\tread\ton\n")
	for _, price := range p.List {
		fmt.Fprintf(t, "%s\t%s\t%v\t%s\t%v\t%s\t%s\n", price.Service, price.What, price.USD, price.Unit, price.Free, price.Read, price.Page)
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\n%s\n", p.About)
}
