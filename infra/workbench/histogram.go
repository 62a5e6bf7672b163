package workbench

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"nightwire.dev/shared/alert"
)

// Histogram counts alerts by magnitude, in bins of one, all and matches.
type Histogram struct {
	bins    map[int]bin // by the integer magnitude
	unknown bin         // without a magnitude
}

type bin struct{ all, matches int }

func (b bin) with(matched bool) bin {
	b.all++
	if matched {
		b.matches++
	}
	return b
}

func (h *Histogram) add(mag alert.Maybe[float64], matched bool) {
	if h.bins == nil {
		h.bins = map[int]bin{}
	}
	if !mag.Known || math.Abs(mag.Value) > faintest {
		h.unknown = h.unknown.with(matched)
		return
	}
	at := int(math.Floor(mag.Value))
	h.bins[at] = h.bins[at].with(matched)
}

// faintest bounds what counts as a magnitude: noise around no flux at all has
// any.
const faintest = 35

// widest is the length of the longest bar.
const widest = 24

// print draws two bars a magnitude, each with a scale of its own, since
// matches may be few.
func (h *Histogram) print(w io.Writer) {
	first, last, most := math.MaxInt, math.MinInt, bin{1, 1}
	for mag, b := range h.bins {
		first, last = min(first, mag), max(last, mag)
		most.all, most.matches = max(most.all, b.all), max(most.matches, b.matches)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintln(t, "mag\tall\t\tmatches\t")
	for mag := first; mag <= last; mag++ {
		b := h.bins[mag]
		fmt.Fprintf(t, "%d-%d\t%d\t%s\t%d\t%s\n", mag, mag+1, b.all, bar(b.all, most.all), b.matches, bar(b.matches, most.matches))
	}
	if h.unknown.all > 0 {
		fmt.Fprintf(t, "none\t%d\t\t%d\t\n", h.unknown.all, h.unknown.matches)
	}
}

// bar is never empty where there is something.
func bar(n, most int) string {
	return strings.Repeat("#", (n*widest+most-1)/most)
}
