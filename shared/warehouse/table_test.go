package warehouse

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	bigqueryapi "google.golang.org/api/bigquery/v2"
	"nightwire.dev/schemas"
)

func TestTableIsMade(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.table(t, small)
	if diff := cmp.Diff([]string{"GET", "POST"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s.mu.Lock()
	made := s.tables["alerts"]
	s.mu.Unlock()
	want := []any{"Alerts.", "night", "DAY", []string{"objectId"}, "REQUIRED"}
	got := []any{made.Description, made.TimePartitioning.Field, made.TimePartitioning.Type, made.Clustering.Fields, made.Schema.Fields[0].Mode}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"objectId STRING", "note STRING", "night DATE"}, s.columns("alerts")); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestTableIsThere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.table(t, small)
	s.take()
	w := s.open(t)
	var opened sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			table, err := w.Table(limited(t), small)
			if err != nil {
				t.Error(err)
			}
			opened.Store(table, true)
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"GET"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	count := 0
	opened.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d tables were opened, want one for all", count)
	}
}

// TestTableIsMadeByAnother has another instance make the table between our
// look and our call.
func TestTableIsMadeByAnother(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.before["POST"] = func() {
		s.put("alerts", &bigqueryapi.Table{Schema: &bigqueryapi.TableSchema{Fields: []*bigqueryapi.TableFieldSchema{
			{Name: "objectId", Type: "STRING", Mode: "REQUIRED"}, {Name: "night", Type: "DATE"},
		}}})
	}
	s.table(t, small)
	if diff := cmp.Diff([]string{"GET", "POST", "GET", "PATCH version-1"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"objectId STRING", "night DATE", "note STRING"}, s.columns("alerts")); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

// TestRowsFollowTheTablesOrder opens a table that has its columns in another
// order than the definition, and one more.
func TestRowsFollowTheTablesOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("alerts", &bigqueryapi.Table{Schema: &bigqueryapi.TableSchema{Fields: []*bigqueryapi.TableFieldSchema{
		{Name: "added_by_hand", Type: "FLOAT"}, {Name: "night", Type: "DATE"}, {Name: "note", Type: "STRING"}, {Name: "objectId", Type: "STRING", Mode: "REQUIRED"},
	}}})
	table := s.table(t, small)
	s.serve(t)
	if err := table.Append(limited(t), Row{Values: Values{"objectId": "a", "note": "b", "night": "1970-01-02"}}); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{"objectId": "a", "note": "b", "night": int64(1)}}
	if diff := cmp.Diff(want, s.kept()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestTableOfAnotherShape(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put("alerts", &bigqueryapi.Table{Schema: &bigqueryapi.TableSchema{Fields: []*bigqueryapi.TableFieldSchema{{Name: "objectId", Type: "INTEGER"}}}})
	_, err := s.open(t).Table(limited(t), small)
	var refused *SchemaError
	if !errors.As(err, &refused) || refused.Conflicts[0].Path != "objectId" {
		t.Errorf("error is %v, want a *SchemaError of objectId", err)
	}
}

func TestColumnsRoundTrip(t *testing.T) {
	t.Parallel()
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		for _, table := range schemas.Tables(survey) {
			t.Run(survey+" "+table.Name, func(t *testing.T) {
				t.Parallel()
				got := fromBigQuery(toBigQuery(table.Columns))
				if diff := cmp.Diff(table.Columns, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("columns (-want +got):\n%s", diff)
				}
			})
		}
	}
}
