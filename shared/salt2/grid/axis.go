package grid

import "sort"

// Axis is one coordinate of a grid: its nodes, strictly increasing.
type Axis struct {
	nodes []float64
	scale float64 // 1/step of an even axis, else 0
}

func newAxis(nodes []float64) Axis {
	a := Axis{nodes: nodes}
	step := (nodes[len(nodes)-1] - nodes[0]) / float64(len(nodes)-1)
	for i, x := range nodes {
		if d := x - (nodes[0] + float64(i)*step); d > 1e-9*step || d < -1e-9*step {
			return a
		}
	}
	a.scale = 1 / step
	return a
}

// Len is the number of nodes.
func (a *Axis) Len() int { return len(a.nodes) }

// Node is the coordinate of the i-th node.
func (a *Axis) Node(i int) float64 { return a.nodes[i] }

// Min is the first node and Max the last.
func (a *Axis) Min() float64 { return a.nodes[0] }

// Max is the last node.
func (a *Axis) Max() float64 { return a.nodes[len(a.nodes)-1] }

// Holds says whether x lies between the first node and the last, both included.
func (a *Axis) Holds(x float64) bool { return x >= a.Min() && x <= a.Max() }

// Equal says whether two axes have the same nodes.
func (a *Axis) Equal(b *Axis) bool {
	if len(a.nodes) != len(b.nodes) {
		return false
	}
	for i := range a.nodes {
		if a.nodes[i] != b.nodes[i] {
			return false
		}
	}
	return true
}

// Cell is the index of the cell that holds x, how far into the cell x lies
// (from 0 to 1), and one over the cell's width. For an x beyond the axis it is
// the first cell or the last, and the fraction is beyond 0 or 1.
func (a *Axis) Cell(x float64) (i int, u, inverse float64) {
	if a.scale == 0 {
		return a.find(x)
	}
	u = (x - a.nodes[0]) * a.scale
	i = max(0, min(int(u), len(a.nodes)-2))
	return i, u - float64(i), a.scale
}

// find is Cell on an uneven axis.
func (a *Axis) find(x float64) (i int, u, inverse float64) {
	i = sort.Search(len(a.nodes), func(k int) bool { return a.nodes[k] > x }) - 1
	i = max(0, min(i, len(a.nodes)-2))
	inverse = 1 / (a.nodes[i+1] - a.nodes[i])
	return i, (x - a.nodes[i]) * inverse, inverse
}

// Interior says whether the i-th cell has the neighbours that the cubic kernel
// needs. The last cell but one is interior, the first and the last are not.
func (a *Axis) Interior(i int) bool { return i > 0 && i <= len(a.nodes)-3 }

// Cubic are the weights of the nodes i-1, i, i+1 and i+2 at the fraction u of
// the i-th cell: cubic convolution with the kernel's parameter a = -1/2.
func Cubic(u float64) (w0, w1, w2, w3 float64) {
	v := 1 - u
	w0 = -0.5 * u * v * v
	w3 = -0.5 * v * u * u
	w1 = (1.5*u-2.5)*u*u + 1
	w2 = (1.5*v-2.5)*v*v + 1
	return w0, w1, w2, w3
}

// CubicSlope are the derivatives of Cubic's weights with respect to u.
func CubicSlope(u float64) (d0, d1, d2, d3 float64) {
	d0 = (-1.5*u+2)*u - 0.5
	d1 = (4.5*u - 5) * u
	d2 = (-4.5*u+4)*u + 0.5
	d3 = (1.5*u - 1) * u
	return d0, d1, d2, d3
}
