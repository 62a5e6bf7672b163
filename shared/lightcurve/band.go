package lightcurve

import (
	"cmp"
	"strings"
)

// wavelengthOrder are the bands from blue to red.
const wavelengthOrder = "ugrizy"

// compareBands orders bands from blue to red, and others after them by name.
func compareBands(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func rank(band string) int {
	if i := strings.Index(wavelengthOrder, band); i >= 0 && len(band) == 1 {
		return i
	}
	return len(wavelengthOrder)
}
