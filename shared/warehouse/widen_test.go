package warehouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bigqueryapi "google.golang.org/api/bigquery/v2"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
)

// query answers a query with a count, or refuses it, as the test says.
func (s *server) query(w http.ResponseWriter, r *http.Request) {
	var request bigqueryapi.QueryRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, request.Query)
	count, refusal := s.answer(request.Query)
	w.Header().Set("Content-Type", "application/json")
	if refusal != "" {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
			"code": http.StatusBadRequest, "message": "refused", "errors": []any{map[string]any{"reason": refusal, "message": "refused"}},
		}})
		return
	}
	response := &bigqueryapi.QueryResponse{JobComplete: true, JobReference: &bigqueryapi.JobReference{ProjectId: "p", JobId: "j"}}
	if strings.HasPrefix(request.Query, "SELECT") {
		response.TotalRows = 1
		response.Schema = &bigqueryapi.TableSchema{Fields: []*bigqueryapi.TableFieldSchema{{Name: "f0_", Type: "INTEGER"}}}
		response.Rows = []*bigqueryapi.TableRow{{F: []*bigqueryapi.TableCell{{V: fmt.Sprint(count)}}}}
	}
	_ = json.NewEncoder(w).Encode(response)
}

// results answers that a statement which has no rows is done.
func (s *server) results(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(&bigqueryapi.GetQueryResultsResponse{
		JobComplete: true, JobReference: &bigqueryapi.JobReference{ProjectId: "p", JobId: r.PathValue("job")},
	})
}

// widenColumn changes a table as ALTER COLUMN does.
func (s *server) widenColumn(table, name string) {
	t := s.tables[table]
	for _, f := range t.Schema.Fields {
		if f.Name == name {
			f.Type = schemas.Float
		}
	}
	s.put(table, t)
}

const (
	digitsQuery = "SELECT COUNTIF(`nid` NOT BETWEEN -9007199254740992 AND 9007199254740992) FROM `p.d.alerts`"
	widenQuery  = "ALTER TABLE `p.d.alerts` ALTER COLUMN `nid` SET DATA TYPE FLOAT64"
)

// withNid is the small table with a column that is INTEGER.
func withNid() schemas.Table {
	definition := small
	definition.Columns = append(slices.Clone(small.Columns), column("nid", schemas.Integer, schemas.Nullable))
	return definition
}

// TestCoverWidens has a field become a double, and another one new beside it.
func TestCoverWidens(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer = func(sql string) (int64, string) {
		if sql == widenQuery {
			s.widenColumn("alerts", "nid")
		}
		return 0, ""
	}
	table := s.table(t, withNid())
	s.serve(t)
	s.take()
	schema := schemaOf(t, fmt.Sprintf(optionalNumber, "nid"), fmt.Sprintf(optionalNumber, "drb"))
	if err := table.Cover(limited(t), schema, schemas.ZTF); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"GET", digitsQuery, widenQuery, "GET", "PATCH version-2"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if err := table.Append(limited(t), Row{Record: encodeRecord(t, schema, map[string]any{"objectId": "a", "nid": 1.5, "drb": 0.5})}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]map[string]any{{"objectId": "a", "nid": 1.5, "drb": 0.5}}, s.kept()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestCoverCannotWiden(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		key       []string
		field     string
		answer    func(s *server, sql string) (int64, string)
		calls     []string
		want      string
		permanent bool
	}{
		"an alert's key": {
			key: []string{"nid"}, calls: []string{"GET"}, permanent: true,
			want: "column nid is INTEGER in the table and FLOAT in the packet",
		},
		"another field changed beyond repair": {
			field: `{"name":"note","type":"double"}`, calls: []string{"GET"}, permanent: true,
			want: "column note is STRING in the table and FLOAT in the packet; column nid is INTEGER in the table and FLOAT in the packet",
		},
		"long integers": {
			answer: func(*server, string) (int64, string) { return 3, "" },
			calls:  []string{"GET", digitsQuery}, permanent: true, want: "widen nid: 3 of its integers are beyond 2^53",
		},
		"refused again and again": {
			answer: func(_ *server, sql string) (int64, string) {
				if sql == widenQuery {
					return 0, "invalidQuery"
				}
				return 0, ""
			},
			calls: slices.Repeat([]string{"GET", digitsQuery, widenQuery}, 1+refusals), permanent: true, want: "widen nid: ",
		},
		"refused while another does it": {
			answer: func(s *server, sql string) (int64, string) {
				if sql != widenQuery {
					return 0, ""
				}
				s.widenColumn("alerts", "nid")
				return 0, "invalidQuery"
			},
			calls: []string{"GET", digitsQuery, widenQuery, "GET"},
		},
		"not allowed, which may pass": {
			answer: func(*server, string) (int64, string) { return 0, "accessDenied" },
			calls:  []string{"GET", digitsQuery}, want: "count long integers",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.answer = func(sql string) (int64, string) { return c.answer(s, sql) }
			definition := withNid()
			definition.PrimaryKey = c.key
			table := s.table(t, definition)
			s.take()
			fields := []string{fmt.Sprintf(optionalNumber, "nid")}
			if c.field != "" {
				fields = append(fields, c.field)
			}
			schema := schemaOf(t, fields...)
			err := table.Cover(limited(t), schema, schemas.ZTF)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || event.IsPermanent(err) != c.permanent {
				t.Errorf("error is %v, want %q in it, permanent: %v", err, c.want, c.permanent)
			}
			if diff := cmp.Diff(c.calls, s.take()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if c.permanent { // and stays so without another look
				if again := table.Cover(limited(t), schema, schemas.ZTF); again == nil || len(s.take()) > 0 {
					t.Errorf("the next packet: %v, want the same refusal, and no call", again)
				}
			}
		})
	}
}

