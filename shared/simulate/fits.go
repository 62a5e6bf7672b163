package simulate

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

const (
	fitsBlock = 2880 // FITS comes in blocks of so many bytes
	fitsSize  = fitsBlock + (4*side*side+fitsBlock-1)/fitsBlock*fitsBlock
)

// studio keeps what the stamps of a night share.
type studio struct {
	noise  []float32 // unit normal numbers
	easels sync.Pool
}

func newStudio(seed uint64) *studio {
	s := &studio{noise: make([]float32, 1<<17)}
	r := seeded(seed, forNoise)
	for i := range s.noise {
		s.noise[i] = float32(r.NormFloat64())
	}
	s.easels.New = func() any {
		e := &easel{}
		copy(e.fits[:], fitsHeader())
		e.gzip, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
		return e
	}
	return s
}

func (s *studio) borrow() *easel { return s.easels.Get().(*easel) }

func (s *studio) giveBack(e *easel) { s.easels.Put(e) }

// fitsHeader is the primary header of a stamp (FITS Standard 4.0, section 4).
func fitsHeader() []byte {
	var h bytes.Buffer
	for _, card := range []string{
		"SIMPLE  =                    T",
		"BITPIX  =                  -32",
		"NAXIS   =                    2",
		fmt.Sprintf("NAXIS1  = %20d", side),
		fmt.Sprintf("NAXIS2  = %20d", side),
		"BUNIT   = 'DN      '",
		"END",
	} {
		fmt.Fprintf(&h, "%-80s", card)
	}
	fmt.Fprintf(&h, "%*s", fitsBlock-h.Len(), "")
	return h.Bytes()
}

// packer writes images as gzip FITS files.
type packer struct {
	fits [fitsSize]byte // the header stays, the pixels change
	gzip *gzip.Writer
	out  bytes.Buffer
}

// pack gives a file of its own for the caller to keep. The gzip header has no
// name and no time.
func (p *packer) pack(im *image) []byte {
	for i, pixel := range im {
		binary.BigEndian.PutUint32(p.fits[fitsBlock+4*i:], math.Float32bits(pixel))
	}
	p.out.Reset()
	p.gzip.Reset(&p.out)
	p.gzip.ModTime = time.Unix(0, 0) // written as 0; Go's zero time would not be
	// Writing to a bytes.Buffer cannot fail.
	_, _ = p.gzip.Write(p.fits[:])
	_ = p.gzip.Close()
	return bytes.Clone(p.out.Bytes())
}
