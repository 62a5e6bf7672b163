package cost

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed measured.json
var measuredJSON []byte

// Measured is what was measured of the system on a synthetic night of ZTF. Bytes
// of messages are as Pub/Sub counts them, bytes of rows as BigQuery does.
type Measured struct {
	About string `json:"about"`
	On    string `json:"on"` // the day, YYYY-MM-DD

	History       float64 `json:"history"`        // entries of an alert's history
	Filters       int     `json:"filters"`        // that are built in
	MatchFraction float64 `json:"match_fraction"` // of the alerts, that one of them chooses on average
	FitFraction   float64 `json:"fit_fraction"`   // of the alerts, that are fitted
	PlotFraction  float64 `json:"plot_fraction"`  // of the fits, that are plotted

	Messages Messages `json:"messages"`
	Rows     Rows     `json:"rows"`
	Files    Files    `json:"files"`
	CPU      CPU      `json:"cpu"`

	// Scans are the bytes that each query of the library reads, an alert of the
	// night.
	Scans map[string]float64 `json:"scans"`
}

// Messages are bytes of messages, with their attributes, time and number.
type Messages struct {
	RawExtra     float64 `json:"raw_extra"`    // what a raw message has besides the packet
	Notification float64 `json:"notification"` // the bucket's, of a new file
	Match        float64 `json:"match"`        // the alert's record as JSON without its history, and why it was chosen
	MatchEntry   float64 `json:"match_entry"`  // what it has more for each entry that alerts have on average
	MatchThin    float64 `json:"match_thin"`   // the same without the record
}

// Rows are bytes of rows.
type Rows struct {
	Alert      float64 `json:"alert"`       // of alerts_stream, without the histories
	Entry      float64 `json:"entry"`       // what a row has more for each entry of the history
	Ledger     float64 `json:"ledger"`      // of the ledger
	Evaluation float64 `json:"evaluation"`  // of evaluations
	Match      float64 `json:"match"`       // of filter_matches
	Fit        float64 `json:"fit"`         // of supernova_fits and transient_fits together
	LSSTAlert  float64 `json:"lsst_alert"`  // of LSST's alerts_stream, if no field were null
	LSSTEntry  float64 `json:"lsst_entry"`  // and of an entry of its history
	LSSTHeader float64 `json:"lsst_header"` // that the archive puts before a record that came without
}

// Files are bytes of small files, and how well large ones pack.
type Files struct {
	Claim   float64 `json:"claim"`
	Plot    float64 `json:"plot"`
	Tarball float64 `json:"tarball"` // a compressed byte for each byte of the files in it
}

// CPU is processor time in milliseconds.
type CPU struct {
	Event float64 `json:"event"` // of one event in a function
	Fit   float64 `json:"fit"`   // more, of a fit with its plot
}

// Measurements are those that the program comes with.
func Measurements() (*Measured, error) {
	m := &Measured{}
	if err := json.Unmarshal(measuredJSON, m); err != nil {
		return nil, fmt.Errorf("read measurements: %w", err)
	}
	return m, nil
}
