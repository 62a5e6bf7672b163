// Tables writes the tables and views of each survey as JSON, for terraform,
// which does not read Go. What enters is the package schemas; what leaves are
// the files ztf.json and lsst.json beside this one, which modules/stream reads.
// go generate in the folder above is the caller, and a test says when it has
// been forgotten.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nightwire.dev/schemas"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Usage: tables FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

// surveys are those that have tables.
var surveys = []string{schemas.ZTF, schemas.LSST}

func write(folder string) error {
	for _, survey := range surveys {
		text, err := encode(survey)
		if err != nil {
			return fmt.Errorf("tables of %s: %w", survey, err)
		}
		if err := os.WriteFile(filepath.Join(folder, survey+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// catalogue is one survey's tables and views.
type catalogue struct {
	Tables []table `json:"tables"`
	Views  []view  `json:"views"`
}

type table struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	PartitionBy string   `json:"partitionBy"`
	ClusterBy   []string `json:"clusterBy"`
	Schema      []column `json:"schema"`
}

// column is BigQuery's own form of a column.
type column struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Mode        string   `json:"mode"`
	Description string   `json:"description,omitempty"`
	Fields      []column `json:"fields,omitempty"`
}

type view struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Query       string `json:"query"`
	OverViews   bool   `json:"overViews"` // it asks another view, which must be there before it
}

// encode writes a survey's tables and views, a line a column.
func encode(survey string) ([]byte, error) {
	var c catalogue
	for _, t := range schemas.Tables(survey) {
		c.Tables = append(c.Tables, table{
			Name: t.Name, Description: t.Description, PartitionBy: t.PartitionBy,
			ClusterBy: slices.Clone(t.ClusterBy), Schema: columns(t.Columns),
		})
	}
	all := schemas.Views(survey)
	depths := depths(all)
	for i, v := range all {
		if depths[i] > 1 {
			return nil, fmt.Errorf("view %s stands on views that stand on views: terraform makes them in two steps", v.Name)
		}
		c.Views = append(c.Views, view{Name: v.Name, Description: v.Description, Query: v.Query, OverViews: depths[i] == 1})
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(c)
	return text.Bytes(), err
}

func columns(from []schemas.Column) []column {
	var to []column
	for _, c := range from {
		to = append(to, column{Name: c.Name, Type: c.Type, Mode: c.Mode, Description: c.Description, Fields: columns(c.Fields)})
	}
	return to
}

// depths says for each view how many layers of views lie under it.
func depths(views []schemas.View) []int {
	depths := make([]int, len(views))
	// A view stands behind those that it asks, so one walk settles all.
	for i, v := range views {
		for j, below := range views[:i] {
			if strings.Contains(v.Query, "`{dataset}."+below.Name+"`") {
				depths[i] = max(depths[i], depths[j]+1)
			}
		}
	}
	return depths
}
