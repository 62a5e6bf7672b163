package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// glitch is what an artefact looks like.
type glitch uint8

const (
	spike  glitch = iota // a cosmic ray or a hot pixel: sharper than any star
	dipole               // a bright star that was subtracted off centre
	streak               // a satellite, or the spike of a saturated star
	glitches
)

const (
	side   = 63 // of a stamp, pixels
	centre = side / 2

	referenceZero   = 26.3 // magnitude of 1 DN in the reference image
	referenceGround = 150  // its background, DN
	referenceDepth  = 0.25 // its noise against that of a single frame
)

// blob is a Gaussian spot. All that shines is made of blobs.
type blob struct {
	x, y   float64 // pixels from the middle of the central pixel
	sx, sy float64 // widths, pixels
	flux   float64 // DN
}

// image is a stamp above its background, in rows from the bottom.
type image [side * side]float32

// cutouts adds the three stamps to an alert: science, template and difference.
// The difference is science minus template scaled to the same zero point, or
// template minus science for a negative detection, so that the source is
// bright in it either way.
func (n *Night) cutouts(record map[string]any, o *object, m *measurement) {
	e := n.stamps.borrow()
	defer n.stamps.giveBack(e)

	r := n.stream(forNoise, o.index, m.pass)
	noise := m.pixelNoise()
	scale := math.Pow(10, 0.4*(m.zeroPoint-referenceZero))
	n.stamps.grain(&e.science, r, noise*math.Sqrt(1-referenceDepth*referenceDepth))
	n.stamps.grain(&e.template, r, referenceDepth*noise/scale)
	for _, b := range n.scene(o, m) {
		e.science.add(b)
		b.flux /= scale
		e.template.add(b)
	}
	for _, b := range o.change(m) {
		e.science.add(b)
	}
	e.subtract(float32(scale), !m.positive())
	e.science.lift(float32(m.background))
	e.template.lift(referenceGround)
	e.cutEdges(m)

	product := "scimref"
	if !m.positive() {
		product = "refmsci"
	}
	id := m.candid()
	targeted := fmt.Sprintf("candid%d_pid%d_targ_", id, m.pid)
	record["cutoutScience"] = cutout(targeted+"sci.fits.gz", e.pack(&e.science))
	record["cutoutTemplate"] = cutout(fmt.Sprintf("candid%d_ref.fits.gz", id), e.pack(&e.template))
	record["cutoutDifference"] = cutout(targeted+product+".fits.gz", e.pack(&e.difference))
}

func cutout(name string, data []byte) map[string]any {
	return map[string]any{"fileName": name, "stampData": data}
}

// scene lists what does not change: the neighbour and a few field sources.
func (n *Night) scene(o *object, m *measurement) []blob {
	psf := m.psfSigma()
	offX, offY := m.offset()
	near := blob{
		x: offX + o.near.distance*math.Cos(o.near.angle), y: offY + o.near.distance*math.Sin(o.near.angle),
		sx: psf, sy: psf, flux: m.counts(magFlux(o.near.mag)),
	}
	if o.near.galaxy {
		near.sx, near.sy = math.Hypot(psf, 2.2), math.Hypot(psf, 1.4)
	}
	blobs := []blob{near}
	r := n.stream(forScene, o.index)
	for range r.IntN(5) {
		blobs = append(blobs, blob{
			x: uniform(r, -centre, centre), y: uniform(r, -centre, centre),
			sx: psf, sy: psf, flux: m.counts(magFlux(uniform(r, 16.5, 21))),
		})
	}
	return blobs
}

// change lists what is new in the science image.
func (o *object) change(m *measurement) []blob {
	psf := m.psfSigma()
	x, y := m.offset()
	point := blob{x: x, y: y, sx: psf, sy: psf, flux: m.flux}
	if o.class != Artefact {
		return []blob{point}
	}
	switch o.glitch {
	case spike:
		point.sx, point.sy = 0.45, 0.45
		return []blob{point}
	case streak:
		point.sx = 9
		point.flux *= 3
		return []blob{point}
	default:
		shadow := point
		shadow.x += 1.5
		shadow.flux = -0.9 * point.flux
		return []blob{point, shadow}
	}
}

// offset is where the source lies against the middle of the central pixel.
func (m *measurement) offset() (x, y float64) {
	return m.x - math.Round(m.x), m.y - math.Round(m.y)
}

// add draws a blob out to five widths. The conversions to float32 keep
// processors from fusing the products, which would change the last bits.
func (im *image) add(b blob) {
	const reach = 5
	var profile [side]float32
	peak := b.flux / (2 * math.Pi * b.sx * b.sy)
	left, right := span(b.x, reach*b.sx)
	for i := left; i < right; i++ {
		profile[i] = float32(peak * gauss((float64(i-centre)-b.x)/b.sx))
	}
	bottom, top := span(b.y, reach*b.sy)
	for j := bottom; j < top; j++ {
		height := float32(gauss((float64(j-centre) - b.y) / b.sy))
		row := im[j*side : (j+1)*side]
		for i := left; i < right; i++ {
			row[i] += float32(profile[i] * height)
		}
	}
}

// span gives the pixels within reach of a place on one axis.
func span(at, reach float64) (from, to int) {
	from = max(0, int(math.Ceil(at-reach))+centre)
	return from, min(side, int(math.Floor(at+reach))+centre+1)
}

func (im *image) lift(background float32) {
	for i := range im {
		im[i] += background
	}
}

// easel holds the three images of one alert, and what packs them.
type easel struct {
	science, template, difference image
	packer
}

func (e *easel) subtract(scale float32, reversed bool) {
	if reversed {
		for i := range e.difference {
			e.difference[i] = float32(scale*e.template[i]) - e.science[i]
		}
		return
	}
	for i := range e.difference {
		e.difference[i] = e.science[i] - float32(scale*e.template[i])
	}
}

// cutEdges puts NaN where a stamp reaches beyond the image of its readout
// channel.
func (e *easel) cutEdges(m *measurement) {
	if m.toEdge() > centre+1 {
		return
	}
	nan := float32(math.NaN())
	x, y := int(math.Round(m.x)), int(math.Round(m.y))
	for k := range e.science {
		i, j := x+k%side-centre, y+k/side-centre
		if i < 1 || i > columns || j < 1 || j > rows {
			e.science[k], e.template[k], e.difference[k] = nan, nan, nan
		}
	}
}

// grain fills an image with noise: a stretch of the studio's random numbers
// from a random place on.
func (s *studio) grain(im *image, r *rand.Rand, sigma float64) {
	start, width := r.IntN(len(s.noise)-len(im)), float32(sigma)
	for i, x := range s.noise[start : start+len(im)] {
		im[i] = width * x
	}
}
