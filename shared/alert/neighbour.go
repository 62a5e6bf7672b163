package alert

// NeighbourKind says what a catalogued neighbour of a detection is.
type NeighbourKind string

// The kinds of neighbours.
const (
	Star        NeighbourKind = "star"
	Galaxy      NeighbourKind = "galaxy"
	SolarSystem NeighbourKind = "solar-system"
	Unresolved  NeighbourKind = "unknown" // catalogued, and of no known kind
)

// Neighbour is a catalogued object near a detection on the sky, as the survey
// found it.
type Neighbour struct {
	Kind      NeighbourKind
	SepArcsec float64
}