// TestRefusalIsLookedAtAgain has a person mend the table after a refusal.
func TestRefusalIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	schema := schemaOf(t, `{"name":"note","type":"double"}`)
	if err := table.Cover(limited(t), schema, schemas.ZTF); err == nil {
		t.Fatal("a double fits a text")
	}
	s.mu.Lock()
	s.widenColumn("alerts", "note")
	s.mu.Unlock()
	if err := table.Cover(limited(t), schema, schemas.ZTF); err == nil {
		t.Error("the refusal did not stand")
	}
	table.covered.Store(schema, coverage{refused: errors.New("of old"), at: time.Now().Add(-refusalStands)})
	if err := table.Cover(limited(t), schema, schemas.ZTF); err != nil {
		t.Error(err)
	}
}

// TestAppendToAWidenedTable has BigQuery refuse the rows of an instance that
// does not know yet what another has changed.
func TestAppendToAWidenedTable(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*server)
		again  bool
		calls  []string
	}{
		"widened": {func(s *server) { s.widenColumn("alerts", "nid") }, true, []string{"GET"}},
		"nothing": {func(*server) {}, false, []string{"GET"}},
		"a column is gone": {func(s *server) {
			table := s.tables["alerts"]
			table.Schema.Fields = table.Schema.Fields[:len(table.Schema.Fields)-1]
			s.put("alerts", table)
		}, false, []string{"GET"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			table := s.table(t, withNid())
			schema := schemaOf(t, `{"name":"nid","type":"int"}`)
			if err := table.Cover(limited(t), schema, schemas.ZTF); err != nil {
				t.Fatal(err)
			}
			s.take()
			s.mu.Lock()
			c.change(s)
			s.mu.Unlock()
			returned := start(t, table, Row{Record: encodeRecord(t, schema, map[string]any{"objectId": "a", "nid": int32(7)})})
			s.receive(t).refuse("the field nid could not be converted")
			if c.again {
				s.receive(t).accept()
			}
			err := <-returned
			if (err == nil) != c.again || event.IsPermanent(err) {
				t.Errorf("error is %v, want one that may pass: %v", err, !c.again)
			}
			if diff := cmp.Diff(c.calls, s.take()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			want := []map[string]any{{"objectId": "a", "nid": 7.0}}
			if !c.again {
				want = []map[string]any{}
			}
			if diff := cmp.Diff(want, append([]map[string]any{}, s.kept()...)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if _, known := table.covered.Load(schema); known != (name != "a column is gone") {
				t.Errorf("the schema is known to be covered: %v", known)
			}
		})
	}
}

func TestTypeText(t *testing.T) {
	t.Parallel()
	got := typeText(column("candidate", schemas.Record, schemas.Nullable,
		column("candid", schemas.Integer, schemas.Required), column("jd", schemas.Float, schemas.Nullable),
		column("flags", schemas.Boolean, schemas.Repeated), column("at", schemas.Timestamp, schemas.Nullable),
		column("prv", schemas.Record, schemas.Repeated, column("when", schemas.Date, schemas.Nullable))))
	const want = "STRUCT<`candid` INT64 NOT NULL, `jd` FLOAT64, `flags` ARRAY<BOOL>, `at` TIMESTAMP, `prv` ARRAY<STRUCT<`when` DATE>>>"
	if got != want {
		t.Errorf("type is %s, want %s", got, want)
	}
}
