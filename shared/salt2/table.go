package salt2

import (
	"math"

	"nightwire.dev/shared/salt2/dust"
	"nightwire.dev/shared/salt2/grid"
)

// Searching for a minimum needs many approximate fluxes and a few exact ones.
// The approximate ones come from tables that do not depend on the colour or
// the dust: both are smooth factors across a band, and so enough is known of
// them at a few wavelengths, the nodes of a Chebyshev interpolation. A slice
// holds, at one redshift, every sum over wavelength split among those nodes;
// colour and dust then weigh the nodes. Between slices interpolation is cubic.

const (
	nodes     = 6     // wavelengths across a band where colour and dust are known; product and dot spell them out
	sliceStep = 0.002 // in redshift: about one of the model's wavelength steps
)

// split is one component's sum over wavelength, split among the nodes.
type split [nodes]float64

// pair are both components of one sum.
type pair struct{ m0, m1 split }

// slice is a band's sums at one redshift: as in rows, but without the last n.
type slice []pair

// tablet makes slices of one band. It does not change.
type tablet struct {
	model     *Model
	band      *Band
	nodes     [nodes]float64 // wavelengths, observer's frame
	share     []split        // of each bin: its weight, split among the nodes
	dustNodes [nodes]float64 // magnitudes for E(B-V) = 1, at the nodes
	dustBins  []float64      // and at the bins
}

func newTablet(m *Model, b *Band, law dust.Law) *tablet {
	t := &tablet{model: m, band: b, share: make([]split, len(b.bins)), dustBins: make([]float64, len(b.bins))}
	middle, half := (b.min()+b.max())/2, (b.max()-b.min())/2
	for k := range t.nodes {
		t.nodes[k] = middle - half*math.Cos((float64(k)+0.5)*math.Pi/nodes)
		t.dustNodes[k] = law.Magnitudes(t.nodes[k])
	}
	for i, bin := range b.bins {
		t.dustBins[i] = law.Magnitudes(bin.wave)
		for k := range t.nodes {
			basis := bin.weight
			for l := range t.nodes {
				if l != k {
					basis *= (bin.wave - t.nodes[l]) / (t.nodes[k] - t.nodes[l])
				}
			}
			t.share[i][k] = basis
		}
	}
	return t
}

// loom is scratch memory: the bins gathered on the model's wavelengths.
type loom struct{ cubic, linear []split }

func newLoom(m *Model) *loom {
	n := m.m0.Wave.Len()
	return &loom{make([]split, n), make([]split, n)}
}

func (m *Model) newSlice() slice { return make(slice, m.m0.Phase.Len()+4) }

// fill makes the slice of a redshift. Bins in the model's first and last cell
// in wavelength are taken as cubic in phase, which they almost are.
func (t *tablet) fill(s slice, l *loom, z float64) {
	wave := &t.model.m0.Wave
	a := 1 / (1 + z)
	clear(l.cubic)
	clear(l.linear)
	low, high := wave.Len(), 0
	for i, bin := range t.band.bins {
		w := bin.wave * a
		if !wave.Holds(w) {
			continue
		}
		j, u, _ := wave.Cell(w)
		share := &t.share[i]
		l.linear[j].add(1-u, share)
		l.linear[j+1].add(u, share)
		if !wave.Interior(j) {
			l.cubic[j].add(1-u, share)
			l.cubic[j+1].add(u, share)
			low, high = min(low, j), max(high, j+2)
			continue
		}
		w0, w1, w2, w3 := grid.Cubic(u)
		q := l.cubic[j-1 : j+3 : j+3]
		q[0].add(w0, share)
		q[1].add(w1, share)
		q[2].add(w2, share)
		q[3].add(w3, share)
		low, high = min(low, j-1), max(high, j+3)
	}
	n := t.model.m0.Phase.Len()
	low = min(low, high)
	for i := range n {
		t.sum(&s[i], l.cubic[low:high], i, low)
	}
	for k, i := range [4]int{0, 1, n - 2, n - 1} {
		t.sum(&s[n+k], l.linear[low:high], i, low)
	}
}

func (s *split) add(w float64, share *split) {
	for k := range s {
		s[k] += w * share[k]
	}
}

// sum makes one pair of sums, of the model's row i.
func (t *tablet) sum(p *pair, gathered []split, i, low int) {
	p.m0 = product(gathered, t.model.m0.Row(i)[low:])
	p.m1 = product(gathered, t.model.m1.Row(i)[low:])
}

// product sums the splits, each times its number. The sums stand side
// by side, since the compiler keeps them in registers so.
func product(gathered []split, row []float64) split {
	var s0, s1, s2, s3, s4, s5 float64
	row = row[:len(gathered)]
	for j := range gathered {
		m, g := row[j], &gathered[j]
		s0 += m * g[0]
		s1 += m * g[1]
		s2 += m * g[2]
		s3 += m * g[3]
		s4 += m * g[4]
		s5 += m * g[5]
	}
	return split{s0, s1, s2, s3, s4, s5}
}

// table holds the slices of all bands between two redshifts.
type table struct {
	first, step float64
	slices      [][]slice // by redshift, then by band
}

func newTable(m *Model, tablets []*tablet, z Bounds) *table {
	l := newLoom(m)
	count := max(4, int(math.Ceil((z.High-z.Low)/sliceStep))+1)
	t := &table{first: z.Low, step: (z.High - z.Low) / float64(count-1)}
	for i := range count {
		bands := make([]slice, len(tablets))
		for b, tablet := range tablets {
			bands[b] = m.newSlice()
			tablet.fill(bands[b], l, t.first+float64(i)*t.step)
		}
		t.slices = append(t.slices, bands)
	}
	return t
}

func (t *table) holds(z float64) bool {
	const rounding = 1e-12
	return t != nil && z >= t.first-rounding && z <= t.first+float64(len(t.slices)-1)*t.step+rounding
}

// nearest is the index of the slice whose redshift is nearest.
func (t *table) nearest(z float64) int {
	return max(0, min(int(math.Round((z-t.first)/t.step)), len(t.slices)-1))
}

// stencil is where a redshift lies between four slices: their weights and
// those of the derivative by redshift (Lagrange's formula).
type stencil struct {
	at    int
	w, dw [4]float64
}

func (t *table) stencil(z float64) (s stencil) {
	x := (z - t.first) / t.step
	s.at = max(0, min(int(x)-1, len(t.slices)-4))
	x -= float64(s.at)
	a, b, c, d := x, x-1, x-2, x-3
	s.w = [4]float64{-b * c * d / 6, a * c * d / 2, -a * b * d / 2, a * b * c / 6}
	s.dw = [4]float64{-(c*d + b*d + b*c) / 6, (c*d + a*d + a*c) / 2, -(b*d + a*d + a*b) / 2, (b*c + a*c + a*b) / 6}
	for k := range s.dw {
		s.dw[k] /= t.step
	}
	return s
}
