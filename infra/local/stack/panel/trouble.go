package panel

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// trouble is one line of a log that says that something went wrong.
type trouble struct {
	Process  string    `json:"-"`
	Severity string    `json:"severity"`
	Time     time.Time `json:"time"`
	Message  string    `json:"message"`
	Error    string    `json:"error"`
	Function string    `json:"function"`
	Candid   string    `json:"candid"`
	Times    int       `json:"-"` // that the same was said, one after the other
}

// tail is how much of the end of a log is read.
const tail = 64 << 10

// shownTroubles is how many lines are shown.
const shownTroubles = 12

// troubles reads the last errors and warnings of all logs, newest first.
func troubles(folder string) []trouble {
	files, _ := filepath.Glob(filepath.Join(folder, "*.log"))
	var all []trouble
	for _, file := range files {
		all = append(all, troublesOf(file)...)
	}
	slices.SortStableFunc(all, func(a, b trouble) int { return b.Time.Compare(a.Time) })
	return all[:min(len(all), shownTroubles)]
}

// troublesOf reads the end of one log. Lines that are the same but for the alert
// are one, with the time of the last.
func troublesOf(file string) []trouble {
	text, err := end(file)
	if err != nil {
		return nil // gone, or not there yet
	}
	var all []trouble
	for line := range bytes.Lines(text) {
		t := trouble{Times: 1, Process: strings.TrimSuffix(filepath.Base(file), ".log")}
		if json.Unmarshal(line, &t) != nil || t.Severity != "ERROR" && t.Severity != "WARNING" {
			continue
		}
		if n := len(all); n > 0 && all[n-1].Message == t.Message && all[n-1].Function == t.Function {
			t.Times = all[n-1].Times + 1
			all = all[:n-1]
		}
		all = append(all, t)
	}
	return all
}

// end reads the last whole lines of a file.
func end(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(max(size-tail, 0), io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, tail))
	if size > tail {
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	return text, err
}
