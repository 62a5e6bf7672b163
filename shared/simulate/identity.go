package simulate

import (
	"fmt"
	"time"
)

// nightZeroJD is the Julian date at which ZTF's night numbers start.
const nightZeroJD = 2457754.5

// Object names are ZTF, two digits of the year of the first detection, and
// seven letters.
const (
	objectNames = 26 * 26 * 26 * 26 * 26 * 26 * 26
	nameStride  = 1_103_515_245 // shares no factor with objectNames
)

// objectName names the object at an index of the night. Stepping through the
// names with a stride that shares no factor with their number never repeats
// one, in this night or in another of the same seed.
func (n *Night) objectName(index int, firstJD float64) string {
	k := uint64(n.nid)*MostAlerts + uint64(index)
	k = (k%objectNames*nameStride + n.firstID) % objectNames
	name := []byte("ZTF00aaaaaaa")
	year := dateOf(firstJD).Year() % 100
	name[3], name[4] = byte('0'+year/10), byte('0'+year%10)
	for i := len(name) - 1; i >= 5; i-- {
		name[i] = byte('a' + k%26)
		k /= 26
	}
	return string(name)
}

// processingID is ZTF's pid: night, time of day in units of 1e-5 d, readout
// channel, and 15 for an image of the sky.
func processingID(nid int, dayFraction float64, readout int32) int64 {
	return (int64(nid)*100_000+int64(dayFraction*1e5))*10_000 + int64(readout)*100 + 15
}

// candidateID is ZTF's candid: the pid, and the number of the source in its
// image.
func candidateID(pid int64, rank int16) int64 { return pid*1_000_000 + 15_000 + int64(rank) }

// imageName is the name of the difference image of a frame.
func imageName(f *frame) string {
	micro := int64(f.fraction * 1e6)
	return fmt.Sprintf("ztf_%s%06d_%06d_z%c_c%02d_o_q%d_scimrefdiffimg.fits",
		dateOf(f.jd).Format("20060102"), micro, f.fieldID, "?gri"[f.fid], f.readout/4+1, f.readout%4+1)
}

// archivedName is where the archive keeps that image; histories name it so.
func archivedName(f *frame) string {
	return fmt.Sprintf("/ztf/archive/sci/%s/%06d/%s.fz",
		dateOf(f.jd).Format("2006/0102"), int64(f.fraction*1e6), imageName(f))
}

// panStarrsID is an object ID of the PS1 catalogue: the declination zone, the
// right ascension in microdegrees, and four more digits.
func panStarrsID(ra, dec float64, tail int) int64 {
	zone := int64((dec + 90) * 120)
	return zone*10_000_000_000_000 + int64(ra*1e6)*10_000 + int64(tail)
}

func dateOf(jd float64) time.Time {
	return time.Unix(int64((jd-unixEpochJD)*86400+0.5), 0).UTC()
}
